"""Evaluators (how to score), their versions, and rules (what to score with them)."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id

EVALUATOR_NAME = 200
RULE_NAME = 200
MODEL_NAME = 200


class EvaluatorType(models.TextChoices):
    """What does the scoring."""

    JUDGE = "llm_as_judge", _("LLM as a judge")
    CODE = "code", _("Code")
    METRIC = "metric", _("Metric")


class Authored(models.Model):
    """Made by a person; None: by a program with an API key."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Evaluator(Authored):
    """A way to score, under an id that stays while its versions follow each other. Names may be taken twice.

    `paused_*` say that it cannot run at present and why; rules that use it wait. `failures` counts how often in a
    row it failed in a way that trying again does not mend.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=EVALUATOR_NAME)
    description = models.TextField(_("description"), null=True, blank=True)
    type = models.CharField(_("type"), max_length=16, choices=EvaluatorType.choices, editable=False)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True, editable=False)
    paused_reason = models.CharField(max_length=100, null=True, blank=True, editable=False)
    paused_message = models.TextField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("evaluator")
        verbose_name_plural = _("evaluators")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="evaluator_newest"),
            models.Index(fields=["project", "name"], name="evaluator_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class EvaluatorVersion(Authored):
    """One immutable definition of an evaluator.

    A judge has `messages` (`{role, content}` in order), the `variables` in them, perhaps a default `mapping` of these
    (`{variable, source, json_path}`), perhaps a model, and its `output` (see `evaluation.definitions.Output`); code
    has its source; a metric is `{kind, settings, normalisation}` (see `evaluation.scoring.metrics`).
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    evaluator = models.ForeignKey(Evaluator, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    messages = models.JSONField(default=list)
    variables = ArrayField(models.TextField(), default=list)
    mapping = models.JSONField(null=True)
    provider = models.CharField(max_length=MODEL_NAME, null=True)
    model = models.CharField(max_length=MODEL_NAME, null=True)
    output = models.JSONField(null=True)
    source_code = models.TextField(null=True)
    source_code_language = models.CharField(max_length=16, null=True)
    metric = models.JSONField(null=True)

    class Meta:
        verbose_name = _("evaluator version")
        verbose_name_plural = _("evaluator versions")
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["evaluator", "version"], name="evaluator_version_once")]

    def __str__(self) -> str:
        return f"{self.evaluator_id} · {self.version}"


class EvaluationRule(Authored):
    """Which new observations are scored, how many of them, and by which evaluators (in their latest versions).

    `filter` is a list of conditions `{type, column, operator, value, key?}` as they were sent, checked by
    `evaluation.rule_filters`.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=RULE_NAME)
    enabled = models.BooleanField(_("switched on"), default=False)
    sampling = models.FloatField(
        _("share"), default=1.0, help_text=_("Of the observations that fit, the share that is scored: 0 to 1.")
    )
    delay_seconds = models.PositiveIntegerField(
        _("delay"), default=5, help_text=_("Seconds for the rest of the trace to arrive before it is looked at.")
    )
    filter = models.JSONField(default=list)
    evaluators: Any = models.ManyToManyField(Evaluator, through="RuleEvaluator", related_name="rules")
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("evaluation rule")
        verbose_name_plural = _("evaluation rules")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["project", "-created_at", "-id"], name="evaluation_rule_newest")]

    def __str__(self) -> str:
        return self.name


class RuleEvaluator(models.Model):
    """An evaluator at work in a rule; `mapping` None takes the default of the evaluator's latest version."""

    rule = models.ForeignKey(EvaluationRule, on_delete=models.CASCADE, related_name="assignments")
    evaluator = models.ForeignKey(Evaluator, on_delete=models.CASCADE, related_name="assignments")
    mapping = models.JSONField(null=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["rule", "evaluator"], name="rule_evaluator_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} · {self.evaluator_id}"
