"""What the routes of evaluation have in common."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.response import Response

from accounts.authors import Author
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from common.errors import NotFound
from evaluation import evaluators
from evaluation.models import Evaluator, EvaluatorType

Row = TypeVar("Row", bound=Model)
# The types that the contract has; its typed clients fail on others.
ON_THE_WIRE = (EvaluatorType.JUDGE, EvaluatorType.CODE)


class EvaluationView(PublicView):
    """Knows its author, and numbered pages."""

    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]

    def numbered(self, rows: QuerySet[Row], shapes: Callable[[list[Row]], list[dict[str, Any]]]) -> Response:
        """The asked page; `shapes` writes its rows down together, so that it may read what they need at once."""
        page, limit = page_and_limit(self.request.query_params)
        found = list(rows[(page - 1) * limit : page * limit])
        return Response(envelope(shapes(found), page, limit, rows.count()))


def evaluators_told(project_id: str) -> QuerySet[Evaluator]:
    """The project's evaluators of the types that clients know, newest first."""
    return evaluators.all_of(project_id).filter(type__in=ON_THE_WIRE)


def evaluator_told(project_id: str, evaluator_id: str) -> Evaluator:
    """The project's evaluator of that id; raises NotFound, also for one of a type that clients do not know."""
    evaluator = evaluators.own(project_id, evaluator_id)
    if evaluator.type not in ON_THE_WIRE:
        raise NotFound("Evaluator not found within authorized project")
    return evaluator
