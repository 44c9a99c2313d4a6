"""What is summed up by what. Mapping is a table.

A cube holds, for each hour and each day (UTC) and each combination of its dimensions, the sums of its view's figures.
An hour (of a daily cube, a day) with nearly as many combinations as rows is left out (`WIDE`): its rows are read
instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tracing.store.postgres.places import Entity
from tracing.store.postgres.views import MONEY, REAL, VIEWS, WHOLE

HOUR, DAY = 0, 1
# More combinations than the first, and more than one for so many rows: not worth summing.
WIDE, ROWS_EACH = 300, 2
DIMENSIONS = 5
_TYPES = {WHOLE: "bigint", MONEY: "numeric", REAL: "float8"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is summed: the beginning of its columns' names, and its value in a measured row.

    `spread`: its extremes are kept, too.
    """

    name: str
    sql: str
    kind: str
    spread: bool = False

    @property
    def value(self) -> str:
        """The value in a measured row, in the type that is summed."""
        return f"({self.sql})::{_TYPES[self.kind]}"


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a view; scores have one source for their views, which differ in what they leave out."""

    number: int  # as the triggers know it
    entity: Entity
    time: str
    dimensions: Mapping[str, str]
    figures: Mapping[str, Figure]  # by the names of the measures
    scope: str = "true"

    def between(self, project: str, since: str, until: str, columns: Mapping[str, str]) -> str:
        """A subquery of measured rows of a project and a time: always found by the index of time."""
        selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        return (
            f"LATERAL (SELECT {selected} FROM {self.entity.source()} WHERE {self.entity.alias}.project_id = {project}"  # noqa: S608
            f" AND {self.time} >= {since} AND {self.time} < {until} AND {self.scope} OFFSET 0)"
        )


@dataclass(frozen=True, slots=True)
class Cube:
    """`daily`: without hours, which would be nearly as many as the rows. `histograms`: figures with percentiles."""

    number: int
    source: Source
    dimensions: tuple[str, ...]
    daily: bool = False
    histograms: tuple[str, ...] = ("latency",)

    def parts(self, figure: Figure) -> dict[str, str]:
        """What is kept of a figure: column of the rollup, and what stands there ("sum", "n", "min", "max", "bars")."""
        extremes = ("min", "max") if figure.spread else ()
        bars = ("bars",) if figure.name in self.histograms else ()
        return {f"{figure.name}_{part}": part for part in ("sum", "n", *extremes, *bars)}

    def column(self, dimension: str) -> str:
        """Where a dimension stands in a row of the rollup."""
        return f"d{self.dimensions.index(dimension) + 1}"


def _figures(view: str, **named: tuple[str, ...]) -> dict[str, Figure]:
    """Figure by measure; `named` is column=(measure, more names of it…)."""
    found: dict[str, Figure] = {}
    for name, measures in named.items():
        sql, kind = VIEWS[view].measures[measures[0]]
        found |= dict.fromkeys(measures, Figure(name, sql, kind, name in ("latency", "first_token", "value")))
    return found


_SPENT = {
    "input_tokens": ("inputTokens",),
    "output_tokens": ("outputTokens",),
    "total_tokens": ("totalTokens",),
    "input_cost": ("inputCost",),
    "output_cost": ("outputCost",),
    "total_cost": ("totalCost",),
    "latency": ("latency",),
}
UNPRICED = "o.model IS NOT NULL AND o.total_cost IS NULL AND o.total_tokens > 0"
OBSERVATIONS = Source(
    1,
    VIEWS["observations"].entity,
    "o.start_time",
    {
        **VIEWS["observations"].dimensions,
        "promptVersion": "o.prompt_version::text",
        "unpriced": f"CASE WHEN {UNPRICED} THEN 'yes' END",
    },
    _figures("observations", **_SPENT, first_token=("timeToFirstToken",)),
)
TRACES = Source(
    2,
    VIEWS["traces"].entity,
    "t.timestamp",
    VIEWS["traces"].dimensions,
    _figures(
        "traces",
        **_SPENT,
        errors=("errorCount",),
        warnings=("warningCount",),
        observations=("observations", "observationsCount"),
    ),
)
SCORES = Source(
    3,
    VIEWS["scores-numeric"].entity,
    "s.timestamp",
    VIEWS["scores-categorical"].dimensions,
    _figures("scores-numeric", value=("value",)),
    "s.data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL')",
)
SOURCES: Mapping[str, Source] = {
    "observations": OBSERVATIONS,
    "traces": TRACES,
    "scores-numeric": SCORES,
    "scores-boolean": SCORES,
    "scores-categorical": SCORES,
}
CUBES = (
    Cube(1, OBSERVATIONS, ("environment", "type", "level", "model", "unpriced"), histograms=("latency", "first_token")),
    Cube(2, OBSERVATIONS, ("environment", "type", "level", "name")),
    Cube(3, OBSERVATIONS, ("environment", "promptName", "promptVersion", "model"), daily=True),
    Cube(4, TRACES, ("environment", "name")),
    Cube(5, TRACES, ("environment", "userId"), daily=True, histograms=()),
    Cube(6, SCORES, ("environment", "name", "dataType", "source", "stringValue")),
)
# Other names of a dimension.
ALIASES: Mapping[str, Mapping[str, str]] = {
    "observations": {"providedModelName": "model"},
    "traces": {"traceName": "name"},
}
# Dimensions that are no texts.
CASTS = {"promptVersion": "bigint"}
