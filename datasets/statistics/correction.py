"""What several comparisons at once do to p-values."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected so that the chance of any false alarm among them stays below the level, in the order given.

    Holm, Scandinavian Journal of Statistics 6 (1979), 65: the k-th smallest of m counts (m - k + 1) times, never less
    than a smaller one, at most 1. Written out: statsmodels' `multipletests` collects all garbage of the process twice.
    """
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = highest
    return corrected
