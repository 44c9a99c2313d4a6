"""A score is told in one unit wherever runs stand side by side."""

from datasets.answers import ScoreKey
from datasets.comparison import RunSummary, ScoreSummary, in_same_units

SIMILARITY = ScoreKey("similarity", "API", "NUMERIC")
EXACT = ScoreKey("exact_match", "API", "NUMERIC")


def _run(**kinds: str) -> RunSummary:
    keys = {"similarity": SIMILARITY, "exact_match": EXACT}
    scores = {keys[name]: ScoreSummary(keys[name], kind, 10) for name, kind in kinds.items()}
    return RunSummary(
        items=10, answers=10, missing=0, failed=0, scores=scores, latency=None, cost=None, tokens=None
    )  # fmt: skip


def test_a_mean_that_happens_to_be_of_zeros_and_ones_is_no_share_beside_one_that_is_not() -> None:
    first, second = in_same_units(
        [_run(similarity="share", exact_match="share"), _run(similarity="mean", exact_match="share")]
    )
    assert (first.scores[SIMILARITY].kind, second.scores[SIMILARITY].kind) == ("mean", "mean")
    assert (first.scores[EXACT].kind, second.scores[EXACT].kind) == ("share", "share")
