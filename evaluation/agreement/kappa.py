"""Agreement beyond chance: Cohen's κ for two people, Fleiss' κ for more. The formulas are statsmodels'."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from datasets.statistics.estimates import Z
from evaluation.agreement.alpha import krippendorff
from evaluation.agreement.ratings import Coefficient, Ratings, Value, categories_of, pairable


def cohen(
    pairs: Sequence[tuple[Value, Value]], *, weighted: bool = False, categories: Sequence[Hashable] | None = None
) -> Coefficient:
    """Cohen's κ of two people over the items that both judged; undefined when both used one category only.

    κ = (pₒ − pₑ) / (1 − pₑ), Cohen, Educational and Psychological Measurement 20, 1960, formula 1; pₑ from each
    person's own use of the categories. Weighted: κ_w = 1 − Σ v pₒ / Σ v pₑ with disagreement weights (i − j)² over the
    places of `categories` (Cohen, Psychological Bulletin 70, 1968, formula 8), which gives their order where the
    values do not and must hold every value. The interval is the normal one with the large-sample standard error of
    Fleiss, Cohen & Everitt, Psychological Bulletin 72, 1969, cut to −1…1.
    """
    n = len(pairs)
    if n == 0:
        return Coefficient(None, 0)
    known = list(categories) if categories is not None else categories_of(pairs)
    places = {value: place for place, value in enumerate(known)}
    table = np.zeros((len(known), len(known)))
    np.add.at(table, tuple(zip(*((places[one], places[other]) for one, other in pairs), strict=True)), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = cohens_kappa(table, wt="quadratic" if weighted else None)
    value, half = float(found.kappa), Z * math.sqrt(max(0.0, found.var_kappa))
    if math.isnan(value):
        return Coefficient(None, n)
    if n == 1 or half < 1e-6:
        return Coefficient(value, n)
    return Coefficient(value, n, max(-1.0, value - half), min(1.0, value + half))


def fleiss(ratings: Ratings) -> Coefficient:
    """Fleiss' κ of any number of people, who need not be the same ones for each item.

    κ = (P̄ − P̄ₑ) / (1 − P̄ₑ), Fleiss, Psychological Bulletin 76, 1971, formulas 2 to 7. It asks for equally many
    judgements of each item: those with as many as most have are taken, the others left out, and `n` says how many
    were taken. (Krippendorff's α takes all.)

    With N judgements in all, 1 − κ = (1 − α) N / (N − 1) for such items: both divide the same disagreement, κ by what
    chance brings with replacement, α without. So the interval is that of α, carried over.
    """
    units = pairable(ratings)
    sizes = [len(unit) for unit in units]
    usual = max(set(sizes), key=lambda size: (sizes.count(size), size), default=0)
    units = [unit for unit in units if len(unit) == usual]
    if not units:
        return Coefficient(None, 0)
    known = categories_of(units)
    with np.errstate(invalid="ignore"):
        value = float(fleiss_kappa([[unit.count(category) for category in known] for unit in units]))
    if math.isnan(value):
        return Coefficient(None, len(units))
    alpha = krippendorff([{str(who): said for who, said in enumerate(unit)} for unit in units])
    if alpha.low is None or alpha.high is None:
        return Coefficient(value, len(units))
    n = usual * len(units)
    low, high = (1 - (1 - end) * n / (n - 1) for end in (alpha.low, alpha.high))
    return Coefficient(value, len(units), low, high)
