"""Runs in figures, and several runs side by side: what each is worth, and where they part.

The unit of all figures is the item: repetitions of an item are averaged first, so that asking ten times does not look
like ten items.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from common.content import preview
from datasets.answers import Answer, ScoreKey, score_keys
from datasets.jsontext import to_value
from datasets.models import DatasetItem, DatasetRunItem
from datasets.origins import Origins
from datasets.sheets import NUMBERS, Sheet, answer_values, item_values
from datasets.statistics.estimates import Estimate, is_share
from datasets.statistics.intervals import mean_interval


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """One kind of score over a run. `kind`: "share" (of right answers), "mean", "labels" or "texts".

    `n` counts items; `labels` are (label, count) of categorical scores, most frequent first.
    """

    key: ScoreKey
    kind: str
    n: int
    estimate: Estimate | None = None
    labels: tuple[tuple[str, int], ...] = ()

    @property
    def given(self) -> int:
        """How many labels: more than items where answers were repeated, or judged more than once."""
        return sum(count for _label, count in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in figures. `cost` is the sum in dollars, `cost_each` its mean over answers whose cost is known;
    `unpriced` answers spent tokens whose price nobody knows. `latency` is the mean in seconds over the items that have
    one, its interval left to comparisons."""

    items: int
    answers: int
    missing: int
    failed: int
    scores: dict[ScoreKey, ScoreSummary]
    latency: Estimate | None
    cost: float | None
    cost_each: float | None = None
    unpriced: int = 0
    tokens: int | None
    # Read for lists of runs only.
    origins: Origins = field(default_factory=Origins)


@dataclass(frozen=True, slots=True)
class Side:
    """What one run has for an item: the run items of its answers (several are repetitions), and how they compare to
    the baseline's. `change` is the difference in the chosen score, None where either side has none."""

    links: tuple[str, ...]
    value: float | None = None
    change: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One item over all compared runs, in their order."""

    item_id: str
    sides: tuple[Side, ...]
    disagree: bool

    def worse_in(self, run: int | None = None) -> bool:
        """Whether the baseline was better than a run, or than any."""
        sides = self.sides if run is None else (self.sides[run],)
        return any(side.change is not None and side.change < 0 for side in sides)


def summarise(sheet: Sheet) -> RunSummary:
    """The figures of one run."""
    costs = [cost for cost in sheet.cost if cost is not None]
    tokens = [count for count in sheet.tokens if count]
    latencies = item_latencies(sheet)
    return RunSummary(
        items=len(set(sheet.items)),
        answers=len(sheet.items),
        missing=sum(said is None for said in sheet.said),
        failed=sum(sheet.failed),
        scores={key: _score_summary(key, sheet) for key in sheet.scores},
        latency=Estimate(fmean(latencies), len(latencies)) if latencies else None,
        cost=sum(costs) if costs else None,
        cost_each=fmean(costs) if costs else None,
        unpriced=sum(cost is None and bool(count) for cost, count in zip(sheet.cost, sheet.tokens, strict=True)),
        tokens=sum(tokens) if tokens else None,
    )


def item_latencies(sheet: Sheet) -> list[float]:
    """The latency of each item that has one: the mean over its repetitions."""
    of_items = {
        item: [latency for at in places if (latency := sheet.latency[at]) is not None]
        for item, places in sheet.groups().items()
    }
    return [fmean(values) for values in of_items.values() if values]


def in_same_units(summaries: Sequence[RunSummary]) -> list[RunSummary]:
    """Summaries to stand side by side: a score that is a share of right answers in one run and a mean in another (its
    values only happened to be 0 and 1) is told as a mean in both."""
    kinds: dict[ScoreKey, set[str]] = {}
    for summary in summaries:
        for key, score in summary.scores.items():
            kinds.setdefault(key, set()).add(score.kind)
    mixed = {key for key, found in kinds.items() if found == {"share", "mean"}}
    return [
        replace(summary, scores={k: replace(s, kind="mean") if k in mixed else s for k, s in summary.scores.items()})
        for summary in summaries
    ]


def right_or_wrong_keys(answers: Sequence[Answer]) -> list[ScoreKey]:
    """The scores that only ever say right (1) or wrong (0)."""
    keys = [key for key in score_keys(answers) if key.data_type in NUMBERS]
    return [key for key in keys if is_share(value for one in answers if (value := one.value(key)) is not None)]


def is_wrong(answer: Answer, keys: Sequence[ScoreKey], expected: str | None) -> bool:
    """Whether a right-or-wrong score says wrong; without such scores: whether the output is not what was expected."""
    if keys:
        return any(answer.value(key) == 0 for key in keys)
    return answer.arrived and expected is not None and preview(to_value(expected)) != answer.output_preview


def keys_of(sheets: Sequence[Sheet]) -> list[ScoreKey]:
    """The kinds of scores of several runs, by name."""
    return sorted({key for sheet in sheets for key in sheet.scores}, key=lambda key: (key.name.lower(), key.source))


def most_told(keys: Sequence[ScoreKey], summaries: Sequence[RunSummary]) -> ScoreKey | None:
    """The numeric score that most runs have on most items."""

    def weight(key: ScoreKey) -> tuple[int, int]:
        told = [summary.scores[key].n for summary in summaries if key in summary.scores]
        return len(told), sum(told)

    return max((key for key in keys if key.data_type in NUMBERS), key=weight, default=None)


def rows_of(sheets: Sequence[Sheet], baseline: int, key: ScoreKey | None) -> list[Row]:
    """All items of several runs, compared to the one at `baseline` in one score; without a score the words themselves
    agree or do not."""
    groups = [sheet.groups() for sheet in sheets]
    values = [item_values(sheet, key) if key else {} for sheet in sheets]
    found = []
    for item_id in dict.fromkeys(item_id for group in groups for item_id in group):
        base = values[baseline].get(item_id)
        places = [group.get(item_id, ()) for group in groups]
        sides = [
            _side(sheet, at, own.get(item_id), base) for sheet, at, own in zip(sheets, places, values, strict=True)
        ]
        if key is None:
            words = {sheet.said[i] for sheet, at in zip(sheets, places, strict=True) for i in at}
            disagree = len(words - {None}) > 1
        else:
            disagree = len({round(side.value, 9) for side in sides if side.value is not None}) > 1
        found.append(Row(item_id, tuple(sides), disagree))
    return found


def versions_of(links: Sequence[DatasetRunItem], *fields: str) -> dict[int, DatasetItem]:
    """The items' rows that some run items answered, by primary key, in one query; only the named fields when given."""
    rows = DatasetItem.objects.filter(pk__in={link.version_id for link in links if link.version_id})
    return {row.pk: row for row in (rows.only(*fields) if fields else rows)}


def _side(sheet: Sheet, places: Sequence[int], value: float | None, base: float | None) -> Side:
    change = value - base if value is not None and base is not None else None
    return Side(tuple(sheet.links[at] for at in places), value, change)


def _score_summary(key: ScoreKey, sheet: Sheet) -> ScoreSummary:
    if key.data_type in NUMBERS:
        values = list(item_values(sheet, key).values())
        kind = "share" if is_share(answer_values(sheet, key)) else "mean"
        return ScoreSummary(key, kind, len(values), mean_interval(values))
    told = sheet.scores[key]
    n = len({item for item, values in zip(sheet.items, told, strict=True) if values})
    if key.data_type == "CATEGORICAL":
        labels = Counter(str(value) for values in told for value in values)
        return ScoreSummary(key, "labels", n, labels=tuple(labels.most_common()))
    return ScoreSummary(key, "texts", n)
