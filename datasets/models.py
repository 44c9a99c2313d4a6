"""Datasets, their items as rows in time, and runs: which item was answered by which trace."""

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id

MAX_NAME = 500
MAX_ITEM_ID = 255
MAX_RUN_NAME = 1000
# Part of an index, whose rows PostgreSQL keeps below 2.7 kB; ids that clients compute have 16 characters.
MAX_RUN_ID = 255
MAX_ID = 800


class Dataset(models.Model):
    """A named collection of examples. Metadata and schemas are JSON text, so that the order of keys survives."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=MAX_NAME)
    description = models.TextField(_("description"), null=True, blank=True)
    metadata = models.TextField(_("metadata"), null=True, blank=True)
    input_schema = models.TextField(_("input schema"), null=True, blank=True)
    expected_output_schema = models.TextField(_("expected output schema"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="dataset_name_once")]
        indexes = [models.Index(fields=["project", "-created_at"], name="dataset_newest")]

    def __str__(self) -> str:
        return self.name


class DatasetItem(models.Model):
    """One version of one item: it held from `valid_from` until `valid_to` (None: it holds now).

    Rows are never changed but for closing them; a deleted item's last row is a tombstone. So a dataset can be read as
    it was at any moment, and a run item points at the very row that was answered.
    """

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        ARCHIVED = "ARCHIVED", _("Archived")

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="item_versions")
    item_id = models.CharField(max_length=MAX_ITEM_ID)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    is_deleted = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    # JSON text; None: never given.
    input = models.TextField(null=True, blank=True)
    expected_output = models.TextField(null=True, blank=True)
    metadata = models.TextField(null=True, blank=True)
    source_trace_id = models.CharField(max_length=MAX_ID, null=True, blank=True)
    source_observation_id = models.CharField(max_length=MAX_ID, null=True, blank=True)
    # Lists go by it, highest first: microseconds of creation; the rows of one import count down, to keep their order.
    rank = models.BigIntegerField()
    created_at = models.DateTimeField()
    # Who made this version: a person, or the public key of a program.
    author = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("dataset item")
        verbose_name_plural = _("dataset items")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "item_id"], condition=Q(valid_to=None), name="dataset_item_holds_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["dataset", "-rank"], condition=Q(valid_to=None, is_deleted=False), name="dataset_item_current"
            ),
            models.Index(fields=["project", "item_id", "valid_from"], name="dataset_item_history"),
            models.Index(fields=["dataset", "valid_from"], name="dataset_item_in_time"),
            # Hashed, because an id may be longer than a row of an ordered index.
            HashIndex(fields=["source_trace_id"], condition=Q(valid_to=None), name="dataset_item_source"),
        ]

    def __str__(self) -> str:
        return self.item_id


class DatasetRun(models.Model):
    """A pass over a dataset, called experiment elsewhere; `run_id` is what clients compute by themselves.

    `dataset` is None for an experiment over data that only the client has: SDKs print its address and send it scores,
    so it is shown like the others. The same `run_id` may occur in several projects, because clients may choose it.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.CASCADE, related_name="runs")
    run_id = models.CharField(max_length=MAX_RUN_ID)
    name = models.CharField(_("name"), max_length=MAX_RUN_NAME)
    description = models.TextField(_("description"), null=True, blank=True)
    metadata = models.TextField(_("metadata"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [models.UniqueConstraint(fields=["project", "run_id"], name="dataset_run_once")]
        indexes = [
            models.Index(fields=["dataset", "-created_at"], name="dataset_run_newest"),
            models.Index(fields=["project", "-created_at"], name="dataset_run_of_project"),
        ]

    def __str__(self) -> str:
        return self.name


class DatasetRunItem(models.Model):
    """One answer to one item: several of one item in a run are repetitions, all of them kept.

    The id is made of project, run, item, trace and observation: the same answer told twice (a retry, or an SDK that
    says it by a call and by its spans) is one. The trace may not have arrived yet. `version` is the item's row that was
    answered; None when this project never had such an item, and then `expected_output` and `metadata` hold what the
    client said about it.
    """

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(DatasetRun, on_delete=models.CASCADE, related_name="items")
    item_id = models.CharField(max_length=MAX_ITEM_ID)
    version = models.ForeignKey(DatasetItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    trace_id = models.CharField(max_length=MAX_ID)
    # Empty: the trace as a whole is the answer.
    observation_id = models.CharField(max_length=MAX_ID, blank=True)
    expected_output = models.TextField(null=True, blank=True)
    metadata = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("run item")
        verbose_name_plural = _("run items")
        indexes = [
            models.Index(fields=["run", "created_at"], name="dataset_run_item_order"),
            models.Index(fields=["project", "-created_at"], name="dataset_run_item_newest"),
            models.Index(fields=["project", "item_id", "-created_at"], name="dataset_run_item_answers"),
            models.Index(fields=["project", "trace_id"], name="dataset_run_item_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} · {self.item_id}"


class DatasetImport(models.Model):
    """A file on its way into a dataset: uploaded, looked at, read row by row; it survives reloads and restarts."""

    class State(models.TextChoices):
        UPLOADED = "UPLOADED", _("uploaded")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="imports")
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=255)
    # Emptied when the import is done.
    content = models.BinaryField()
    # How it is read, and which column goes where (see `datasets.imports`).
    reading = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.UPLOADED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["project", "created_at"], name="dataset_import_age")]

    def __str__(self) -> str:
        return self.file_name
