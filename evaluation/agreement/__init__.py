"""How far people agree: pure functions over what was said, without models and without the store.

What was said is a `Ratings`: for each item the values that different people gave it. `kappa` is computed by
statsmodels; `alpha` is our own, because the libraries that have it are under the GPL or know no missing judgements.
Both bring numpy and are imported where they compute, not with the pages.
"""
