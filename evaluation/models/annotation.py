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
    annotators = models.PositiveSmallIntegerField(
        _("annotators per item"), default=1, help_text=_("How many people judge the same item, each for themselves.")
    )
    overlap = models.FloatField(
        _("share judged by all of them"),
        default=1.0,
        help_text=_("The other items are judged by one person. 1: every item by as many as said above."),
    )
    blind = models.BooleanField(
        _("blind"), default=False, help_text=_("The desk shows neither the run nor the model nor any name of them.")
    )
    # What this rule takes is put into the queue as well, or a share of it.
    fed_by = models.ForeignKey(
        "EvaluationRule", null=True, blank=True, on_delete=models.SET_NULL, related_name="feeds", verbose_name=_("rule")
    )
    fed_share = models.FloatField(default=1.0)
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
    # Items are handed out in this order; it decides, too, which of them more than one person judges.
    place = models.PositiveIntegerField(default=0)
    # How many people are to judge it.
    wanted = models.PositiveSmallIntegerField(default=1)
    # {config id: the right value, as a form sends it}; None: nobody has said what is right.
    gold = models.JSONField(null=True, blank=True)
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
            models.Index(fields=["queue", "status", "place", "id"], name="queue_item_next"),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id}"


class TurnState(models.TextChoices):
    """How far a person is with an item."""

    CLAIMED = "CLAIMED", _("open")
    DRAFT = "DRAFT", _("begun")
    DONE = "DONE", _("done")
    SKIPPED = "SKIPPED", _("skipped")


# A turn whose person has yet to finish it.
UNFINISHED = (TurnState.CLAIMED, TurnState.DRAFT)


class AnnotationTurn(models.Model):
    """A person at an item. `slot` is the place they hold among the `wanted` of it, None for those who hold none.

    A slot is lost by skipping, and to somebody else when the lease has run out; what was typed is kept even then. The
    scores themselves stand in the store; their ids follow from person, config and what is judged.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    item = models.ForeignKey(QueueItem, on_delete=models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=TurnState.choices, default=TurnState.CLAIMED)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    # {config id: {"value": …, "comment": …}} as typed so far.
    draft = models.JSONField(default=dict, blank=True)
    seconds = models.FloatField(_("time spent"), default=0)
    claimed_at = models.DateTimeField(default=timezone.now, editable=False)
    # Until then nobody else gets the slot; afterwards they may. Finished turns hold it for ever.
    leased_until = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("annotator's turn")
        verbose_name_plural = _("annotators' turns")
        constraints = [
            models.UniqueConstraint(fields=["item", "user"], name="annotation_turn_once"),
            models.UniqueConstraint(fields=["item", "slot"], name="annotation_slot_once"),
        ]
        indexes = [models.Index(fields=["user", "state", "finished_at"], name="annotation_turn_of_person")]

    def __str__(self) -> str:
        return f"{self.item_id} · {self.user_id}"
