"""Metrics that measure the answer or the call itself; nothing is expected."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.metrics.base import Case, Mark, Metric, Settings, option
from llm import tokens
from tracing.ingestion import jsontext

MAX_MODEL = 200
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Length(Settings):
    unit: str = option(
        "characters",
        _("Counted in"),
        choices={"characters": _("characters"), "words": _("words"), "tokens": _("tokens")},
    )
    model: str = option("gpt-4o", _("Tokens as this model counts them"))

    def __post_init__(self) -> None:
        if len(self.model) > MAX_MODEL:
            raise ValueError(f"model must have at most {MAX_MODEL} characters.")


def length(case: Case, settings: Length) -> Mark:
    """Unicode characters, words (letters and digits; a hyphen or apostrophe inside does not part one), or tokens
    counted offline (`llm.tokens`), of the answer after normalisation."""
    if settings.unit == "characters":
        return Mark(float(len(case.text)))
    if settings.unit == "words":
        return Mark(float(len(_WORD.findall(case.text))))
    counted = tokens.count(settings.model, jsontext.dump(case.text))
    if counted is None:
        raise ScoringFailed(f"Nobody knows how the model {settings.model!r} counts tokens.")
    return Mark(float(counted))


def latency(case: Case, _settings: Settings) -> Mark:
    """Seconds from the beginning to the end of what is judged."""
    if case.subject.latency is None:
        raise ScoringFailed("It has not ended, so that its latency is not known.")
    return Mark(case.subject.latency)


def cost(case: Case, _settings: Settings) -> Mark:
    """US dollars, as traces tell them."""
    if case.subject.cost is None:
        raise ScoringFailed("Its cost is not known: its model has no price, or brought no usage.")
    return Mark(case.subject.cost)


METRICS = (
    Metric(
        kind="length",
        label=_("Length"),
        about=_("How long the answer is."),
        score=length,
        settings=Length,
        normalisation="exact",
    ),
    Metric(
        kind="latency",
        label=_("Latency"),
        about=_("How many seconds the answer took."),
        score=latency,
        needs_output=False,
    ),
    Metric(
        kind="cost",
        label=_("Cost"),
        about=_("What the answer cost, in US dollars."),
        score=cost,
        needs_output=False,
    ),
)
