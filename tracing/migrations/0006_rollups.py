"""Sums by hour and day, and the triggers that note which hours no longer agree with theirs.

Triggers, because only the database knows both what a row was and what it became: a trace moves to an earlier hour when
a late span arrives, a resent event changes what was summed, a deletion names no times at all.

A mark is not made when there is one already; a writer may rely on that one only while nobody consumes marks. Writers
share a lock until they commit, whoever refreshes takes it for himself: a writer who does not get it at once (he never
waits) makes a mark of his own, which outlives the refresh that could not see his rows.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

TABLES = {
    "tracing_observation": (1, "start_time"),
    "tracing_trace": (2, "timestamp"),
    "tracing_score": (3, "timestamp"),
}
LOCK = 7_201_954  # rollup_refresh.LOCK
_FUNCTION = """
CREATE FUNCTION {table}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_try_advisory_xact_lock_shared({lock}) THEN
        INSERT INTO tracing_rollup_mark (project_id, view, cube, hour, marked_at)
        SELECT project_id, {view}, 0, hour, now() FROM (
            SELECT DISTINCT project_id, date_bin('1 hour', {time}, 'epoch'::timestamptz) AS hour FROM changed
        ) hours
        WHERE NOT EXISTS (
            SELECT FROM tracing_rollup_mark mark
            WHERE mark.project_id = hours.project_id AND mark.view = {view} AND mark.hour = hours.hour AND mark.cube = 0
        );
    ELSE
        INSERT INTO tracing_rollup_mark (project_id, view, cube, hour, marked_at)
        SELECT DISTINCT project_id, {view}, 0, date_bin('1 hour', {time}, 'epoch'::timestamptz), now() FROM changed;
    END IF;
    RETURN NULL;
END
$$
"""
_TRIGGER = """
CREATE TRIGGER {table}_{event}_{side} AFTER {event} ON {table}
REFERENCING {side} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_changed()
"""
_ALL = """
INSERT INTO tracing_rollup_mark (project_id, view, cube, hour, marked_at)
SELECT DISTINCT project_id, {view}, 0, date_bin('1 hour', {time}, 'epoch'::timestamptz), now() FROM {table}
"""
# Marks come and go all the time: their table is kept small.
_TIDY = (
    "ALTER TABLE tracing_rollup_mark SET"
    " (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 500)"
)


def watching() -> list[str]:
    made = [_TIDY]
    for table, (view, time) in TABLES.items():
        named = {"table": table, "view": view, "time": time, "lock": LOCK}
        made.append(_FUNCTION.format(**named))
        for event, side in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            made.append(_TRIGGER.format(**named, event=event, side=side))
        made.append(_ALL.format(**named))
    return made


def unwatching() -> list[str]:
    return [f"DROP FUNCTION {table}_changed() CASCADE" for table in TABLES]


class Migration(migrations.Migration):
    dependencies = [
        ("tracing", "0005_media_comments_dashboards"),
    ]

    operations = [
        migrations.CreateModel(
            name="RollupMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project_id", models.TextField()),
                ("view", models.SmallIntegerField()),
                ("cube", models.SmallIntegerField()),
                ("hour", models.DateTimeField()),
                ("marked_at", models.DateTimeField()),
            ],
            options={
                "db_table": "tracing_rollup_mark",
                "indexes": [models.Index(fields=["project_id", "view", "hour"], name="rollup_mark_hour")],
            },
        ),
        migrations.CreateModel(
            name="RollupRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project_id", models.TextField()),
                ("cube", models.SmallIntegerField()),
                ("step", models.SmallIntegerField()),
                ("start", models.DateTimeField()),
                ("d1", models.TextField(null=True)),
                ("d2", models.TextField(null=True)),
                ("d3", models.TextField(null=True)),
                ("d4", models.TextField(null=True)),
                ("d5", models.TextField(null=True)),
                ("n", models.BigIntegerField()),
                ("input_tokens_sum", models.BigIntegerField(null=True)),
                ("input_tokens_n", models.BigIntegerField(null=True)),
                ("output_tokens_sum", models.BigIntegerField(null=True)),
                ("output_tokens_n", models.BigIntegerField(null=True)),
                ("total_tokens_sum", models.BigIntegerField(null=True)),
                ("total_tokens_n", models.BigIntegerField(null=True)),
                ("input_cost_sum", models.DecimalField(decimal_places=30, max_digits=60, null=True)),
                ("input_cost_n", models.BigIntegerField(null=True)),
                ("output_cost_sum", models.DecimalField(decimal_places=30, max_digits=60, null=True)),
                ("output_cost_n", models.BigIntegerField(null=True)),
                ("total_cost_sum", models.DecimalField(decimal_places=30, max_digits=60, null=True)),
                ("total_cost_n", models.BigIntegerField(null=True)),
                ("latency_sum", models.FloatField(null=True)),
                ("latency_min", models.FloatField(null=True)),
                ("latency_max", models.FloatField(null=True)),
                ("latency_n", models.BigIntegerField(null=True)),
                (
                    "latency_bars",
                    ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
                ("first_token_sum", models.FloatField(null=True)),
                ("first_token_min", models.FloatField(null=True)),
                ("first_token_max", models.FloatField(null=True)),
                ("first_token_n", models.BigIntegerField(null=True)),
                (
                    "first_token_bars",
                    ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
                ("errors_sum", models.BigIntegerField(null=True)),
                ("errors_n", models.BigIntegerField(null=True)),
                ("warnings_sum", models.BigIntegerField(null=True)),
                ("warnings_n", models.BigIntegerField(null=True)),
                ("observations_sum", models.BigIntegerField(null=True)),
                ("observations_n", models.BigIntegerField(null=True)),
                ("value_sum", models.FloatField(null=True)),
                ("value_min", models.FloatField(null=True)),
                ("value_max", models.FloatField(null=True)),
                ("value_n", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tracing_rollup",
                "indexes": [models.Index(fields=["project_id", "cube", "step", "start"], name="rollup_time")],
            },
        ),
        migrations.RunSQL([(sql, None) for sql in watching()], [(sql, None) for sql in unwatching()]),
    ]
