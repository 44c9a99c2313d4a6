"""How a request asks for trouble: by the header `X-Fault`, or by its model's name after a `+`.

    X-Fault: fault=429                    every such request is refused with Retry-After
    gpt-4o-mini+latency=200               answers after 200 ms
    gpt-4o-mini+fault=500*2               the first two requests fail, the third one is answered
    gpt-4o-mini+fault=429+retry-after=0   several at once

    gpt-4o-mini+pause=100+fault=cut       a slow stream that breaks off
    gpt-4o-mini+lacks=json_schema,tools   a provider that refuses requests with these

Faults: `400`, `401`, `402`, `403`, `404`, `429`, `500`, `502`, `503`, `hang` (answers nothing, for at most a minute),
`cut` (drops the connection in the middle of the body), `json` (a 200 whose body is not JSON), `empty` (a 200 without
choices), `schema` (JSON that does not keep to the schema asked for), `redirect`, `html` (an error page), `unfinished`
(a stream that ends in the middle without breaking). `pause` is waited for before each chunk of a stream, in
milliseconds. What can be lacked: `json_schema`, `json_object`, `tools`, `stream`, `stream_options`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from threading import Lock

STATUSES = frozenset({"400", "401", "402", "403", "404", "429", "500", "502", "503"})
KINDS = STATUSES | {"hang", "cut", "json", "empty", "schema", "redirect", "html", "unfinished"}

_FAULT = re.compile(r"fault=(\w+?)(?:\*(\d+))?(?:\+|$)")
_LATENCY = re.compile(r"latency=(\d+)")
_PAUSE = re.compile(r"pause=(\d+)")
_LACKS = re.compile(r"lacks=([a-z_,]+)")
_RETRY_AFTER = re.compile(r"retry-after=(\d+)")


@dataclass(frozen=True)
class Orders:
    """What a request wants done to it. `fault` is empty for none; times in seconds."""

    fault: str = ""
    latency: float = 0.0
    pause: float = 0.0
    retry_after: int = 1
    lacks: frozenset[str] = frozenset()


class Faults:
    """Reads the orders of requests and counts how often each was carried out."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._lock = Lock()

    def orders(self, text: str) -> Orders:
        """`text` is the header and the model's name, joined by `+`. An unknown fault is a ValueError."""
        latency, pause, retry_after = _LATENCY.search(text), _PAUSE.search(text), _RETRY_AFTER.search(text)
        lacks = _LACKS.search(text)
        return Orders(
            fault=self._due(text),
            latency=int(latency[1]) / 1000 if latency else 0.0,
            pause=int(pause[1]) / 1000 if pause else 0.0,
            retry_after=int(retry_after[1]) if retry_after else 1,
            lacks=frozenset(lacks[1].split(",")) if lacks else frozenset(),
        )

    def _due(self, text: str) -> str:
        found = _FAULT.search(text)
        if found is None:
            return ""
        kind, times = found[1], found[2]
        if kind not in KINDS:
            raise ValueError(f"Unknown fault {kind!r}; known are {', '.join(sorted(KINDS))}.")
        if times is None:
            return kind
        with self._lock:
            self._spent[text] += 1
            return kind if self._spent[text] <= int(times) else ""
