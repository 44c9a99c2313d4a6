"""Runs in figures, and several runs side by side: what each is worth, and where they part.

The unit of all figures is the item: repetitions of an item are averaged first, so that asking ten times does not look
like ten items.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from common.content import preview
from datasets.answers import Answer, ScoreKey, score_keys
from datasets.intervals import Estimate, estimate, is_share, paired_difference
from datasets.jsontext import to_value
from datasets.models import DatasetItem, DatasetRun, DatasetRunItem
from datasets.origins import Origins

NUMBERS = ("NUMERIC", "BOOLEAN")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in figures. `cost` is the sum in dollars, `latency` the mean in seconds over answers that have one."""

    items: int
    answers: int
    missing: int
    failed: int
    scores: dict[ScoreKey, ScoreSummary]
    latency: Estimate | None
    cost: float | None
    tokens: int | None
    # Read for lists of runs only.
    origins: Origins = field(default_factory=Origins)


@dataclass(frozen=True, slots=True)
class Against:
    """A run against the baseline in one score, over the items that both have. Higher counts as better."""

    difference: Estimate | None
    wins: int
    ties: int
    losses: int

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero: the data show a difference."""
        found = self.difference
        return bool(found and found.low is not None and found.high is not None and (found.low > 0 or found.high < 0))


@dataclass(frozen=True, slots=True)
class Side:
    """What one run has for an item: its answers (several are repetitions) and how they compare to the baseline's.

    `change` is the difference in the chosen score, None where either side has none.
    """

    answers: tuple[Answer, ...]
    value: float | None = None
    change: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One item over all compared runs, in their order."""

    item_id: str
    link: DatasetRunItem
    sides: tuple[Side, ...]
    disagree: bool
    worse: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs; the one at `baseline` is what the others are held against."""

    runs: tuple[DatasetRun, ...]
    baseline: int
    summaries: tuple[RunSummary, ...]
    keys: tuple[ScoreKey, ...]
    chosen: ScoreKey | None
    against: dict[ScoreKey, tuple[Against | None, ...]] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


def summarise(answers: Sequence[Answer]) -> RunSummary:
    """The figures of one run."""
    by_item = _by_item(answers)
    costs = [answer.cost for answer in answers if answer.cost is not None]
    tokens = [answer.tokens for answer in answers if answer.tokens]
    return RunSummary(
        items=len(by_item),
        answers=len(answers),
        missing=sum(not answer.arrived for answer in answers),
        failed=sum(answer.failed for answer in answers),
        scores={key: _score_summary(key, by_item) for key in score_keys(answers)},
        latency=estimate([answer.latency for answer in answers if answer.latency is not None]),
        cost=sum(costs) if costs else None,
        tokens=sum(tokens) if tokens else None,
    )


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


def item_values(answers: Sequence[Answer], key: ScoreKey) -> dict[str, float]:
    """The score of each item that has one: the mean over its repetitions."""
    found: dict[str, float] = {}
    for item_id, repeated in _by_item(answers).items():
        values = [value for answer in repeated if (value := answer.value(key)) is not None]
        if values:
            found[item_id] = fmean(values)
    return found


def right_or_wrong_keys(answers: Sequence[Answer]) -> list[ScoreKey]:
    """The scores that only ever say right (1) or wrong (0)."""
    return [key for key in score_keys(answers) if key.data_type in NUMBERS and _right_or_wrong(key, answers)]


def is_wrong(answer: Answer, keys: Sequence[ScoreKey], expected: str | None) -> bool:
    """Whether a right-or-wrong score says wrong; without such scores: whether the output is not what was expected."""
    if keys:
        return any(answer.value(key) == 0 for key in keys)
    return answer.arrived and expected is not None and preview(to_value(expected)) != answer.output_preview


def compare(
    runs: Sequence[DatasetRun], sets: Sequence[Sequence[Answer]], baseline: int, chosen: str = ""
) -> Comparison:
    """Hold runs against each other; `chosen` names the score (`ScoreKey.text`) that tells better from worse."""
    summaries = tuple(in_same_units([summarise(answers) for answers in sets]))
    keys = tuple(score_keys([answer for answers in sets for answer in answers]))
    numeric = [key for key in keys if key.data_type in NUMBERS]
    key = next((key for key in numeric if key.text == chosen), None) or _most_told(numeric, summaries)
    values = {key: [item_values(answers, key) for answers in sets] for key in numeric}
    against = {key: _against(values[key], baseline) for key in numeric}
    rows = _rows(sets, values[key] if key else [{} for _ in sets], baseline, key)
    return Comparison(tuple(runs), baseline, summaries, keys, key, against, tuple(rows))


def _rows(
    sets: Sequence[Sequence[Answer]], values: Sequence[Mapping[str, float]], baseline: int, key: ScoreKey | None
) -> list[Row]:
    grouped = [_by_item(answers) for answers in sets]
    order = dict.fromkeys(item_id for group in grouped for item_id in group)
    return [_row(item_id, grouped, values, baseline, key) for item_id in order]


def _row(
    item_id: str,
    grouped: Sequence[Mapping[str, list[Answer]]],
    values: Sequence[Mapping[str, float]],
    baseline: int,
    key: ScoreKey | None,
) -> Row:
    base = values[baseline].get(item_id)
    sides = []
    for group, own in zip(grouped, values, strict=True):
        value = own.get(item_id)
        change = value - base if value is not None and base is not None else None
        sides.append(Side(tuple(group.get(item_id, ())), value, change))
    told = {round(side.value, 9) for side in sides if side.value is not None}
    if key is None:
        # Without a score in common the words themselves agree or do not.
        outputs = {answer.output_preview for side in sides for answer in side.answers if answer.arrived}
        disagree = len(outputs) > 1
    else:
        disagree = len(told) > 1
    link = next(answer.link for side in sides for answer in side.answers)
    worse = any(side.change is not None and side.change < 0 for side in sides)
    return Row(item_id, link, tuple(sides), disagree, worse)


def _against(values: Sequence[Mapping[str, float]], baseline: int) -> tuple[Against | None, ...]:
    base = values[baseline]
    return tuple(None if position == baseline else _one_against(base, own) for position, own in enumerate(values))


def _one_against(base: Mapping[str, float], own: Mapping[str, float]) -> Against:
    both = [item_id for item_id in base if item_id in own]
    before, after = [base[item_id] for item_id in both], [own[item_id] for item_id in both]
    signs = Counter((new > old) - (new < old) for old, new in zip(before, after, strict=True))
    return Against(paired_difference(before, after), signs[1], signs[0], signs[-1])


def _score_summary(key: ScoreKey, by_item: Mapping[str, list[Answer]]) -> ScoreSummary:
    if key.data_type in NUMBERS:
        values = list(item_values([answer for repeated in by_item.values() for answer in repeated], key).values())
        kind = "share" if _right_or_wrong(key, [one for repeated in by_item.values() for one in repeated]) else "mean"
        return ScoreSummary(key, kind, len(values), estimate(values))
    told = [score for repeated in by_item.values() for answer in repeated for score in answer.scores.get(key, ())]
    n = sum(any(answer.scores.get(key) for answer in repeated) for repeated in by_item.values())
    if key.data_type == "CATEGORICAL":
        labels = Counter(score.string_value or "" for score in told)
        return ScoreSummary(key, "labels", n, labels=tuple(labels.most_common()))
    return ScoreSummary(key, "texts", n)


def _right_or_wrong(key: ScoreKey, answers: Sequence[Answer]) -> bool:
    return is_share([value for answer in answers if (value := answer.value(key)) is not None])


def _most_told(keys: Sequence[ScoreKey], summaries: Sequence[RunSummary]) -> ScoreKey | None:
    """The score that most runs have on most items."""

    def weight(key: ScoreKey) -> tuple[int, int]:
        told = [summary.scores[key].n for summary in summaries if key in summary.scores]
        return len(told), sum(told)

    return max(keys, key=weight, default=None)


def _by_item(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.item_id].append(answer)
    return dict(found)


def versions_of(links: Sequence[DatasetRunItem], *fields: str) -> dict[int, DatasetItem]:
    """The items' rows that some run items answered, by primary key, in one query; only the named fields when given."""
    rows = DatasetItem.objects.filter(pk__in={link.version_id for link in links if link.version_id})
    return {row.pk: row for row in (rows.only(*fields) if fields else rows)}
