"""What the routes of evaluation have in common."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.response import Response

from accounts.authors import Author
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView

Row = TypeVar("Row", bound=Model)


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
