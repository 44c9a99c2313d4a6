"""The counts of an experiment's cells, worked out anew from its jobs."""

from django.db import connection as database

from evaluation.models.experiments import Cell, Experiment, Job

_RECOUNT = f"""
    UPDATE {Cell._meta.db_table} AS cell SET
        answered = counted.answered, failed = counted.failed, cached = counted.cached, scored = counted.scored,
        unscored = counted.unscored, cost = counted.cost, unpriced = counted.unpriced, latency = counted.latency
    FROM (
        SELECT cell_id,
            count(*) FILTER (WHERE state IN ('SCORING', 'DONE')) AS answered,
            count(*) FILTER (WHERE state = 'FAILED') AS failed,
            count(*) FILTER (WHERE cached AND state IN ('SCORING', 'DONE')) AS cached,
            count(*) FILTER (WHERE state = 'DONE') AS scored,
            count(*) FILTER (WHERE flawed) AS unscored,
            coalesce(sum(cost), 0) AS cost,
            sum(unpriced) AS unpriced,
            coalesce(sum(latency) FILTER (WHERE state IN ('SCORING', 'DONE')), 0) AS latency
        FROM {Job._meta.db_table} WHERE experiment_id = %s GROUP BY cell_id
    ) AS counted
    WHERE cell.id = counted.cell_id
"""  # noqa: S608  (names of tables)


def recount(experiment: Experiment) -> None:
    """Set the counts of all cells by their jobs, inside the caller's transaction."""
    with database.cursor() as cursor:
        cursor.execute(_RECOUNT, (experiment.pk,))
