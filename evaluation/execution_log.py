"""What is told of executions: the log, and how an evaluator has been doing lately."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db.models import QuerySet

from evaluation.models import Execution

RECENT = 100


@dataclass(frozen=True, slots=True)
class Recent:
    """An evaluator's last executions, at most RECENT: `mean` of the numbers it gave, and when it ran last."""

    n: int = 0
    failed: int = 0
    mean: float | None = None
    scored: int = 0
    last: datetime | None = None


def log_of(
    project_id: str, *, state: str = "", evaluator_id: str = "", rule_id: str = "", application_id: str = ""
) -> QuerySet[Execution]:
    """The project's executions, newest first; unknown states and ids find nothing."""
    found = Execution.objects.filter(project_id=project_id).select_related("evaluator", "rule").order_by("-id")
    for name, value in (("evaluator_id", evaluator_id), ("rule_id", rule_id), ("application_id", application_id)):
        if value:
            found = found.filter(**{name: value}) if "\0" not in value else found.none()
    if state in Execution.State.values:
        found = found.filter(state=state)
    return found


def waiting_of(rule_id: str) -> int:
    """How many executions of a rule wait for a worker, or for a pause to end; by the index of what is not over."""
    return Execution.objects.filter(rule_id=rule_id, state=Execution.State.PENDING).count()


def recent_of(evaluator_ids: Sequence[str]) -> dict[str, Recent]:
    """How these evaluators have been doing; one query, by an index, however many executions there are."""
    if not evaluator_ids:
        return {}
    with database.cursor() as cursor:
        cursor.execute(_RECENT, [list(evaluator_ids), RECENT])
        rows = cursor.fetchall()
    found: dict[str, list[tuple[str, Any, datetime | None]]] = {}
    for evaluator_id, state, values, ended in rows:
        found.setdefault(evaluator_id, []).append((state, values, ended))
    return {key: _recent(several) for key, several in found.items()}


def _recent(rows: list[tuple[str, Any, datetime | None]]) -> Recent:
    values = [value for _state, several, _ended in rows for value in several or ()]
    ends = [ended for _state, _values, ended in rows if ended]
    return Recent(
        n=len(rows),
        failed=sum(state == Execution.State.FAILED for state, _values, _ended in rows),
        mean=math.fsum(values) / len(values) if values else None,
        scored=len(values),
        last=max(ends, default=None),
    )


_RECENT = f"""
    SELECT wanted.id, one.state, one.numbers, one.ended_at
    FROM unnest(%s::text[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT state, ended_at, ARRAY(
            SELECT (score ->> 'value')::float8 FROM jsonb_array_elements(scores) AS score
            WHERE jsonb_typeof(score -> 'value') = 'number'
        ) AS numbers
        FROM {Execution._meta.db_table} WHERE evaluator_id = wanted.id ORDER BY id DESC LIMIT %s
    ) AS one
"""  # noqa: S608  (the name of a table)
