"""Pictures, sounds and files that belong to traces and dataset items: what is known of them, and who refers to them.

The bytes stand in `tracing.media_files`; a row is one content of one project (its SHA-256 names it), however many
texts refer to it.
"""

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.utils import timezone

from common.ids import new_id


class Media(models.Model):
    """One content. `media_id` is what texts call it; the row's own id is the name of its file.

    `uploaded_at` None: promised, but not there yet. What a client told of a failed upload is kept beside it.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    media_id = models.CharField(max_length=22)
    sha256 = models.CharField(max_length=44)  # base64, as clients send it
    content_type = models.CharField(max_length=100)
    content_length = models.BigIntegerField()
    uploaded_at = models.DateTimeField(null=True)
    upload_status = models.IntegerField(null=True)
    upload_error = models.TextField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "tracing_media"
        constraints = [models.UniqueConstraint(fields=["project", "media_id"], name="media_of_project")]

    def __str__(self) -> str:
        return self.media_id


class MediaUse(models.Model):
    """One place that refers to a content: a field of a trace, of an observation or of a dataset item.

    The primary key is a digest of the place, so that saying it twice is saying it once, and ids of any length fit.
    Empty text stands for "none".
    """

    id = models.CharField(primary_key=True, max_length=64)
    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="uses")
    trace_id = models.TextField()
    observation_id = models.TextField()
    dataset_id = models.TextField()
    item_id = models.TextField()
    field = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "tracing_media_use"
        indexes = [
            HashIndex(fields=["trace_id"], name="media_use_trace"),
            # What is old enough to be looked for: `tracing.media_cleaning`.
            models.Index(fields=["created_at"], name="media_use_time"),
        ]

    def __str__(self) -> str:
        return self.field
