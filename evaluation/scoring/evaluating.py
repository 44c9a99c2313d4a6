"""One version of an evaluator on one subject, whatever its kind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evaluation.definitions import Metric, definition_of
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.scoring.base import Outcome, ScoringFailed, Subject
from evaluation.scoring.measuring import measure

if TYPE_CHECKING:
    from llm.client import Clients


async def evaluate(
    version: EvaluatorVersion, subject: Subject, mapping: Sequence[Mapped], clients: "Clients"
) -> list[Outcome]:
    """What the evaluator says of the subject. `mapping` fills a judge's variables (`rules.effective_mapping`); metrics
    say in their settings what they look at, and programs get everything.

    Raises ScoringFailed.
    """
    definition = definition_of(version)
    if isinstance(definition, Metric):
        return [measure(definition, subject)]
    raise ScoringFailed(f"{type(definition).__name__} cannot be run yet.")
