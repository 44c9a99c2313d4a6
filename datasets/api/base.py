"""What the routes of datasets have in common."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.response import Response

from common.api.errors import issue, issues_body
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from datasets.authors import Author
from datasets.schemas import SchemaViolation

Row = TypeVar("Row", bound=Model)


class DatasetView(PublicView):
    """A route of datasets: knows its author, numbered pages, and how broken schemas are told."""

    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]

    def numbered(self, rows: QuerySet[Row], shapes: Callable[[Sequence[Row]], list[Any]]) -> Response:
        """The asked page, shaped as a whole; the total is counted, because SDKs read on until `totalPages`."""
        page, limit = page_and_limit(self.request.query_params)
        first = (page - 1) * limit
        return Response(envelope(shapes(list(rows[first : first + limit])), page, limit, rows.count()))

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, SchemaViolation):
            issues = [
                issue(found.field, found.message, "schema_violation")
                | ({"itemId": found.item_id} if found.item_id else {})
                for found in error.violations
            ]
            return Response(issues_body(issues), status=400)
        return super().handle_exception(error)
