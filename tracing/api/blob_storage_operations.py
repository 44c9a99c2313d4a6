"""What the routes of exports to a blob storage take and answer."""

from datetime import datetime
from functools import partial

from common.api.describing import Group, Message, Operation
from common.api.fields import WireStruct
from tracing.api.blob_storage import BlobStorageBody


class BlobStorage(WireStruct, frozen=True):
    """Where a project's data is exported to; the secret is never shown."""

    id: str
    project_id: str
    type: str
    bucket_name: str
    endpoint: str | None
    region: str
    access_key_id: str | None
    prefix: str
    export_frequency: str
    enabled: bool
    force_path_style: bool
    file_type: str
    export_mode: str
    export_start_date: datetime | None
    compressed: bool
    export_source: str
    export_field_groups: list[str] | None
    next_sync_at: datetime | None
    last_sync_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    created_at: datetime
    updated_at: datetime


class BlobStorages(WireStruct, frozen=True):
    data: list[BlobStorage]


class BlobStorageStatus(WireStruct, frozen=True):
    """How far the export is."""

    id: str
    project_id: str
    sync_status: str
    enabled: bool
    next_sync_at: datetime | None
    last_sync_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None


export = partial(Operation, key="organization")
ALL, ONE = "/integrations/blob-storage", "/integrations/blob-storage/{id}"

GROUPS = (
    Group(
        "Blob storage",
        (
            export("GET", ALL, "List where the organization's projects export to.", BlobStorages),
            export("PUT", ALL, "Say where a project exports to.", BlobStorage, body=BlobStorageBody),
            export("GET", ONE, "Tell how far an export is.", BlobStorageStatus),
            export("DELETE", ONE, "Stop exporting; what is exported stays.", Message),
        ),
    ),
)
