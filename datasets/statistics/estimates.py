"""What is estimated from a sample, with its uncertainty."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
ALPHA = 0.05
# Of everything that is drawn.
SEED = 20261
# The 97.5 % quantile of the standard normal distribution.
Z = NormalDist().inv_cdf(1 - ALPHA / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` items; `low` and `high` are None where n says nothing about the spread.

    `method` names where the interval comes from: "wilson", "bca", "t", "agresti-min", or "" without one.
    """

    mean: float
    n: int
    low: float | None = None
    high: float | None = None
    method: str = ""


def is_share(values: Iterable[float]) -> bool:
    """Whether the values are answers right (1) or wrong (0), and there are any."""
    found = set(values)
    return bool(found) and found <= {0.0, 1.0}
