"""The seam to where measured rows stand: a narrow interface over frozen query values.

Grow the queries, not the interface. Every call names its project; no store answers across projects. Results are
records or a `Page`; no QuerySet leaves a store. Identity is (project, id).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from tracing.filters import Filter
from tracing.records import Changes, Observation, Score, Session, Trace, TraceDetail

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Numbered:
    """Pages with numbers and a total, as the older public API wants them. `page` counts from 1."""

    page: int = 1
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """Pages that continue after an opaque position; no total, no COUNT. `after=""` is the beginning."""

    after: str = ""
    limit: int = 50
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page. `total` only for `Numbered`; `next_cursor` None at the end."""

    rows: tuple[Row, ...]
    total: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceQuery:
    """Traces of a project. `order` is (column, "asc"|"desc") with a column of `tracing.filters.TRACE_COLUMNS`.

    `filters` are ANDed. `search` looks into name, id, user, session, and (where `search_bodies`) input and output.
    """

    project_id: str
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_bodies: bool = False
    order: tuple[str, Literal["asc", "desc"]] = ("timestamp", "desc")
    window: Numbered | Cursor = field(default_factory=Cursor)
    ids: tuple[str, ...] | None = None
    with_bodies: bool = False
    # False: neither bodies nor previews, and no text is read.
    with_texts: bool = True
    # The ids of each trace's observations and scores, as the list answer of the API carries them.
    with_ids: bool = False
    # The place of each observation in its trace: what a tree is made of.
    with_outline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationQuery:
    """Observations of a project; `order` by a column of `tracing.filters.OBSERVATION_COLUMNS`."""

    project_id: str
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_bodies: bool = False
    order: tuple[str, Literal["asc", "desc"]] = ("startTime", "desc")
    window: Numbered | Cursor = field(default_factory=Cursor)
    ids: tuple[str, ...] | None = None
    trace_ids: tuple[str, ...] | None = None
    with_bodies: bool = False
    with_trace: bool = False
    # False: neither bodies nor previews nor parameters, and no text is read.
    with_texts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Sessions of a project, newest first unless ordered otherwise."""

    project_id: str
    filters: tuple[Filter, ...] = ()
    search: str = ""
    order: tuple[str, Literal["asc", "desc"]] = ("createdAt", "desc")
    window: Numbered | Cursor = field(default_factory=Cursor)
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreQuery:
    """Scores of a project; the id tuples restrict to scores of those things."""

    project_id: str
    filters: tuple[Filter, ...] = ()
    order: tuple[str, Literal["asc", "desc"]] = ("timestamp", "desc")
    window: Numbered | Cursor | None = field(default_factory=Cursor)  # None: all, for bounded id tuples only
    ids: tuple[str, ...] | None = None
    trace_ids: tuple[str, ...] | None = None
    session_ids: tuple[str, ...] | None = None
    dataset_run_ids: tuple[str, ...] | None = None
    # Of what people said (source ANNOTATION) what this person said alone; None: what everybody said.
    people: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure: an aggregation ("count", "sum", "avg", "min", "max", "p50", "p75", "p90", "p95", "p99",
    "histogram", "uniq") over a measure of the view."""

    measure: str
    aggregation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsQuery:
    """An aggregation over one view ("traces", "observations", "scores-numeric", "scores-categorical").

    `granularity`: None, or "minute", "hour", "day", "week", "month" buckets of the view's time. The rows of the answer
    carry the dimensions under their names, `<aggregation>_<measure>` for each figure, and `time_dimension` when
    bucketed. `unpriced` keeps only observations that carry a model and tokens but no cost.
    """

    project_id: str
    view: str
    measures: tuple[Measure, ...]
    since: datetime
    until: datetime
    dimensions: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    granularity: str | None = None
    order: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()
    limit: int | None = None
    bins: int = 10
    unpriced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What to delete: traces (with everything in them) by id or by age, or single scores by id; or a whole project."""

    project_id: str
    kind: Literal["traces", "scores", "project"]
    ids: tuple[str, ...] = ()
    before: datetime | None = None


class Store(Protocol):
    """Where measured rows stand."""

    def write(self, project_id: str, changes: Changes) -> None:
        """Merge the changes in one transaction; twice is once. Joins the caller's transaction when there is one."""

    def get_trace(self, project_id: str, trace_id: str) -> TraceDetail | None:
        """The trace with its observations and scores, bodies included."""

    def traces(self, query: TraceQuery) -> Page[Trace]: ...

    def observations(self, query: ObservationQuery) -> Page[Observation]: ...

    def sessions(self, query: SessionQuery) -> Page[Session]: ...

    def scores(self, query: ScoreQuery) -> Page[Score]: ...

    def metrics(self, query: MetricsQuery) -> Sequence[dict[str, Any]]: ...

    def refresh(self) -> int:
        """Make anew what the store keeps for quicker answers; how much was made. Answers never depend on it."""

    def delete(self, deletion: Deletion) -> int:
        """Delete in batches; returns how many things of the kind went."""
