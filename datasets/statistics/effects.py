"""How large a difference is, apart from how certain it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True, slots=True)
class Effect:
    """`kind`: "odds-ratio", "dz" or "rank-biserial"; `value` may be infinite for an odds ratio."""

    kind: str
    value: float


def odds_ratio(gained: int, lost: int) -> Effect | None:
    """How many items got better for one that got worse; None when none changed.

    The conditional estimate of the odds ratio of matched pairs: Agresti, Categorical Data Analysis, 3rd edition 2013,
    section 11.2.3.
    """
    if not gained and not lost:
        return None
    return Effect("odds-ratio", gained / lost if lost else math.inf)


def cohens_dz(differences: Sequence[float]) -> Effect | None:
    """The mean difference in standard deviations of the differences; None where these do not vary.

    Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition 1988, section 2.3.5; Lakens, Frontiers in
    Psychology 4 (2013), article 863, equation 6.
    """
    spread = stdev(differences) if len(differences) > 1 else 0.0
    return Effect("dz", fmean(differences) / spread) if spread > 1e-9 else None


def rank_biserial(differences: Sequence[float]) -> Effect | None:
    """The ranks of what got better less the ranks of what got worse, over all of them: -1 to 1; None without ranks.

    Kerby, Comprehensive Psychology 3 (2014), article 11.IT.3.1.
    """
    # Imported here: brings numpy.
    from datasets.statistics.paired import signed_ranks

    ranks = signed_ranks(differences)
    return Effect("rank-biserial", float(ranks.sum() / abs(ranks).sum())) if len(ranks) else None
