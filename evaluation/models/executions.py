"""Rules and evaluators at work: what arrived and waits for its rules, what was asked for by hand, each single deed."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id
from evaluation.models.evaluators import Authored, EvaluationRule, Evaluator


class Arrival(models.Model):
    """Observations of one stored batch that rules are to look at when they are due.

    Written in the transaction that stores the batch, so that neither a crash nor a lost broker loses one; deleted in
    the transaction that makes the executions.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    observation_ids = ArrayField(models.TextField())
    rule_ids = ArrayField(models.TextField())
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="arrival_due")]

    def __str__(self) -> str:
        return f"{self.project_id} · {len(self.observation_ids)}"


class Application(Authored):
    """An evaluator, or a rule's, put to work on existing traces or observations by a person.

    `asked` is `{kind, ids}` or `{kind, filter, search, texts}`; `after` is where its reading of these has got to, and
    `found` how many it has read.
    """

    class State(models.TextChoices):
        """Finding what to score, scoring, over."""

        FINDING = "FINDING", _("looking for what to score")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")
        CANCELLED = "CANCELLED", _("cancelled")

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(EvaluationRule, null=True, on_delete=models.CASCADE, related_name="+")
    evaluator = models.ForeignKey(Evaluator, null=True, on_delete=models.CASCADE, related_name="+")
    mapping: Any = models.JSONField(null=True)
    asked: Any = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.FINDING)
    found = models.PositiveIntegerField(default=0)
    after = models.TextField(default="")
    fault = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="application_newest"),
            models.Index(fields=["created_at"], condition=Q(state__in=("FINDING", "RUNNING")), name="application_open"),
        ]

    def __str__(self) -> str:
        return self.pk


class Execution(models.Model):
    """One evaluator on one trace or observation (`observation_id` empty: the trace), once.

    `key` tells rule or application, evaluator and target: the same is never made twice. `due_at` is when it may be
    tried (again). Who works on it has written a `runner` and keeps `lease_until` ahead of the clock.
    `scores` are what it gave, `{id, name, value}` each. What is over outlives the evaluator, which has cost money: then
    `evaluator_name` says which it was.
    """

    class State(models.TextChoices):
        """Waiting (also to be tried again), at work, over in one of three ways."""

        PENDING = "PENDING", _("waiting")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")
        SKIPPED = "SKIPPED", _("skipped")

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    rule = models.ForeignKey(EvaluationRule, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    application = models.ForeignKey(
        Application, null=True, on_delete=models.SET_NULL, related_name="executions", db_index=False
    )
    evaluator = models.ForeignKey(
        Evaluator, null=True, on_delete=models.SET_NULL, related_name="executions", db_index=False
    )
    evaluator_name = models.TextField(default="", db_default="")
    version = models.PositiveIntegerField(null=True)
    trace_id = models.TextField()
    observation_id = models.TextField(default="", blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    runner = models.CharField(max_length=36, default="")
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(default="")
    cost = models.FloatField(null=True)
    scores: Any = models.JSONField(default=list)
    judge_trace_id = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("execution")
        verbose_name_plural = _("executions")
        ordering = ["-id"]
        indexes = [
            models.Index(F("project"), F("id").desc(), name="execution_newest"),
            models.Index(F("project"), F("state"), F("id").desc(), name="execution_by_state"),
            models.Index(F("evaluator"), F("id").desc(), name="execution_by_evaluator"),
            models.Index(F("rule"), F("id").desc(), condition=Q(rule__isnull=False), name="execution_by_rule"),
            models.Index(F("application"), F("state"), name="execution_by_application"),
            models.Index(fields=["due_at"], condition=Q(state__in=("PENDING", "RUNNING")), name="execution_due"),
            models.Index(fields=["created_at"], name="execution_age"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluator_id} · {self.trace_id} · {self.state}"
