"""Evaluators put to work on what is there already: chosen rows of a list, all that it shows, what a rule would take.

What is to be scored is found in the background (`evaluation.finding`) and scored like all else
(`evaluation.executing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Literal

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Conflict, Invalid, NotFound
from evaluation import evaluators, mapping, rules
from evaluation.mapping import Mapped
from evaluation.models import Application, Execution
from evaluation.runnable import require_runnable
from evaluation.tasks import enqueue_application
from tracing.filters import Filter, filters_as_json

Kind = Literal["traces", "observations"]
MOST_CHOSEN = 1_000
State = Application.State
OPEN = (State.FINDING, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Traces or observations: those of `ids`, or (None) all that a list shows."""

    kind: Kind
    ids: Sequence[str] | None = None
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_bodies: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an application is, by what became of its executions."""

    application: Application
    done: int
    failed: int
    skipped: int
    open: int
    cost: float | None

    @property
    def over(self) -> int:
        return self.done + self.failed + self.skipped

    @property
    def total(self) -> int:
        return self.over + self.open


def apply_evaluator(
    project_id: str, evaluator_id: str, chosen: Chosen, author: Author, mapped: Sequence[Mapped] | None = None
) -> Application:
    """Let an evaluator score all of these. Raises NotFound, Invalid (too many, or a variable that nothing fills) and
    CannotRun."""
    evaluator = evaluators.own(project_id, evaluator_id)
    version = evaluators.latest([evaluator.pk])[evaluator.pk]
    if chosen.ids is not None and not 1 <= len(chosen.ids) <= MOST_CHOSEN:
        raise Invalid(_("Choose 1 to %(most)s rows, or all that match.") % {"most": MOST_CHOSEN}, "id")
    if evaluator.paused_at:
        raise Conflict(_("This evaluator is paused: %(why)s") % {"why": evaluator.paused_message or ""})
    if version.output is not None:
        mapping.check_mapping(mapped or mapping.read(version.mapping) or (), version.variables, "mapping")
    require_runnable(project_id, evaluator.name, version)
    asked: dict[str, Any] = {"kind": chosen.kind}
    if chosen.ids is not None:
        asked["ids"] = [one for one in dict.fromkeys(chosen.ids) if "\0" not in one]
    else:
        asked |= {"filter": filters_as_json(chosen.filters), "search": chosen.search, "texts": chosen.search_bodies}
    given = Application(project_id=project_id, evaluator=evaluator, mapping=mapping.stored(mapped), asked=asked)
    return _start(given, author, "evaluator", evaluator.pk)


def apply_rule(project_id: str, rule_id: str, author: Author, since: timedelta | None) -> Application:
    """Let a rule look at the observations of so long ago until now (None: all); what it has scored stays as it is.

    Raises NotFound, and Conflict where the rule is off or paused.
    """
    rule = rules.own(project_id, rule_id)
    if not rule.enabled or (pause := rules.why_paused(rule, rules.latest_of([rule]))):
        raise Conflict(pause.message if rule.enabled and pause else _("Switch the rule on first."))
    begin = (timezone.now() - since).isoformat() if since else None
    given = Application(project_id=project_id, rule=rule, asked={"kind": "observations", "since": begin})
    return _start(given, author, "evaluation_rule", rule.pk)


def all_of(project_id: str) -> QuerySet[Application]:
    """The project's applications, newest first."""
    return Application.objects.filter(project_id=project_id).select_related("evaluator", "rule", "created_by")


def own(project_id: str, application_id: str) -> Application:
    """The project's application of that id. Raises NotFound."""
    found = None if "\0" in application_id else all_of(project_id).filter(pk=application_id).first()
    if found is None:
        raise NotFound(_("There is nothing of that id."))
    return found


def progress_of(applications: Sequence[Application]) -> list[Progress]:
    """How far they are; one query."""
    rows = Execution.objects.filter(application__in=applications).values("application_id", "state").order_by()
    counts: dict[str, dict[str, Any]] = {one.pk: {} for one in applications}
    costs: dict[str, float | None] = {}
    for row in rows.annotate(n=Count("pk"), cost=Sum("cost")):
        counts[row["application_id"]][row["state"]] = row["n"]
        if row["cost"] is not None:
            costs[row["application_id"]] = (costs.get(row["application_id"]) or 0.0) + row["cost"]
    states = Execution.State
    return [
        Progress(
            one,
            done=counts[one.pk].get(states.DONE, 0),
            failed=counts[one.pk].get(states.FAILED, 0),
            skipped=counts[one.pk].get(states.SKIPPED, 0),
            open=counts[one.pk].get(states.PENDING, 0) + counts[one.pk].get(states.RUNNING, 0),
            cost=costs.get(one.pk),
        )
        for one in applications
    ]


def cancel(project_id: str, application_id: str, author: Author) -> None:
    """End it; what is being scored is still written, and scores that were given stay. Raises NotFound, Conflict."""
    given = own(project_id, application_id)
    with transaction.atomic():
        running = Application.objects.filter(pk=given.pk, state__in=OPEN)
        if not running.update(state=State.CANCELLED, ended_at=Now()):
            raise Conflict(_("This is over."))
        waiting = Execution.objects.filter(application=given, state=Execution.State.PENDING)
        waiting.update(state=Execution.State.SKIPPED, error=_("It was cancelled."), ended_at=Now())
        author.record("cancel", *_subject(given), project=project_id)


def _subject(given: Application) -> tuple[str, str]:
    if given.rule_id:
        return "evaluation_rule", given.rule_id
    return "evaluator", given.evaluator_id or ""


def _start(given: Application, author: Author, subject_type: str, subject_id: str) -> Application:
    given.created_by = author.user
    with transaction.atomic():
        given.save()
        told = {name: value for name, value in given.asked.items() if name != "ids"}
        if "ids" in given.asked:
            told["rows"] = len(given.asked["ids"])
        author.record("start", subject_type, subject_id, project=given.project_id, after=told)
        transaction.on_commit(partial(enqueue_application, given.pk))
    return given
