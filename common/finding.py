"""Looking one row up by an id that somebody sent."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from common.errors import NotFound

Row = TypeVar("Row", bound=Model)


def find(rows: QuerySet[Row], id: str, missing: str) -> Row:
    """The one of these rows with that primary key; raises NotFound in the words of `missing`."""
    found = rows.filter(pk=id).first() if "\0" not in id else None  # which PostgreSQL refuses
    if found is None:
        raise NotFound(missing)
    return found
