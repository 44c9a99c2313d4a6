"""What a comparison of runs finds in each score: differences, tests, effects, and what the data cannot show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import stdev

from datasets.answers import ScoreKey
from datasets.comparison import RunSummary, in_same_units, item_latencies, keys_of, most_told
from datasets.joining import named
from datasets.sheets import NUMBERS, Sheet, item_values
from datasets.statistics.correction import holm
from datasets.statistics.effects import Effect, cohens_dz, odds_ratio, rank_biserial
from datasets.statistics.estimates import ALPHA, Estimate, is_share
from datasets.statistics.intervals import mean_interval, paired_difference
from datasets.statistics.pareto import pareto_front
from datasets.statistics.variance import Components, components


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A run against the baseline in one score, over the `pairs` items that both have. Higher counts as better.

    `p` is the test's own, `corrected` by Holm over the `comparisons` of this score. `least` items must change one way,
    and none the other, before anything is shown; with these pairs a difference below `detectable` usually stays
    unseen, and one as observed needs `needed` items (both with a chance of 80 %; None: nothing can be said).
    """

    pairs: int
    only_baseline: int
    only_this: int
    difference: Estimate | None = None
    wins: int = 0
    ties: int = 0
    losses: int = 0
    test: str = ""
    p: float | None = None
    corrected: float | None = None
    comparisons: int = 1
    effect: Effect | None = None
    binary: bool = False
    least: int = 0
    detectable: float | None = None
    needed: int | None = None

    @property
    def shown(self) -> bool:
        """Whether the data show a difference, at 5 % over all comparisons of this score."""
        return self.corrected is not None and self.corrected <= ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All figures of a comparison. Tuples stand in the order of the runs; the baseline's `Against` is None.

    The summaries tell latencies with their intervals. `front` tells who is not beaten in the chosen score, cost and
    latency at once (None: it cannot be told); `spread` splits the chosen score's variance, None where nothing was
    repeated.
    """

    summaries: tuple[RunSummary, ...]
    keys: tuple[ScoreKey, ...]
    chosen: ScoreKey | None
    against: dict[ScoreKey, tuple[Against | None, ...]]
    right_or_wrong: tuple[ScoreKey, ...]
    front: tuple[bool | None, ...]
    spread: tuple[Components | None, ...]


def find(
    sheets: Sequence[Sheet],
    summaries: Sequence[RunSummary],
    baseline: int,
    chosen: str = "",
    *,
    ranks: bool = False,
) -> Findings:
    """Hold runs against the one at `baseline`; `chosen` names the score (`ScoreKey.text`) that tells better from worse.

    `summaries` are those of the sheets. `ranks`: numbers are tested by their ranks (Wilcoxon) instead of their means
    (permutation).
    """
    summaries = [
        replace(summary, latency=mean_interval(item_latencies(sheet)))
        for sheet, summary in zip(sheets, in_same_units(summaries), strict=True)
    ]
    keys = keys_of(sheets)
    numeric = [key for key in keys if key.data_type in NUMBERS]
    key = named(numeric, chosen) or most_told(numeric, summaries)
    values = {key: [item_values(sheet, key) for sheet in sheets] for key in numeric}
    return Findings(
        summaries=tuple(summaries),
        keys=tuple(keys),
        chosen=key,
        against={key: tuple(hold_against(values[key], baseline, ranks=ranks)) for key in numeric},
        right_or_wrong=tuple(key for key in numeric if _only_shares(key, summaries)),
        front=tuple(front(summaries, key)),
        spread=tuple(_spread(sheet, key) if key else None for sheet in sheets),
    )


def hold_against(values: Sequence[Mapping[str, float]], baseline: int, *, ranks: bool = False) -> list[Against | None]:
    """Each run's values by item against those of the one at `baseline`, corrected over all of these comparisons."""
    base = values[baseline]
    changes = [_changes(base, own) for own in values]
    found = [None if at == baseline else _against(base, own, changes[at], ranks=ranks) for at, own in enumerate(values)]
    tested = [one.p for one in found if one is not None and one.p is not None]
    corrected = iter(holm(tested))
    return [
        one if one is None or one.p is None else _limits(replace(one, corrected=next(corrected)), own, len(tested))
        for one, own in zip(found, changes, strict=True)
    ]


def front(summaries: Sequence[RunSummary], key: ScoreKey | None) -> list[bool | None]:
    """Who is not beaten in score, cost and latency at once; None of whom one of them is not known. What no run tells
    does not count."""
    points = [point(summary, key) for summary in summaries]
    told = [at for at in range(3) if any(one[at] is not None for one in points)]
    costs = [[one[at] if at or one[at] is None else -(one[at] or 0.0) for at in told] for one in points]
    if 0 not in told or len(told) < 2:
        return [None] * len(points)
    return [None if None in own else best for own, best in zip(costs, pareto_front(costs), strict=True)]


def point(summary: RunSummary, key: ScoreKey | None) -> tuple[float | None, float | None, float | None]:
    """A run's place between quality, cost and latency: mean score, dollars per answer, seconds."""
    score = summary.scores.get(key) if key else None
    quality = score.estimate.mean if score and score.estimate else None
    return quality, summary.cost_each, summary.latency.mean if summary.latency else None


def _changes(base: Mapping[str, float], own: Mapping[str, float]) -> list[float]:
    return [own[item] - value for item, value in base.items() if item in own]


def _against(base: Mapping[str, float], own: Mapping[str, float], changes: Sequence[float], *, ranks: bool) -> Against:
    both = [item for item in base if item in own]
    told = Against(pairs=len(both), only_baseline=len(base) - len(both), only_this=len(own) - len(both))
    if not both:
        return told
    # Imported here: bring numpy and scipy, which only comparisons need.
    from datasets.statistics import paired

    before, after = [base[item] for item in both], [own[item] for item in both]
    signs = Counter((change > paired.NEAR) - (change < -paired.NEAR) for change in changes)
    binary = is_share(before) and is_share(after)
    if binary:
        tested, effect = paired.mcnemar(signs[1], signs[-1]), odds_ratio(signs[1], signs[-1])
    elif ranks:
        tested, effect = paired.wilcoxon(changes), rank_biserial(changes)
    else:
        tested, effect = paired.permutation(changes), cohens_dz(changes)
    return replace(
        told,
        difference=paired_difference(before, after),
        wins=signs[1],
        ties=signs[0],
        losses=signs[-1],
        test=tested.method,
        p=tested.p,
        effect=effect,
        binary=binary,
    )


def _limits(found: Against, changes: Sequence[float], comparisons: int) -> Against:
    """The same with what its items can show."""
    from datasets.statistics import paired, power

    # Planned as the first step of Holm's correction asks: no comparison can be sure to be a later one.
    alpha = ALPHA / comparisons
    n, mean = found.pairs, found.difference.mean if found.difference else 0.0
    deviation = stdev(changes) if n > 1 else 0.0
    if found.binary:
        changed = found.wins + found.losses
        needed = power.items_for_shares(mean, changed / n, alpha)
        # A change more and a pair more both ways, as none that was seen does not mean that none can be.
        detectable: float | None = power.detectable_shares(n, (changed + 1) / (n + 2), alpha)
    elif deviation > paired.NEAR:
        needed = power.items_for_mean(mean / deviation, alpha) if abs(mean) > paired.NEAR else None
        detectable = power.detectable_mean(n, deviation, alpha)
    else:
        needed = detectable = None
    return replace(
        found, comparisons=comparisons, least=power.least_changes(alpha), needed=needed, detectable=detectable
    )


def _only_shares(key: ScoreKey, summaries: Sequence[RunSummary]) -> bool:
    return all(summary.scores[key].kind == "share" for summary in summaries if key in summary.scores)


def _spread(sheet: Sheet, key: ScoreKey) -> Components | None:
    numbers = sheet.numbers(key)
    answered = Counter(item for item, values in zip(sheet.items, numbers, strict=True) if values)
    if max(answered.values(), default=0) < 2 and max(map(len, numbers), default=0) < 2:
        return None
    return components([[numbers[at] for at in places] for places in sheet.groups().values()])
