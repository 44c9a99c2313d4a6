"""The tables of measured rows. They are models so that migrations know them; only `tracing.store.postgres` reads and
writes them, by SQL.

Nothing here points at another table: ids are plain text, an observation or a score may arrive before its trace, and
these rows may one day stand in another database. Identity is (project, id).

Null means "nobody has said": merges keep what is there when an event says nothing, and readers fill in the default.
Texts stand in packs (`PackRow`, `tracing.store.postgres.packs`); a row names the packs that speak of it. Columns are in
the order in which they take least room: eight bytes wide, then narrower, then texts.

An index costs each insert about a tenth of its time, and disk: every one here answers a question that is asked all the
time.
"""

# ruff: noqa: DJ008  (nobody ever prints these)

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models.functions import Left

USER_KEY = 100  # characters of a user's name that its index holds
NAME_KEY = 100  # likewise of a score's


class PackRow(models.Model):
    """The texts of one write, compressed together."""

    pk = models.CompositePrimaryKey("project_id", "id")
    id = models.BigIntegerField()  # from a sequence
    project_id = models.TextField()
    body = models.BinaryField()
    rest = models.BinaryField(null=True)  # texts too long for lists
    signature = models.BinaryField(null=True)  # see `tracing.store.postgres.signatures`

    class Meta:
        db_table = "tracing_pack"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(signature__isnull=True), name="pack_unsigned"),
        ]


class TraceRow(models.Model):
    """One trace, with totals over its observations kept exact by every write."""

    pk = models.CompositePrimaryKey("project_id", "id")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)  # null: when it was created
    timestamp = models.DateTimeField()
    pack = models.BigIntegerField(null=True)
    pack_hash = models.BigIntegerField(null=True)  # of the part that came last: the same again adds nothing
    # Totals over the observations.
    first_start = models.DateTimeField(null=True)
    last_end = models.DateTimeField(null=True)
    input_tokens = models.BigIntegerField(db_default=0)
    output_tokens = models.BigIntegerField(db_default=0)
    total_tokens = models.BigIntegerField(db_default=0)
    input_cost = models.FloatField(null=True)
    output_cost = models.FloatField(null=True)
    total_cost = models.FloatField(null=True)
    observation_count = models.IntegerField(db_default=0)
    error_count = models.IntegerField(db_default=0)
    warning_count = models.IntegerField(db_default=0)
    debug_count = models.IntegerField(db_default=0)
    level = models.SmallIntegerField(null=True)
    # False: only implied by an observation so far.
    explicit = models.BooleanField()
    timestamp_given = models.BooleanField()
    environment_given = models.BooleanField()
    public = models.BooleanField(null=True)
    bookmarked = models.BooleanField(null=True)
    project_id = models.TextField()
    id = models.TextField()
    root_id = models.TextField(null=True)  # lends the trace its input and output when it has none of its own
    environment = models.TextField(null=True)
    name = models.TextField(null=True)
    user_id = models.TextField(null=True)
    session_id = models.TextField(null=True)
    release = models.TextField(null=True)
    version = models.TextField(null=True)
    tags = ArrayField(models.TextField())
    # {key: JSON text}: the values stay as they were sent, and a key can be filtered.
    metadata = models.JSONField(null=True)
    earlier = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        db_table = "tracing_trace"
        indexes = [
            # The list, newest first (read backwards), its cursor, every time window, retention.
            models.Index(fields=["project_id", "timestamp"], name="trace_time"),
            # The turns of a session; a trace without one costs nothing.
            models.Index(
                fields=["project_id", "session_id"], condition=models.Q(session_id__isnull=False), name="trace_session"
            ),
            # The traces of a user. Nobody bounds the length of such a name; an index must.
            models.Index(
                models.F("project_id"),
                Left("user_id", USER_KEY),
                condition=models.Q(user_id__isnull=False),
                name="trace_user",
            ),
        ]


class ObservationRow(models.Model):
    """One step of a trace: the fact table."""

    pk = models.CompositePrimaryKey("project_id", "id")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)  # null: when it was created
    start_time = models.DateTimeField()
    end_time = models.DateTimeField(null=True)
    completion_start_time = models.DateTimeField(null=True)
    pack = models.BigIntegerField(null=True)
    # Sums of the details, for totals, filters and metrics.
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    total_tokens = models.BigIntegerField(null=True)
    input_cost = models.FloatField(null=True)
    output_cost = models.FloatField(null=True)
    total_cost = models.FloatField(null=True)
    prompt_version = models.BigIntegerField(null=True)
    level = models.SmallIntegerField(null=True)  # index in records.LEVELS
    trace_given = models.BooleanField()  # False: a wrapper trace until an event names one
    start_given = models.BooleanField()  # False: an update came before its create; the event's time stands in
    as_root = models.BooleanField(null=True)
    project_id = models.TextField()
    id = models.TextField()
    trace_id = models.TextField()
    parent_observation_id = models.TextField(null=True)
    type = models.TextField(null=True)
    name = models.TextField(null=True)
    status_message = models.TextField(null=True)
    environment = models.TextField(null=True)
    version = models.TextField(null=True)
    model = models.TextField(null=True)
    model_id = models.TextField(null=True)
    prompt_id = models.TextField(null=True)
    prompt_name = models.TextField(null=True)
    # Null also where they say no more than the sums: {input, output, total}.
    usage_details = models.JSONField(null=True)
    cost_details = models.JSONField(null=True)
    experiment = models.JSONField(null=True)
    earlier = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        db_table = "tracing_observation"
        indexes = [
            # The observations of a trace: its page, its totals at every write, its deletion.
            models.Index(fields=["project_id", "trace_id"], name="observation_trace"),
            # The list, newest first (read backwards), its cursor, and the time window of every metric.
            models.Index(fields=["project_id", "start_time"], name="observation_time"),
        ]


class ScoreRow(models.Model):
    """One judgement."""

    pk = models.CompositePrimaryKey("project_id", "id")
    project_id = models.TextField()
    id = models.TextField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    timestamp = models.DateTimeField()
    name = models.TextField()
    data_type = models.TextField()
    value = models.FloatField(null=True)
    string_value = models.TextField(null=True)
    source = models.TextField()
    environment = models.TextField()
    trace_id = models.TextField(null=True)
    observation_id = models.TextField(null=True)
    session_id = models.TextField(null=True)
    dataset_run_id = models.TextField(null=True)
    config_id = models.TextField(null=True)
    queue_id = models.TextField(null=True)
    author_user_id = models.TextField(null=True)
    comment = models.TextField(null=True)
    metadata = models.JSONField(null=True)

    class Meta:
        db_table = "tracing_score"
        indexes = [
            models.Index(fields=["project_id", "timestamp", "id"], name="score_time"),
            # The scores of a page of traces, and filters of traces by score.
            models.Index(fields=["project_id", "trace_id"], name="score_trace"),
            # Traces by a rare value. Names may be longer than an index can hold.
            models.Index(
                models.F("project_id"),
                Left("name", NAME_KEY),
                models.F("value"),
                condition=models.Q(trace_id__isnull=False),
                name="score_value",
            ),
            # Few scores judge sessions and runs; the hash leaves the others out.
            HashIndex(fields=["session_id"], name="score_session"),
            HashIndex(fields=["dataset_run_id"], name="score_dataset_run"),
        ]


class SessionRow(models.Model):
    """One conversation. What it amounts to is summed over its traces when it is read."""

    pk = models.CompositePrimaryKey("project_id", "id")
    project_id = models.TextField()
    id = models.TextField()
    created_at = models.DateTimeField()
    environment = models.TextField(null=True)
    bookmarked = models.BooleanField(default=False)
    public = models.BooleanField(default=False)

    class Meta:
        db_table = "tracing_session"
        indexes = [models.Index(fields=["project_id", "created_at"], name="session_time")]
