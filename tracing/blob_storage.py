"""Where the organization wants its projects' rows copied to: settings for the export to a bucket (openapi.yml
BlobStorageIntegrations). `tracing.exporting` does the copying.

The secret is sealed and never shown. Settings that are switched on are tried at once, by a test upload: who set them
hears at once what is wrong with them.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.acting import Actor
from accounts.models import Project
from common.crypto import Unreadable, seal, unseal
from common.errors import Invalid
from common.finding import find
from common.outbound import check_url
from tracing.media_files.s3 import Refused, S3Files
from tracing.models.exports import BlobStorageIntegration

TYPES = ("S3", "S3_COMPATIBLE")
FREQUENCIES = {
    "every_20_minutes": timedelta(minutes=20),
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}
FILE_TYPES = ("JSON", "CSV", "JSONL")
MODES = ("FULL_HISTORY", "FROM_TODAY", "FROM_CUSTOM_DATE")
SOURCES = ("LEGACY_TRACES_OBSERVATIONS", "OBSERVATIONS_V2", "LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS")
USUAL_SOURCE = "LEGACY_TRACES_OBSERVATIONS"
GROUPS = (
    *("core", "basic", "time", "io", "metadata", "model"),
    *("usage", "prompt", "metrics", "tools", "trace_context"),
)
FUTURE = timedelta(hours=27)  # clocks of all time zones
TEST_NAME = "promptlab-test-upload.txt"
# What is not done here, by what was asked for: a refusal with the remedy is better than an export that never comes.
NOT_DONE = {
    "AZURE_BLOB_STORAGE": "This server exports to S3 and S3-compatible stores; Azure Blob Storage is not among them.",
    "PARQUET": "This server exports JSONL, JSON and CSV; choose one of them instead of PARQUET.",
}
LONGEST = 1000
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
SHOWN = (
    *("type", "bucket_name", "endpoint", "region", "access_key_id", "prefix", "export_frequency", "enabled"),
    *("force_path_style", "file_type", "export_mode", "export_start_date", "compressed", "export_source"),
    *("export_field_groups",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Settings as given. None of `export_source`, `export_field_groups` and `secret` keeps what is there."""

    type: str
    bucket_name: str
    region: str
    export_frequency: str
    enabled: bool
    force_path_style: bool
    file_type: str
    export_mode: str
    endpoint: str | None = None
    access_key_id: str | None = None
    secret: str | None = None
    prefix: str = ""
    export_start_date: datetime | None = None
    compressed: bool = True
    export_source: str | None = None
    export_field_groups: list[str] | None = None


def put(project: Project, draft: Draft, actor: Actor) -> BlobStorageIntegration:
    """Set or change the project's export. Raises Invalid, also for what the bucket says to a test upload."""
    checked = _checked(draft)
    if draft.enabled:
        _try(project, checked)
    with transaction.atomic():
        BlobStorageIntegration.objects.bulk_create(
            [BlobStorageIntegration(project=project, **_first(checked))], ignore_conflicts=True
        )
        integration = BlobStorageIntegration.objects.select_for_update().get(project=project)
        made = integration.created_at == integration.updated_at
        before = None if made else _told(integration)
        began = (integration.export_mode, integration.export_start_date)
        for field, value in checked.items():
            setattr(integration, field, value)
        if made or began != (integration.export_mode, integration.export_start_date):
            integration.last_sync_at = None
        integration.next_sync_at = timezone.now() if integration.enabled else None
        integration.last_error = integration.last_error_at = None
        integration.updated_at = timezone.now()
        integration.save()
        actor.record(
            "create" if made else "update",
            "blob_storage",
            integration.pk,
            project=project,
            before=before,
            after=_told(integration),
        )
    return integration


def remove(organization_id: str, integration_id: str, actor: Actor) -> None:
    """Delete the settings; what was exported stays where it is. Raises NotFound."""
    with transaction.atomic():
        integration = own(organization_id, integration_id)
        actor.record("delete", "blob_storage", integration.pk, project=integration.project, before=_told(integration))
        integration.delete()


def own(organization_id: str, integration_id: str) -> BlobStorageIntegration:
    """The organization's export of that id. Raises NotFound."""
    rows = BlobStorageIntegration.objects.select_related("project").filter(
        project__organization_id=organization_id, project__deleted_at=None
    )
    return find(rows, integration_id, "Blob storage integration not found")


def sync_status(integration: BlobStorageIntegration) -> str:
    """A word of the contract's BlobStorageSyncStatus."""
    if not integration.enabled:
        return "disabled"
    if integration.running_since:
        return "running"
    if integration.last_error:
        return "error"
    if integration.next_sync_at and integration.next_sync_at <= timezone.now():
        return "queued"
    return "up_to_date" if integration.last_sync_at else "idle"


def bucket_of(integration: BlobStorageIntegration) -> S3Files:
    """The bucket, opened. Raises Unreadable when the secret was sealed under another key, and Invalid when the
    endpoint's name, whatever it led to when it was given, now leads into a private network."""
    return S3Files(
        bucket=integration.bucket_name,
        endpoint=check_url(integration.endpoint, "endpoint") if integration.endpoint else "",
        region=integration.region,
        access_key=integration.access_key_id or "",
        secret_key=unseal(integration.sealed_secret) if integration.sealed_secret else "",
        prefix=integration.prefix,
        path_style=integration.force_path_style,
    )


def _try(project: Project, checked: dict[str, Any]) -> None:
    """A test upload with what would be stored; before anything is locked, because a bucket may take its time."""
    known = BlobStorageIntegration.objects.filter(project=project).values_list("sealed_secret", flat=True).first()
    try:
        bucket_of(BlobStorageIntegration(**{"sealed_secret": known, **checked})).put(
            TEST_NAME, "text/plain", b"PromptLab may write here.\n"
        )
    except Refused as error:
        raise Invalid(f"A test upload to the bucket failed: {error}", "bucketName") from error
    except Unreadable as error:
        raise Invalid(
            "secretAccessKey must be given again: the stored one cannot be read.", "secretAccessKey"
        ) from error


def _checked(draft: Draft) -> dict[str, Any]:
    for value in (draft.type, draft.file_type):
        if value in NOT_DONE:
            raise Invalid(NOT_DONE[value], "type" if value == draft.type else "fileType")
    choices: tuple[tuple[str, str | None, Any], ...] = (
        ("type", draft.type, TYPES),
        ("exportFrequency", draft.export_frequency, FREQUENCIES),
        ("fileType", draft.file_type, FILE_TYPES),
        ("exportMode", draft.export_mode, MODES),
        ("exportSource", draft.export_source, (None, *SOURCES)),
    )
    for field, given, known in choices:
        if given not in known:
            raise Invalid(f"{field} must be one of {', '.join(name for name in known if name)}.", field)
    texts = {
        "region": draft.region,
        "accessKeyId": draft.access_key_id,
        "secretAccessKey": draft.secret,
        "prefix": draft.prefix,
    }
    for field, text in texts.items():
        if text and (len(text) > LONGEST or not text.isprintable()):
            raise Invalid(f"{field} must have at most {LONGEST} characters, all of them printable.", field)
    if not _BUCKET.fullmatch(draft.bucket_name):
        raise Invalid("bucketName must be the name of a bucket: letters, digits, dots, dashes.", "bucketName")
    if draft.prefix and not draft.prefix.endswith("/"):
        raise Invalid("prefix must end with a slash.", "prefix")
    checked: dict[str, Any] = {
        "type": draft.type,
        "bucket_name": draft.bucket_name,
        "endpoint": _endpoint(draft),
        "region": draft.region,
        "access_key_id": draft.access_key_id or None,
        "prefix": draft.prefix,
        "export_frequency": draft.export_frequency,
        "enabled": draft.enabled,
        "force_path_style": draft.force_path_style,
        "file_type": draft.file_type,
        "export_mode": draft.export_mode,
        "export_start_date": _start(draft),
        "compressed": draft.compressed,
    }
    if draft.secret:
        checked["sealed_secret"] = seal(draft.secret)
    if draft.export_source:
        checked["export_source"] = draft.export_source
    if draft.export_field_groups is not None:
        checked["export_field_groups"] = _groups(draft)
    return checked


def _first(checked: dict[str, Any]) -> dict[str, Any]:
    """A row that only holds the place; what is checked is set under the lock."""
    now = timezone.now()
    held = {**checked, "sealed_secret": None, "created_at": now, "updated_at": now}
    return {"export_source": USUAL_SOURCE, "export_field_groups": list(GROUPS), **held}


def _endpoint(draft: Draft) -> str | None:
    if draft.endpoint:
        return check_url(draft.endpoint, "endpoint")
    if draft.type == "S3_COMPATIBLE":
        raise Invalid("endpoint must be given for type S3_COMPATIBLE.", "endpoint")
    return None


def _start(draft: Draft) -> datetime | None:
    if draft.export_mode != "FROM_CUSTOM_DATE":
        return None
    start = draft.export_start_date
    if start is None:
        raise Invalid("exportStartDate must be given for exportMode FROM_CUSTOM_DATE.", "exportStartDate")
    start = start if start.tzinfo else start.replace(tzinfo=timezone.get_default_timezone())
    if not 1970 < start.year < 9000 or start > timezone.now() + FUTURE:
        raise Invalid("exportStartDate must be a moment of the past.", "exportStartDate")
    return start


def _groups(draft: Draft) -> list[str]:
    groups = list(dict.fromkeys(draft.export_field_groups or []))
    if draft.export_source is None:
        raise Invalid("exportFieldGroups needs exportSource in the same request.", "exportSource")
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise Invalid(f"exportFieldGroups may hold {', '.join(GROUPS)} only.", "exportFieldGroups")
    if "core" not in groups:
        raise Invalid("exportFieldGroups must hold core.", "exportFieldGroups")
    return groups


def _told(integration: BlobStorageIntegration) -> dict[str, Any]:
    """For the audit log: all but the secret."""
    told = {field: getattr(integration, field) for field in SHOWN}
    start = integration.export_start_date
    return told | {"export_start_date": start.isoformat() if start else None}
