"""`mediaReferences`: the media that items refer to, with addresses for fetching them."""

from collections.abc import Mapping, Sequence
from typing import Any

from datasets.media import FIELDS
from datasets.models import DatasetItem
from tracing.api.media import shown
from tracing.media import known
from tracing.media_references import references


def media_references(project_id: str, rows: Sequence[DatasetItem], origin: str) -> Mapping[int, list[dict[str, Any]]]:
    """Of each row, by primary key: one read for all of them, and none where nothing is mentioned."""
    found = {
        row.pk: [(name, one) for column, name in FIELDS for one in references(getattr(row, column))] for row in rows
    }
    media = known(project_id, {one.media_id for pairs in found.values() for _, one in pairs})
    resolved = {media_id: shown(row, origin) for media_id, row in media.items()}
    return {
        pk: [
            {"field": name, "referenceString": one.text, "jsonPath": one.path, "media": resolved[one.media_id]}
            for name, one in pairs
            if one.media_id in resolved
        ]
        for pk, pairs in found.items()
    }
