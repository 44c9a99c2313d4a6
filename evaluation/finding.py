"""Finding what an application is to score, page by page, in the background.

Each page's executions and the place that was reached are written together, so that a killed worker repeats one page at
most and makes nothing twice.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import purging
from accounts.models import Project
from common.errors import Invalid
from evaluation.arrivals import Deed, is_sampled, make
from evaluation.executing import end_if_over
from evaluation.models import Application
from evaluation.rule_matching import stored_page
from evaluation.targets import Target
from tracing.filters import Filter, parse_filters
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery

PAGE = 200
State = Application.State


def find(application_id: str) -> str:
    """Find what an application is to score, until all is found; its project, empty where nothing was to be done.

    May be repeated, and called by several at once.
    """
    project_id = ""
    while True:
        with transaction.atomic():
            mine = Application.objects.select_for_update(of=("self",), skip_locked=True).select_related("rule")
            given = mine.filter(pk=application_id, state=State.FINDING).first()
            if given is None or not purging.hold(given.project_id):
                return project_id
            project_id = given.project_id
            try:
                after = _find_page(given)
            except Invalid as refused:
                given.fault, given.state, given.ended_at, after = refused.message, State.FAILED, timezone.now(), None
            else:
                given.state = State.FINDING if after else State.RUNNING
            given.after = after or ""
            given.save(update_fields=["state", "found", "after", "fault", "ended_at"])
            if given.state == State.RUNNING:
                end_if_over(given.pk)


def abandoned() -> list[str]:
    """Applications that nobody may be working at, because a task got lost."""
    late = Application.objects.filter(state=State.FINDING, created_at__lt=Now() - timedelta(seconds=20))
    late = late.filter(project__in=Project.objects.all())
    return list(late.values_list("pk", flat=True))


def _find_page(given: Application) -> str | None:
    """Executions for one page of what was asked for; where the next one begins, None at the end."""
    if given.rule is not None:
        return _find_for_rule(given)
    targets, after = _page(given)
    given.found += len(targets)
    make(given.project_id, [Deed(given.evaluator_id or "", target) for target in targets], application=given)
    return after


def _find_for_rule(given: Application) -> str | None:
    rule = given.rule
    assert rule is not None
    since = datetime.fromisoformat(given.asked["since"]) if given.asked["since"] else None
    taken, after = stored_page(rule, since, given.created_at, given.after, PAGE)
    targets = list(dict.fromkeys(target for target, observation_id in taken if is_sampled(rule, observation_id)))
    given.found += len(targets)
    deeds = [Deed(one.evaluator_id, target) for target in targets for one in rule.assignments.all()]
    make(given.project_id, deeds, rule=rule, application=given)
    return after


def _page(given: Application) -> tuple[list[Target], str | None]:
    asked = given.asked
    is_traces = asked["kind"] == "traces"
    if "ids" in asked:
        begin = int(given.after or 0)
        ids = tuple(asked["ids"][begin : begin + PAGE])
        rows, _next = _rows(given, is_traces, ids=ids, window=Cursor(limit=PAGE))
        return rows, str(begin + PAGE) if begin + PAGE < len(asked["ids"]) else None
    until = Filter("datetime", "timestamp" if is_traces else "startTime", "<=", given.created_at)
    return _rows(
        given,
        is_traces,
        filters=(*parse_filters(asked["filter"]), until),
        search=asked["search"],
        search_bodies=asked["texts"],
        window=Cursor(given.after, PAGE),
    )


def _rows(given: Application, is_traces: bool, **asked: Any) -> tuple[list[Target], str | None]:
    if is_traces:
        traces = store().traces(TraceQuery(project_id=given.project_id, order=("timestamp", "asc"), **asked))
        return [Target(row.id) for row in traces.rows], traces.next_cursor
    query = ObservationQuery(project_id=given.project_id, order=("startTime", "asc"), with_texts=False, **asked)
    page = store().observations(query)
    return [Target(row.trace_id, row.id) for row in page.rows], page.next_cursor
