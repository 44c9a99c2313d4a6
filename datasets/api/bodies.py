"""The bodies that the routes of datasets take (openapi: CreateDatasetRequest and its neighbours).

JSON null means what a missing key means: keep what is there (api.md, section 6.2).
"""

from typing import Any, Literal

from common.api.fields import WireStruct


class DatasetBody(WireStruct, frozen=True):
    name: str
    description: str | None = None
    metadata: Any = None
    input_schema: Any = None
    expected_output_schema: Any = None


class ItemBody(WireStruct, frozen=True):
    dataset_name: str
    id: str | None = None
    input: Any = None
    expected_output: Any = None
    metadata: Any = None
    source_trace_id: str | None = None
    source_observation_id: str | None = None
    status: Literal["ACTIVE", "ARCHIVED"] | None = None


class RunItemBody(WireStruct, frozen=True, forbid_unknown_fields=True):
    """Strict, unlike its neighbours (api.md, section 6.4)."""

    run_name: str
    dataset_item_id: str
    trace_id: str | None = None
    observation_id: str | None = None
    run_description: str | None = None
    metadata: Any = None
    dataset_version: str | None = None
    created_at: str | None = None
