"""What the routes of datasets answer, for the API's description (`operations.py`). `Any` is what a client once sent."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET

from common.api.describing import Unset
from common.api.fields import WireStruct
from tracing.api.answers import Level, ScoreV3


class Dataset(WireStruct, frozen=True):
    id: str
    name: str
    description: str | None
    metadata: Any
    input_schema: Any
    expected_output_schema: Any
    project_id: str
    created_at: datetime
    updated_at: datetime


class ReferredMedia(WireStruct, frozen=True):
    media_id: str
    content_type: str
    content_length: int
    url: str
    url_expiry: str


class MediaReference(WireStruct, frozen=True):
    """Where in an item a file is referred to, and where it can be fetched."""

    field: Literal["input", "expectedOutput", "metadata"]
    reference_string: str
    json_path: str
    media: ReferredMedia


class DatasetItem(WireStruct, frozen=True):
    id: str
    status: Literal["ACTIVE", "ARCHIVED"]
    input: Any
    expected_output: Any
    metadata: Any
    source_trace_id: str | None
    source_observation_id: str | None
    dataset_id: str
    dataset_name: str
    created_at: datetime
    updated_at: datetime
    media_references: list[MediaReference]


class DatasetWithNames(Dataset, frozen=True):
    """With the ids of its items and the names of its runs."""

    items: list[str]
    runs: list[str]


class DatasetWithItems(Dataset, frozen=True):
    """With its items and the names of its runs."""

    items: list[DatasetItem]
    runs: list[str]


class DatasetRun(WireStruct, frozen=True):
    id: str
    name: str
    description: str | None
    metadata: Any
    dataset_id: str
    dataset_name: str
    created_at: datetime
    updated_at: datetime


class DatasetRunItem(WireStruct, frozen=True):
    id: str
    dataset_run_id: str
    dataset_run_name: str
    dataset_item_id: str
    trace_id: str
    observation_id: str | None
    created_at: datetime
    updated_at: datetime


class DatasetRunWithItems(DatasetRun, frozen=True):
    dataset_run_items: list[DatasetRunItem]


class Experiment(WireStruct, kw_only=True, frozen=True):
    id: str
    name: str
    description: str | None
    start_time: datetime
    end_time: datetime
    item_count: int
    dataset_id: str | None
    metadata: dict[str, Any] | Unset | None = UNSET
    scores: list[ScoreV3] | Unset = UNSET


class ExperimentItem(WireStruct, kw_only=True, frozen=True):
    """An answer of an experiment, with what went in, came out and was expected."""

    id: str
    trace_id: str
    start_time: datetime
    end_time: datetime | None
    level: Level
    environment: str
    experiment_id: str
    experiment_name: str
    experiment_item_id: str
    experiment_dataset_id: str | Unset | None = UNSET
    experiment_item_version: datetime | Unset | None = UNSET
    input: Any | Unset = UNSET
    output: Any | Unset = UNSET
    expected_output: Any | Unset = UNSET
    metadata: dict[str, Any] | Unset | None = UNSET
    experiment_item_metadata: dict[str, Any] | Unset | None = UNSET
    experiment_metadata: dict[str, Any] | Unset | None = UNSET
    experiment_description: str | Unset | None = UNSET
    scores: list[ScoreV3] | Unset = UNSET
