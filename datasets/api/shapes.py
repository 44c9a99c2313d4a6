"""Datasets, items and runs as the wire shows them. Stored JSON text goes out as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from datasets.api.media import media_references
from datasets.models import Dataset, DatasetItem, DatasetRun, DatasetRunItem
from tracing.api.serializing import embedded


def dataset_shape(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.pk,
        "name": dataset.name,
        "description": dataset.description,
        "metadata": embedded(dataset.metadata),
        "inputSchema": embedded(dataset.input_schema),
        "expectedOutputSchema": embedded(dataset.expected_output_schema),
        "projectId": dataset.project_id,
        "createdAt": dataset.created_at,
        "updatedAt": dataset.updated_at,
    }


def item_shapes(rows: Sequence[DatasetItem], dataset_name: str | None, origin: str) -> list[dict[str, Any]]:
    """Items with the media they refer to; `dataset_name` None: each row's own, read with it (`select_related`)."""
    media = media_references(rows[0].project_id, rows, origin) if rows else {}
    return [item_shape(row, dataset_name or row.dataset.name, media[row.pk]) for row in rows]


def item_shape(row: DatasetItem, dataset_name: str, media: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": row.item_id,
        "status": row.status,
        "input": embedded(row.input),
        "expectedOutput": embedded(row.expected_output),
        "metadata": embedded(row.metadata),
        "sourceTraceId": row.source_trace_id,
        "sourceObservationId": row.source_observation_id,
        "datasetId": row.dataset_id,
        "datasetName": dataset_name,
        "createdAt": row.created_at,
        "updatedAt": row.valid_from,
        "mediaReferences": media,
    }


def run_shape(run: DatasetRun, dataset_name: str) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "name": run.name,
        "description": run.description,
        "metadata": embedded(run.metadata),
        "datasetId": run.dataset_id,
        "datasetName": dataset_name,
        "createdAt": run.created_at,
        "updatedAt": run.updated_at,
    }


def run_item_shape(row: DatasetRunItem, run: DatasetRun) -> dict[str, Any]:
    return {
        "id": row.pk,
        "datasetRunId": run.run_id,
        "datasetRunName": run.name,
        "datasetItemId": row.item_id,
        "traceId": row.trace_id,
        "observationId": row.observation_id or None,
        "createdAt": row.created_at,
        "updatedAt": row.created_at,
    }
