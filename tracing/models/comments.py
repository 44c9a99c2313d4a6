"""What people (and programs) say about a trace, an observation, a session or a version of a prompt."""

from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.utils import timezone

from common.ids import new_id


class Comment(models.Model):
    """`trace_id` is set for traces and observations, so that one read finds all comments of a trace's page."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    object_type = models.CharField(max_length=16)
    object_id = models.TextField()
    trace_id = models.TextField(null=True)
    content = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "tracing_comment"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="comment_time"),
            # Hash: clients' ids may be longer than a B-tree takes.
            HashIndex(fields=["object_id"], name="comment_object"),
            HashIndex(fields=["trace_id"], name="comment_trace"),
        ]

    def __str__(self) -> str:
        return self.content[:80]
