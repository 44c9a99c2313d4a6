"""Annotation queues: what people are asked to judge, by which score configs, and who is asked."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id

QUEUE_NAME = 200
OBJECT_ID = 800


class AnnotationQueue(models.Model):
    """A list of things to judge. What it says about itself is shown to the annotators as their instructions."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=QUEUE_NAME)
    description = models.TextField(
        _("description"), null=True, blank=True, help_text=_("What the annotators are to look at, and how to decide.")
    )
    configs = models.ManyToManyField(
        "tracing.ScoreConfig", through="QueueConfig", related_name="+", verbose_name=_("score configs")
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="QueueMember", related_name="+", verbose_name=_("annotators")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("annotation queue")
        verbose_name_plural = _("annotation queues")
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="annotation_queue_name_once")]

    def __str__(self) -> str:
        return self.name


class QueueConfig(models.Model):
    """A score that the queue asks for, in the order of the form."""

    queue = models.ForeignKey(AnnotationQueue, on_delete=models.CASCADE, related_name="asked")
    config = models.ForeignKey("tracing.ScoreConfig", on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["queue", "config"], name="queue_config_once")]

    def __str__(self) -> str:
        return f"{self.queue_id} · {self.config_id}"


class QueueMember(models.Model):
    """A person who is asked to work on the queue."""

    queue = models.ForeignKey(AnnotationQueue, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "user"], name="queue_member_once")]

    def __str__(self) -> str:
        return f"{self.queue_id} · {self.user_id}"


class ObjectType(models.TextChoices):
    """What can be judged."""

    TRACE = "TRACE", _("Trace")
    OBSERVATION = "OBSERVATION", _("Observation")
    SESSION = "SESSION", _("Session")


class ItemStatus(models.TextChoices):
    """Whether a thing still waits for its judgement."""

    PENDING = "PENDING", _("waiting")
    COMPLETED = "COMPLETED", _("done")


class QueueItem(models.Model):
    """A thing to judge, named by an id that may arrive later; the same thing may stand in a queue twice.

    The row is the thing in the queue and not somebody's turn at it: turns of several annotators hang on it.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    queue = models.ForeignKey(AnnotationQueue, on_delete=models.CASCADE, related_name="items")
    object_type = models.CharField(_("kind"), max_length=16, choices=ObjectType.choices)
    object_id = models.CharField(_("id"), max_length=OBJECT_ID)
    status = models.CharField(_("status"), max_length=16, choices=ItemStatus.choices, default=ItemStatus.PENDING)
    completed_at = models.DateTimeField(_("done at"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("queue item")
        verbose_name_plural = _("queue items")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["queue", "-created_at", "-id"], name="queue_item_newest"),
            models.Index(fields=["queue", "status", "-created_at", "-id"], name="queue_item_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id}"
