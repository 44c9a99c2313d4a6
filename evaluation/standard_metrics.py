"""The evaluators that nearly every experiment wants, made at one press."""

from collections.abc import Mapping

from accounts.authors import Author
from evaluation.definitions import Metric
from evaluation.evaluators import Draft, create
from evaluation.models import Evaluator, EvaluatorType

# Strict and lenient stand side by side: how much of a difference is only form can be seen.
STANDARD: Mapping[str, Metric] = {
    "exact": Metric(kind="exact", normalisation="exact"),
    "exact-lenient": Metric(kind="exact", normalisation="lenient"),
    "levenshtein": Metric(kind="levenshtein", normalisation="lenient"),
}


def add_standard_metrics(project_id: str, author: Author) -> list[Evaluator]:
    """The standard metrics of the project; those of these names that there are stay as they are."""
    there = Evaluator.objects.filter(project_id=project_id, type=EvaluatorType.METRIC, name__in=STANDARD)
    known = {evaluator.name: evaluator for evaluator in there}
    return [
        known.get(name) or create(project_id, Draft(name=name, definition=metric), author)
        for name, metric in STANDARD.items()
    ]
