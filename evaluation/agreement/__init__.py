"""How far people agree: pure functions over what was said, without models and without the store.

What was said is a `Ratings`: for each item the values that different people gave it. Every coefficient is made of sums
over items, so that its value and its bootstrap come from the same lines (`estimate.py`).
"""

from evaluation.agreement.alpha import LEVELS, Level, krippendorff
from evaluation.agreement.estimate import Coefficient
from evaluation.agreement.kappa import cohen, fleiss
from evaluation.agreement.ratings import Ratings, Value
from evaluation.agreement.shares import exact_share

__all__ = ["LEVELS", "Coefficient", "Level", "Ratings", "Value", "cohen", "exact_share", "fleiss", "krippendorff"]
