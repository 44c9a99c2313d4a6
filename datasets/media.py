"""Media that items refer to are kept as long as their dataset is there: old versions of items refer to theirs too."""

from collections.abc import Sequence

from datasets.models import DatasetItem
from tracing.media import Place, note_mentions
from tracing.media_references import mentioned

# The column, and the wire's name of the field.
FIELDS = (("input", "input"), ("expected_output", "expectedOutput"), ("metadata", "metadata"))


def note_media(project_id: str, rows: Sequence[DatasetItem]) -> None:
    """Note what the rows mention; no query where they mention nothing."""
    mentions = [
        (media_id, Place(field=name, dataset_id=row.dataset_id, item_id=row.item_id))
        for row in rows
        for column, name in FIELDS
        for media_id in mentioned([getattr(row, column)])
    ]
    note_mentions(project_id, mentions)
