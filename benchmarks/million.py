"""A house with a million observations in it: loaded once, through the doors, and kept when asked.

Forty days, oldest first, as a running installation would have received them: 100 spans a request, then scores on half
of the traces, then one trace of 5,000 observations in 50 requests.
"""

import json
import random
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks import bodies, ingest
from benchmarks.connections import Target, drive
from benchmarks.house import House
from benchmarks.stories import story

DAYS = 40
LARGE_TRACE = 5_000
SCORES_A_REQUEST = 300
TEMPLATES = 200
SEED = 7
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a house holds; written beside its databases."""

    observations: int
    traces: int
    scores: int
    sent: int  # bytes of OTLP before compression
    stored: int  # bytes on disk that came with them
    seconds: float
    large: str  # the id of the trace of 5,000 observations
    some: list[str]  # ids of usual ones


def loaded(house: House, target: Target, observations: int) -> Loaded:
    """What the running house holds; loads it first unless it was kept from an earlier run."""
    note = house.data / "loaded.json"
    if note.exists():
        found = Loaded(**json.loads(note.read_text()))
        if found.observations < observations:
            sys.exit(f"{house.data} holds {found.observations:,} observations; {observations:,} need another folder.")
        return found
    if ingest.count(target):
        sys.exit(f"{house.data} holds traces, but was not loaded to the end. Delete it or name another folder.")
    found = load(house, target, observations)
    note.write_text(json.dumps(asdict(found)))
    return found


def load(house: House, target: Target, observations: int) -> Loaded:
    chance = random.Random(SEED)
    templates = ingest.otlp_templates(chance, min(TEMPLATES, max(1, observations // 500)))
    requests = max(1, (observations - LARGE_TRACE) // templates[0].units)
    first = time.time() - DAYS * 86_400
    apart = DAYS * 86_400 / requests
    known: list[tuple[str, float]] = []
    sent, done = 0, 0
    empty, started = house.bytes_on_disk(), time.perf_counter()

    def following() -> bytes | None:
        nonlocal sent, done
        if done == requests:
            return None
        template, trace_part = templates[done % len(templates)], chance.randbytes(8)
        # Not later than a while ago: nobody ends in the future.
        at = min(first + (done + chance.random()) * apart, time.time() - 100)
        body = template.fresh(trace_part, chance.randbytes(4), at)
        sent, done = sent + len(body), done + 1
        known.extend((bodies.trace_id(trace_part, number), at) for number in range(template.traces))
        if done % 1000 == 0:
            speed = done * template.units / (time.perf_counter() - started)
            print(f"  {done * template.units:,} loaded, {speed:,.0f} a second", file=sys.stderr, flush=True)
        return target.request("POST", ingest.OTLP, ingest.PROTOBUF, body)

    drive(target, CONNECTIONS, following)
    large, more = _large(target, chance)
    sent += more
    elapsed = time.perf_counter() - started
    stored = house.bytes_on_disk() - empty
    scores = _scores(target, chance, known)
    total = requests * templates[0].units + LARGE_TRACE
    some = [id for id, _ in chance.sample(known, min(200, len(known)))]
    return Loaded(total, len(known) + 1, scores, sent, stored, elapsed, large, some)


def _large(target: Target, chance: random.Random) -> tuple[str, int]:
    """One trace of many observations, as many requests; its id and the bytes sent."""
    whole = story(chance, LARGE_TRACE)
    trace_part, span_part, at = chance.randbytes(8), chance.randbytes(4), time.time() - 3 * 86_400
    sent = [
        bodies.otlp([whole], only=range(start, start + 100)).fresh(trace_part, span_part, at)
        for start in range(0, LARGE_TRACE, 100)
    ]
    waiting = iter(sent)
    drive(
        target,
        1,
        lambda: (
            target.request("POST", ingest.OTLP, ingest.PROTOBUF, body)
            if (body := next(waiting, None)) is not None
            else None
        ),
    )
    return bodies.trace_id(trace_part, 0), sum(map(len, sent))


def _scores(target: Target, chance: random.Random, known: list[tuple[str, float]]) -> int:
    """Numbers on three traces of ten, yes or no on one, words on one; how many in all."""
    judged = []
    for id, at in known:
        which = chance.random()
        if which >= 0.5:
            continue
        score: dict[str, object] = {
            "id": f"score-{id}",
            "traceId": id,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at + 60)),
        }
        if which < 0.3:
            score |= {"name": "quality", "dataType": "NUMERIC", "value": round(chance.betavariate(5, 2), 3)}
        elif which < 0.4:
            score |= {"name": "helpful", "dataType": "BOOLEAN", "value": int(chance.random() < 0.8)}
        else:
            word = chance.choice(("warm", "neutral", "neutral", "cold", "rude"))
            score |= {"name": "tone", "dataType": "CATEGORICAL", "value": word}
        judged.append(score)
    batches = iter(range(0, len(judged), SCORES_A_REQUEST))
    headers = {"Content-Type": "application/json"}

    def following() -> bytes | None:
        start = next(batches, None)
        if start is None:
            return None
        body = bodies.scores(judged[start : start + SCORES_A_REQUEST])
        return target.request("POST", "ingestion", headers, body)

    drive(target, CONNECTIONS, following)
    return len(judged)
