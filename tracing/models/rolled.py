"""Sums of measured rows by hour and by day, made from them and never the other way round.

`tracing.store.postgres.rollup_cubes` says what is summed by what. Triggers of the measured tables (migration
0006) note in `RollupMark` which hours no longer agree with their sums; a task makes those anew.
"""

# ruff: noqa: DJ008  (nobody ever prints these)

from django.contrib.postgres.fields import ArrayField
from django.db import models


class RollupRow(models.Model):
    """Everything of one hour or day (UTC) that has the same values in the dimensions of a cube.

    A `…_sum` adds what is not null. `…_n` counts it, and is null when that is all of them, or, with the sum, none.
    `…_bars` are the bars of a histogram (`rollup_bars`).
    """

    id = models.BigAutoField(primary_key=True)
    project_id = models.TextField()
    cube = models.SmallIntegerField()
    step = models.SmallIntegerField()  # 0: hour, 1: day
    start = models.DateTimeField()
    d1 = models.TextField(null=True)
    d2 = models.TextField(null=True)
    d3 = models.TextField(null=True)
    d4 = models.TextField(null=True)
    d5 = models.TextField(null=True)
    n = models.BigIntegerField()
    input_tokens_sum = models.BigIntegerField(null=True)
    input_tokens_n = models.BigIntegerField(null=True)
    output_tokens_sum = models.BigIntegerField(null=True)
    output_tokens_n = models.BigIntegerField(null=True)
    total_tokens_sum = models.BigIntegerField(null=True)
    total_tokens_n = models.BigIntegerField(null=True)
    input_cost_sum = models.DecimalField(null=True, max_digits=60, decimal_places=30)
    input_cost_n = models.BigIntegerField(null=True)
    output_cost_sum = models.DecimalField(null=True, max_digits=60, decimal_places=30)
    output_cost_n = models.BigIntegerField(null=True)
    total_cost_sum = models.DecimalField(null=True, max_digits=60, decimal_places=30)
    total_cost_n = models.BigIntegerField(null=True)
    latency_sum = models.FloatField(null=True)
    latency_min = models.FloatField(null=True)
    latency_max = models.FloatField(null=True)
    latency_n = models.BigIntegerField(null=True)
    latency_bars = ArrayField(models.IntegerField(), null=True)
    first_token_sum = models.FloatField(null=True)
    first_token_min = models.FloatField(null=True)
    first_token_max = models.FloatField(null=True)
    first_token_n = models.BigIntegerField(null=True)
    first_token_bars = ArrayField(models.IntegerField(), null=True)
    errors_sum = models.BigIntegerField(null=True)
    errors_n = models.BigIntegerField(null=True)
    warnings_sum = models.BigIntegerField(null=True)
    warnings_n = models.BigIntegerField(null=True)
    observations_sum = models.BigIntegerField(null=True)
    observations_n = models.BigIntegerField(null=True)
    value_sum = models.FloatField(null=True)
    value_min = models.FloatField(null=True)
    value_max = models.FloatField(null=True)
    value_n = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tracing_rollup"
        indexes = [models.Index(fields=["project_id", "cube", "step", "start"], name="rollup_time")]


class RollupMark(models.Model):
    """An hour whose sums are not to be used. A hour may be marked several times.

    `cube` 0: rows of it changed, in all cubes of the view; else: too many different values to be worth summing.
    """

    id = models.BigAutoField(primary_key=True)
    project_id = models.TextField()
    view = models.SmallIntegerField()
    cube = models.SmallIntegerField()
    hour = models.DateTimeField()
    marked_at = models.DateTimeField()

    class Meta:
        db_table = "tracing_rollup_mark"
        indexes = [models.Index(fields=["project_id", "view", "hour"], name="rollup_mark_hour")]
