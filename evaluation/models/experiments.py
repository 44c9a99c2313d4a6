"""Experiments: prompts × models × repetitions over a dataset, each pair a dataset run, each answer a job."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id
from datasets.models import MAX_RUN_ID, MAX_RUN_NAME
from evaluation.models.evaluators import EVALUATOR_NAME, Evaluator, EvaluatorType, EvaluatorVersion
from llm.models import LlmConnection
from prompts.models import NAME_LENGTH

EXPERIMENT_NAME = 200
ARM_LABEL = 200
_TRACES = uuid.UUID("0f0e2c52-7c0c-4f0b-8d0a-9e3d7f6f4b1c")


class Experiment(models.Model):
    """A plan with everything pinned, and how far it has come.

    `version_at` is the moment at which the dataset's items are taken, `item_filter` which of them
    (`evaluation.experiment_draft.ItemFilter`); `mapping` is a list of `{variable, source, json_path}`; `extraction` an
    `evaluation.extraction.Extraction`. `spent` is in US dollars, `cost_cap` too (None: no cap). `reason` says why it
    stands still, where a program decided it.

    Exactly one process works on it: the one whose token is `runner` and whose `beat_at` is young.
    """

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("planned")
        RUNNING = "RUNNING", _("running")
        PAUSED = "PAUSED", _("paused")
        CAPPED = "CAPPED", _("stopped by its cost cap")
        CANCELLED = "CANCELLED", _("cancelled")
        DONE = "DONE", _("finished")

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=EXPERIMENT_NAME)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.PLANNED)
    reason = models.TextField(blank=True)
    version_at = models.DateTimeField()
    item_filter = models.JSONField(default=dict)
    item_count = models.PositiveIntegerField()
    repetitions = models.PositiveSmallIntegerField(default=1)
    mapping = models.JSONField(default=list)
    extraction = models.JSONField(default=dict)
    cost_cap = models.FloatField(null=True, blank=True)
    use_cache = models.BooleanField(default=True)
    concurrency = models.PositiveSmallIntegerField(null=True, blank=True)
    code_version = models.CharField(max_length=100, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    spent = models.FloatField(default=0)
    runner = models.CharField(max_length=32, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="experiment_newest"),
            models.Index(fields=["dataset", "-created_at"], name="experiment_of_dataset"),
            models.Index(fields=["beat_at"], condition=Q(status="RUNNING"), name="experiment_running"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself or by `resume`."""
        return self.status in (self.Status.CANCELLED, self.Status.DONE)


class PromptArm(models.Model):
    """A prompt version in an experiment. `content` is its JSON text with all composition and examples put in, as it
    was when the experiment was planned, and the examples marked (`prompts.templates.literal`); `digest` the SHA-256 of
    that text without the marks."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="prompts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=NAME_LENGTH)
    version = models.PositiveIntegerField()
    strategy = models.CharField(_("strategy"), max_length=ARM_LABEL, blank=True)
    content = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["experiment", "position"], name="prompt_arm_once")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The strategy, or the prompt and its version where none was named."""
        return self.strategy or f"{self.name} v{self.version}"


class ModelArm(models.Model):
    """A model with its parameters in an experiment; `provider` stays when the connection goes."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="models")
    position = models.PositiveSmallIntegerField()
    connection = models.ForeignKey(LlmConnection, null=True, on_delete=models.SET_NULL, related_name="+")
    provider = models.CharField(max_length=200)
    model = models.CharField(max_length=200)
    parameters = models.JSONField(default=dict)
    name = models.CharField(max_length=ARM_LABEL, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["experiment", "position"], name="model_arm_once")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name it was given, or the model's own."""
        return self.name or self.model


class Cell(models.Model):
    """A prompt with a model: one dataset run. The counts are of its jobs, kept in the transactions that change these.

    `answered` have a recorded answer, `scored` of these have all their scores (or failed to get them: `unscored`);
    `cached` of the answers were paid for before. `cost` is the sum of what is known; `unpriced` calls are not in it,
    because nobody knows their price. `latency` is the sum of the answers' seconds. `halted` says why the cell waits,
    such as a refused key.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="cells")
    prompt = models.ForeignKey(PromptArm, on_delete=models.CASCADE, related_name="cells")
    model = models.ForeignKey(ModelArm, on_delete=models.CASCADE, related_name="cells")
    position = models.PositiveSmallIntegerField()
    run_name = models.CharField(max_length=MAX_RUN_NAME)
    run_id = models.CharField(max_length=MAX_RUN_ID)
    total = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cached = models.PositiveIntegerField(default=0)
    scored = models.PositiveIntegerField(default=0)
    unscored = models.PositiveIntegerField(default=0)
    cost = models.FloatField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    latency = models.FloatField(default=0)
    halted = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["experiment", "position"], name="cell_once")]
        indexes = [models.Index(fields=["run_id"], name="cell_of_run")]

    def __str__(self) -> str:
        return self.run_name


class ChosenEvaluator(models.Model):
    """An evaluator of the experiment in a pinned version; `mapping` None takes the version's own.

    What it was is kept beside the references, which end when it is deleted: `name`, `type`, `number` (of the version)
    and `definition` (`evaluation.definitions` as JSON) tell by whom an old experiment was judged. `halted` says why it
    is no longer asked, such as a program that took too long every time.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="evaluators")
    evaluator = models.ForeignKey(Evaluator, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(EvaluatorVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=EVALUATOR_NAME)
    type = models.CharField(max_length=16, choices=EvaluatorType.choices)
    number = models.PositiveIntegerField()
    definition: Any = models.JSONField()
    mapping = models.JSONField(null=True)
    position = models.PositiveSmallIntegerField()
    halted = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["experiment", "evaluator"], name="chosen_evaluator_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class Job(models.Model):
    """One answer: an item in a cell, for the n-th time.

    PENDING waits for a runner, RUNNING is being asked, SCORING is answered and recorded but not scored wholly, DONE and
    FAILED (no answer: `error_kind`, `error`) are the ends. `scoring` maps positions of evaluators to "" for done, or
    to the sentence why that one failed; `flawed` is set while there is such a sentence. `note` tells what is odd about
    a recorded answer, such as that nothing could be extracted. `round` counts how often it was sent again by a person.
    `cost` (US dollars, judges included) and `latency` (seconds) are None while unknown; `unpriced` counts the calls
    whose price nobody knows.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("waiting")
        RUNNING = "RUNNING", _("running")
        SCORING = "SCORING", _("being scored")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    cell = models.ForeignKey(Cell, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    item = models.ForeignKey("datasets.DatasetItem", on_delete=models.CASCADE, related_name="+")
    repetition = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    round = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    error_kind = models.CharField(max_length=32, blank=True, default="")
    error = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    cached = models.BooleanField(default=False)
    cost = models.FloatField(null=True)
    unpriced = models.PositiveIntegerField(default=0)
    latency = models.FloatField(null=True)
    scoring: Any = models.JSONField(default=dict)
    flawed = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cell", "item", "repetition"], name="job_once")]
        indexes = [
            models.Index(
                fields=["experiment", "state", "id"],
                condition=Q(state__in=["PENDING", "RUNNING", "SCORING"]),
                name="job_open",
            ),
            models.Index(fields=["experiment", "id"], name="job_in_order"),
            models.Index(fields=["experiment", "finished_at"], name="job_finished"),
            models.Index(fields=["experiment", "id"], condition=Q(state="FAILED") | Q(flawed=True), name="job_faulty"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_id} · {self.item_id} · {self.repetition}"

    @property
    def trace_id(self) -> str:
        """The trace that the answer is recorded as: the same however often the recording is tried."""
        return uuid.uuid5(_TRACES, f"{self.experiment_id}/{self.pk}/{self.round}").hex


class Unplanned(models.Model):
    """What of a large experiment's jobs is still to be written (`evaluation.writing_jobs`): gone when all are.

    `items` are the keys of all its items, in order; `written` of `total` jobs are there.
    """

    experiment = models.OneToOneField(Experiment, primary_key=True, on_delete=models.CASCADE, related_name="+")
    items = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    written = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.written} / {self.total}"


class KeptResponse(models.Model):
    """What a model answered to a request, so that the same is not paid twice (`evaluation.response_cache`)."""

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    answer = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="kept_response_once")]

    def __str__(self) -> str:
        return self.key


class Rescoring(models.Model):
    """Evaluators applied to the answers of runs that exist already, without a call of the models that gave them.

    `runs` are dataset runs in order, `evaluators` a list of `{version, name, mapping}`, with `halted` once one is no
    longer asked (the sentence why); `after` is the last run item that is dealt with (items go by run and id), so that a
    killed worker loses one batch at most. `unpriced` calls are not in `cost`.
    """

    class Status(models.TextChoices):
        RUNNING = "RUNNING", _("running")
        CANCELLED = "CANCELLED", _("cancelled")
        DONE = "DONE", _("finished")

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.RUNNING)
    runs: Any = models.JSONField(default=list)
    evaluators: Any = models.JSONField(default=list)
    only_missing = models.BooleanField(default=False)
    run_position = models.PositiveIntegerField(default=0)
    after = models.CharField(max_length=32, blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cost = models.FloatField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    # The last failures: `{item, evaluator, message}`.
    failures: Any = models.JSONField(default=list)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    runner = models.CharField(max_length=32, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created_at"], name="rescoring_newest"),
            models.Index(fields=["beat_at"], condition=Q(status="RUNNING"), name="rescoring_running"),
        ]

    def __str__(self) -> str:
        return self.id
