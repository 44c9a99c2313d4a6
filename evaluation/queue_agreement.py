"""How far the people of a queue agree: per score config the coefficients that fit its kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from evaluation.agreement.ratings import Coefficient, Value
from evaluation.agreement.shares import exact_share
from evaluation.models import AnnotationQueue, QueueItem, TurnState
from evaluation.said import Judged, judged, value_of
from evaluation.turns import configs_of
from tracing.models.configured import ScoreConfig

# Newest items first; more would keep a page waiting.
MOST = 5000
# Krippendorff, Content Analysis (2004), chapter 11.4: above the first one may rely on data, above the second draw
# tentative conclusions.
RELIABLE, TENTATIVE = 0.8, 0.667


@dataclass(frozen=True, slots=True)
class Line:
    """One coefficient: what it is called, and what it means in words on hover."""

    name: Any
    hint: Any
    found: Coefficient


@dataclass(frozen=True, slots=True)
class Agreement:
    """A config's coefficients over the items that at least two people judged."""

    config: ScoreConfig
    people: int
    shared: int
    different: int
    lines: tuple[Line, ...] = ()
    verdict: Any = ""
    kind: str = ""


def agreement_of(project_id: str, queue: AnnotationQueue) -> list[Agreement]:
    """The agreement under each config of the queue but the free texts, over at most MOST items."""
    items = QueueItem.objects.filter(queue=queue, turns__state=TurnState.DONE).distinct()
    answers = judged(project_id, queue, list(items[:MOST]))
    return [agreement_under(config, answers) for config in configs_of(queue) if config.data_type != "TEXT"]


def agreement_under(config: ScoreConfig, answers: Sequence[Judged]) -> Agreement:
    """The same for what was said under one config."""
    ratings: list[dict[str, Value]] = [
        {person: value_of(score) for person, score in one.said.get(config.pk, {}).items()} for one in answers
    ]
    shared = [one for one in ratings if len(one) > 1]
    people = sorted({person for one in shared for person in one})
    if not shared:
        return Agreement(config, 0, 0, 0, verdict=_("No item has been judged by two people yet."))
    # Imported here: brings numpy.
    from evaluation.agreement.alpha import krippendorff

    categories = _categories(config, shared) if config.data_type == "CATEGORICAL" else None
    share = Line(_("agreement"), _("Share of pairs of people who said exactly the same."), exact_share(shared))
    lines = [share]
    alpha: Line
    if config.data_type == "NUMERIC":
        hint = _("Krippendorff's α for numbers: a small difference counts as a small disagreement.")
        alpha = Line(_("α, interval"), hint, krippendorff(shared, "interval"))
        lines.append(alpha)
        hint = _("Krippendorff's α by rank: only which is more counts, not by how much.")
        lines.append(Line(_("α, ordinal"), hint, krippendorff(shared, "ordinal")))
    else:
        hint = _("Krippendorff's α: agreement beyond chance; 1 is perfect, 0 is chance.")
        alpha = Line(_("α, nominal"), hint, krippendorff(shared, categories=categories))
        lines.append(alpha)
        if categories and len(categories) > 2:
            hint = _("Krippendorff's α with the categories as steps, in the order of the score config.")
            lines.append(Line(_("α, ordinal"), hint, krippendorff(shared, "ordinal", categories=categories)))
        lines += _kappas(shared, people, categories)
    different = sum(len(set(one.values())) > 1 for one in shared)
    verdict, kind = _verdict(alpha.found, everybody_agrees=not different)
    return Agreement(config, len(people), len(shared), different, tuple(lines), verdict, kind)


def _categories(config: ScoreConfig, shared: Sequence[dict[str, Value]]) -> list[Value]:
    """The labels in the config's order; behind them those that it has no more since they were given."""
    order: list[Value] = [category["label"] for category in config.categories or ()]
    given = {label for one in shared for label in one.values()}
    return order + sorted(given - set(order), key=str)


def _kappas(shared: Sequence[dict[str, Value]], people: Sequence[str], categories: list[Value] | None) -> list[Line]:
    # Imported here: brings scipy, statsmodels and pandas.
    from evaluation.agreement.kappa import cohen, fleiss

    if len(people) == 2:
        one, other = people
        hint = _("Cohen's κ of two people: agreement beyond what their own habits would bring by chance.")
        pairs = [(said[one], said[other]) for said in shared]
        return [Line(_("Cohen's κ"), hint, cohen(pairs, categories=categories))]
    hint = _("Fleiss' κ of several people, over the items with the usual number of judgements.")
    return [Line(_("Fleiss' κ"), hint, fleiss(shared))]


def _verdict(alpha: Coefficient, *, everybody_agrees: bool) -> tuple[str, str]:
    """In words, and how the page colours it."""
    if alpha.value is None:
        if everybody_agrees:
            return _("Everybody always said the same: nothing tells agreement from chance."), "warn"
        return _("These judgements do not tell agreement from chance."), "warn"
    if everybody_agrees:
        return _("Nobody differed. How far that carries, the interval of the agreement says."), "good"
    if alpha.low is not None and alpha.low >= RELIABLE:
        return _("Reliable: even the lower end of the interval lies above 0.8."), "good"
    if alpha.value >= RELIABLE:
        return _("Reliable as it looks (α ≥ 0.8), but the interval reaches below."), "good"
    if alpha.value >= TENTATIVE:
        return _("Good for tentative conclusions only (α between 0.667 and 0.8)."), "warn"
    return _("Too little agreement to build on (α below 0.667): make the instructions clearer."), "bad"
