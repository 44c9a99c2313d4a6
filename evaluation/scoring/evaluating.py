"""One version of an evaluator on one subject, whatever its kind."""

from collections.abc import Sequence

from evaluation.definitions import Judge, Metric, definition_of
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.scoring.base import Outcome, Subject
from evaluation.scoring.judging import judge
from evaluation.scoring.measuring import measure
from evaluation.scoring.sandbox import score_by_code
from llm.clients import Clients


async def evaluate(
    version: EvaluatorVersion, subject: Subject, mapping: Sequence[Mapped], clients: Clients
) -> list[Outcome]:
    """What the evaluator says of the subject. `mapping` fills a judge's variables (`rules.effective_mapping`); metrics
    say in their settings what they look at, and programs get everything.

    The version comes with its evaluator (`select_related`): the database is not asked here. Calls of models are not
    recorded here either; `base.calls_of` tells which there were. Raises ScoringFailed.
    """
    definition = definition_of(version)
    if isinstance(definition, Metric):
        return [measure(definition, subject)]
    if isinstance(definition, Judge):
        return await judge(version, definition, subject, mapping, clients)
    return await score_by_code(version.evaluator.project_id, definition, subject)
