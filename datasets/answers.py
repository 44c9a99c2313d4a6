"""What happened to the items of runs: outputs, scores, latency and cost, read from the store in a few queries."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from datasets.decided import counting
from datasets.models import DatasetRun, DatasetRunItem
from tracing.records import JsonText, Observation, Score, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, ScoreQuery, TraceQuery

# Ids per question to the store: bounds the length of a statement, not what a page may hold.
CHUNK = 1000
# The source of a score that clients and PromptLab computed, where the two are one column (`datasets.joining`).
COMPUTED = "COMPUTED"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, order=True)
class ScoreKey:
    """Scores that may be averaged together: one name, given by the same kind of judge, of one type."""

    name: str
    source: str
    data_type: str

    @property
    def text(self) -> str:
        """For addresses: `name|source|type`."""
        return f"{self.name}|{self.source}|{self.data_type}"

    @property
    def may_be_judges(self) -> bool:
        """Whether a model may have given them: PromptLab's own evaluators, alone or joined with others."""
        return self.source in ("EVAL", COMPUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One run item with what is known of it. `arrived` is False while its trace is not there.

    `latency` in seconds, `cost` in dollars. `output`, `input` and `metadata` only where bodies were asked for.
    """

    link: DatasetRunItem
    arrived: bool = False
    failed: bool = False
    status: str = ""
    latency: float | None = None
    cost: float | None = None
    tokens: int | None = None
    level: str = "DEFAULT"
    environment: str = "default"
    started: datetime | None = None
    ended: datetime | None = None
    output_preview: str = ""
    output: JsonText | None = None
    input: JsonText | None = None
    metadata: JsonText | None = None
    scores: dict[ScoreKey, list[Score]] = field(default_factory=dict)

    @property
    def item_id(self) -> str:
        return self.link.item_id

    @property
    def unpriced(self) -> bool:
        """Whether tokens were spent whose price nobody knows."""
        return self.cost is None and bool(self.tokens)

    def value(self, key: ScoreKey) -> float | None:
        """The mean of this answer's numeric scores under a key that count (a decision goes before single people)."""
        values = [score.value for score in counting(self.scores.get(key, ())) if score.value is not None]
        return math.fsum(values) / len(values) if values else None


def links_of(runs: Sequence[DatasetRun]) -> dict[int, list[DatasetRunItem]]:
    """The run items of several runs by the runs' keys, oldest first."""
    found: dict[int, list[DatasetRunItem]] = {run.pk: [] for run in runs}
    for row in DatasetRunItem.objects.filter(run__in=runs).order_by("created_at", "id"):
        found[row.run_id].append(row)
    return found


def read_answers(
    project_id: str, links: Sequence[DatasetRunItem], shared: Collection[str] | None = None
) -> list[Answer]:
    """The answers behind run items, in their order: traces, observations and scores in one question each per 1,000.

    Give `shared` (see `shared_traces`) where the links are only some of a run's.
    """
    trace_ids = list(dict.fromkeys(link.trace_id for link in links))
    observation_ids = list(dict.fromkeys(link.observation_id for link in links if link.observation_id))
    traces = {trace.id: trace for chunk in _chunks(trace_ids) for trace in _traces(project_id, chunk, bodies=False)}
    observations = {
        one.id: one for chunk in _chunks(observation_ids) for one in _observations(project_id, chunk, bodies=False)
    }
    scores: dict[str, list[Score]] = defaultdict(list)
    for chunk in _chunks(trace_ids):
        for score in store().scores(ScoreQuery(project_id=project_id, trace_ids=tuple(chunk), window=None)).rows:
            scores[score.trace_id or ""].append(score)
    if shared is None:
        shared = shared_traces(links)
    costs = _subtree_costs(project_id, {link.trace_id for link in links if link.trace_id in shared})
    return [
        _answer(
            link,
            traces.get(link.trace_id),
            observations.get(link.observation_id),
            scores[link.trace_id],
            costs.get(link.observation_id) if link.trace_id in shared else None,
            shared=link.trace_id in shared,
        )
        for link in links
    ]


def shared_traces(links: Sequence[DatasetRunItem]) -> set[str]:
    """The traces that hold several answers of a run, as when all items are run below one span: what such a trace cost
    is the cost of none of them alone."""
    times = Counter((link.run_id, link.trace_id) for link in links)
    return {trace_id for (_, trace_id), n in times.items() if n > 1}


def with_bodies(project_id: str, answers: Sequence[Answer]) -> list[Answer]:
    """The same answers with whole inputs and outputs: for the few that a page shows."""
    trace_ids = [answer.link.trace_id for answer in answers if not answer.link.observation_id]
    observation_ids = [answer.link.observation_id for answer in answers if answer.link.observation_id]
    bodies: dict[tuple[str, str], Trace | Observation] = {}
    for chunk in _chunks(trace_ids):
        bodies |= {("trace", trace.id): trace for trace in _traces(project_id, chunk, bodies=True)}
    for chunk in _chunks(observation_ids):
        bodies |= {("observation", one.id): one for one in _observations(project_id, chunk, bodies=True)}
    return [_with_body(answer, bodies) for answer in answers]


def score_keys(answers: Sequence[Answer]) -> list[ScoreKey]:
    """The kinds of scores that occur, by name."""
    return sorted({key for answer in answers for key in answer.scores}, key=lambda key: (key.name.lower(), key.source))


def _with_body(answer: Answer, bodies: dict[tuple[str, str], Trace | Observation]) -> Answer:
    link = answer.link
    found = bodies.get(("observation", link.observation_id) if link.observation_id else ("trace", link.trace_id))
    return replace(answer, output=found.output, input=found.input, metadata=found.metadata) if found else answer


def _answer(
    link: DatasetRunItem,
    trace: Trace | None,
    observation: Observation | None,
    scores: Sequence[Score],
    subtree_cost: float | None,
    *,
    shared: bool,
) -> Answer:
    judged: dict[ScoreKey, list[Score]] = defaultdict(list)
    for score in scores:
        if _judges(score, link, shared):
            judged[_key(score.name, score.source, score.data_type)].append(score)
    told: Trace | Observation | None = observation if link.observation_id else trace
    if told is None:
        return Answer(link=link, scores=dict(judged))
    if isinstance(told, Observation):
        status, started, ended = told.status_message or "", told.start_time, told.end_time
    else:
        status, started = "", told.timestamp
        ended = started + timedelta(seconds=told.latency) if told.latency is not None else None
    whole = trace if not shared else None
    return Answer(
        link=link,
        arrived=True,
        failed=told.level == "ERROR",
        status=status,
        latency=told.latency,
        cost=subtree_cost if shared else whole.total_cost if whole else None,
        tokens=whole.total_tokens if whole else None,
        level=told.level,
        environment=told.environment,
        started=started,
        ended=ended,
        output_preview=told.output_preview,
        scores=dict(judged),
    )


@lru_cache(maxsize=1024)
def _key(name: str, source: str, data_type: str) -> ScoreKey:
    """One object per key: looked up by the thousand, the same object is found without comparing its texts."""
    return ScoreKey(name, source, data_type)


def _judges(score: Score, link: DatasetRunItem, shared: bool) -> bool:
    """Whether a score of the trace is about this answer: in a trace of its own every score but those of other steps."""
    if score.observation_id is None or score.observation_id == link.observation_id:
        return True
    return not link.observation_id and not shared


def _traces(project_id: str, ids: Sequence[str], *, bodies: bool) -> Sequence[Trace]:
    query = TraceQuery(project_id=project_id, ids=tuple(ids), window=Cursor(limit=len(ids)), with_bodies=bodies)
    return store().traces(query).rows


def _observations(project_id: str, ids: Sequence[str], *, bodies: bool) -> Sequence[Observation]:
    query = ObservationQuery(project_id=project_id, ids=tuple(ids), window=Cursor(limit=len(ids)), with_bodies=bodies)
    return store().observations(query).rows


def _subtree_costs(project_id: str, trace_ids: set[str]) -> dict[str, float]:
    """What each observation of some traces cost with everything below it; only those that cost something."""
    costs: dict[str, float] = defaultdict(float)
    for trace_id in sorted(trace_ids):
        inside = list(_all_observations(project_id, trace_id))
        parents = {one.id: one.parent_observation_id for one in inside}
        for one in inside:
            if one.total_cost is None:
                continue
            here: str | None = one.id
            seen: set[str] = set()
            while here is not None and here not in seen:
                costs[here] += one.total_cost
                seen.add(here)
                here = parents.get(here)
    return dict(costs)


def _all_observations(project_id: str, trace_id: str) -> Iterator[Observation]:
    after: str | None = ""
    while after is not None:
        window = Cursor(after, CHUNK)
        page = store().observations(ObservationQuery(project_id=project_id, trace_ids=(trace_id,), window=window))
        yield from page.rows
        after = page.next_cursor


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
