"""What the doors refused or did not wholly understand, and how much each client sent: kept for a while, for people."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

DOORS = [
    ("ingestion", _("JSON events")),
    ("otel", _("OpenTelemetry")),
    ("scores", _("Scores")),
]
KINDS = [("refused", _("Refused")), ("misunderstood", _("Partly understood"))]


class RejectedEvent(models.Model):
    """One refused event or export, or a stored one of which something was not understood.

    `body` is what the client sent, unpacked: the event for JSON, the score, the whole request for OTLP.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    door = models.CharField(max_length=16, choices=DOORS)
    kind = models.CharField(max_length=16, choices=KINDS)
    status = models.PositiveSmallIntegerField()
    reason = models.TextField()
    event_type = models.CharField(max_length=100, blank=True)
    event_id = models.CharField(max_length=800, blank=True)
    client = models.CharField(max_length=100, blank=True)
    client_version = models.CharField(max_length=100, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()
    size = models.PositiveIntegerField()  # of all of it, in bytes
    replayed_at = models.DateTimeField(null=True)
    replayed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return self.reason

    @property
    def whole(self) -> bool:
        """False where only the beginning is kept, because all of it was too long: it cannot be replayed."""
        return len(self.body) == self.size


class ClientUse(models.Model):
    """How many events (or spans, or scores) a version of a client sent through a door on one day (UTC)."""

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    door = models.CharField(max_length=16, choices=DOORS)
    client = models.CharField(max_length=100, blank=True)
    client_version = models.CharField(max_length=100, blank=True)
    accepted = models.BigIntegerField()
    refused = models.BigIntegerField()
    misunderstood = models.BigIntegerField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "day", "door", "client", "client_version"], name="client_use_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.client_version}"
