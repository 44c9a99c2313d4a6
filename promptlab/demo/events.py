"""What was observed, as the events of SDK 2's batches.

Every id follows from a namespace and the words that name the thing, so that the same story makes the same ids.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from promptlab.demo import model

Event = dict[str, Any]


class Ids:
    """Ids of one project's demo: the same words, the same id."""

    def __init__(self, project_id: str) -> None:
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"promptlab:demo:{project_id}")

    def of(self, *words: str) -> str:
        return str(uuid.uuid5(self._namespace, "\n".join(words)))


class Observed:
    """One trace and what is in it; `events` grows as it is told."""

    def __init__(self, ids: Ids, trace_id: str, start: datetime) -> None:
        self.trace_id = trace_id
        self.start = start
        self.events: list[Event] = []
        self._ids = ids

    def trace(self, **fields: Any) -> None:
        about = {"release": "demo", "tags": ["capitals"], "metadata": model.LABEL, "timestamp": stamp(self.start)}
        self._add("trace-create", {"id": self.trace_id, **about, **fields}, self.start)

    def generation(
        self,
        messages: model.Messages,
        answer: model.Answer | model.Unknown,
        *,
        inside: str | None = None,
        **fields: Any,
    ) -> datetime:
        """The model's call and what came of it. Gives back when it ended."""
        came: dict[str, Any]
        if isinstance(answer, model.Answer):
            end = self.start + timedelta(seconds=answer.seconds)
            usage = {"input": answer.input_tokens, "output": answer.output_tokens}
            came = {"output": answer.text, "usageDetails": usage}
        else:
            end = self.start + timedelta(seconds=1.2)
            came = {"level": "ERROR", "statusMessage": str(answer)}
        body = {
            "id": self._ids.of("generation", self.trace_id),
            "traceId": self.trace_id,
            "parentObservationId": self.span_id(inside) if inside else None,
            "name": model.NAME,
            "model": model.NAME,
            "modelParameters": {"temperature": 0},
            "input": messages,
            "metadata": model.LABEL,
            "startTime": stamp(self.start + timedelta(milliseconds=4)),
            "endTime": stamp(end),
        }
        self._add("generation-create", body | came | fields, end)
        return end

    def span(self, name: str, start: datetime, end: datetime, **fields: Any) -> None:
        times = {"startTime": stamp(start), "endTime": stamp(end)}
        self._add(
            "span-create", {"id": self.span_id(name), "traceId": self.trace_id, "name": name, **times, **fields}, end
        )

    def span_id(self, name: str) -> str:
        return self._ids.of("span", self.trace_id, name)

    def score(self, name: str, value: float | str, **fields: Any) -> None:
        body = {"id": self._ids.of("score", self.trace_id, name), "traceId": self.trace_id, "name": name}
        self._add("score-create", body | {"value": value} | fields, self.start)

    def _add(self, kind: str, body: Event, at: datetime) -> None:
        event_id = self._ids.of("event", kind, body["id"])
        self.events.append({"id": event_id, "type": kind, "timestamp": stamp(at), "body": body})


def stamp(at: datetime) -> str:
    """RFC 3339 with milliseconds, as SDKs write it. `at` is in UTC."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
