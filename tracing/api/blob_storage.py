"""`/integrations/blob-storage`, with an organization's key (openapi.yml BlobStorageIntegrations)."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import OrganizationView
from common.api.fields import WireStruct, camel_keys, convert
from tracing import blob_storage
from tracing.models.exports import BlobStorageIntegration


class BlobStorageBody(WireStruct, frozen=True):
    project_id: str
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
    secret_access_key: str | None = None
    prefix: str | None = None
    export_start_date: datetime | None = None
    compressed: bool | None = None
    export_source: str | None = None
    export_field_groups: list[str] | None = None

    def draft(self) -> blob_storage.Draft:
        return blob_storage.Draft(
            type=self.type,
            bucket_name=self.bucket_name,
            region=self.region,
            export_frequency=self.export_frequency,
            enabled=self.enabled,
            force_path_style=self.force_path_style,
            file_type=self.file_type,
            export_mode=self.export_mode,
            endpoint=self.endpoint,
            access_key_id=self.access_key_id,
            secret=self.secret_access_key,
            prefix=self.prefix or "",
            export_start_date=self.export_start_date,
            compressed=self.compressed is not False,
            export_source=self.export_source,
            export_field_groups=self.export_field_groups,
        )


class BlobStoragesView(OrganizationView):
    """`GET, PUT /integrations/blob-storage`."""

    def get(self, request: Request) -> Response:
        rows = BlobStorageIntegration.objects.filter(
            project__organization=self.organization, project__deleted_at=None
        ).order_by("-created_at", "pk")
        return Response({"data": [shown(row) for row in rows]})

    def put(self, request: Request) -> Response:
        body = convert(request.data, BlobStorageBody)
        return Response(shown(blob_storage.put(self.project(body.project_id), body.draft(), self.actor)))


class BlobStorageView(OrganizationView):
    """`GET, DELETE /integrations/blob-storage/{id}`; GET tells how far the export is."""

    def get(self, request: Request, integration_id: str) -> Response:
        found = blob_storage.own(self.organization.pk, integration_id)
        names = ("id", "project_id", "enabled", *SYNC)
        status = {"syncStatus": blob_storage.sync_status(found)}
        return Response(status | camel_keys({name: getattr(found, name) for name in names}))

    def delete(self, request: Request, integration_id: str) -> Response:
        blob_storage.remove(self.organization.pk, integration_id, self.actor)
        return Response({"message": "Successfully deleted"})


SYNC = ("next_sync_at", "last_sync_at", "last_error", "last_error_at")


def shown(integration: BlobStorageIntegration) -> dict[str, Any]:
    """The settings on the wire; the secret is not among them."""
    names = ("id", "project_id", *blob_storage.SHOWN, *SYNC, "created_at", "updated_at")
    return camel_keys({name: getattr(integration, name) for name in names})
