"""Where a project's measured rows are to be copied to, and how far that has come."""

from django.db import models
from django.utils import timezone

from common.ids import new_id


class BlobStorageIntegration(models.Model):
    """One per project. `sealed_secret` opens with `common.crypto` only and is never shown.

    `last_sync_at` is the end of the last window that was exported wholly; `running_since` marks an export at work.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.OneToOneField("accounts.Project", on_delete=models.CASCADE, related_name="+")
    type = models.CharField(max_length=32)
    bucket_name = models.TextField()
    endpoint = models.TextField(null=True)
    region = models.TextField()
    access_key_id = models.TextField(null=True)
    sealed_secret = models.TextField(null=True)
    prefix = models.TextField(default="")
    export_frequency = models.CharField(max_length=32)
    enabled = models.BooleanField()
    force_path_style = models.BooleanField()
    file_type = models.CharField(max_length=16)
    export_mode = models.CharField(max_length=32)
    export_start_date = models.DateTimeField(null=True)
    compressed = models.BooleanField(default=True)
    export_source = models.CharField(max_length=64)
    export_field_groups = models.JSONField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    last_sync_at = models.DateTimeField(null=True)
    last_error = models.TextField(null=True)
    last_error_at = models.DateTimeField(null=True)
    running_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "tracing_blob_storage"

    def __str__(self) -> str:
        return f"{self.type} {self.bucket_name}"
