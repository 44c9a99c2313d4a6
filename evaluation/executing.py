"""Executions at work: claimed in chunks, many at once, each written down when it ends, with its scores and its cost.

Who works on an execution keeps its lease ahead of the clock; a killed worker's are taken over when it has run out. A
result is written only by whoever still holds the execution, in one transaction with its scores, so that each is done
once.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import purging
from accounts.models import Project
from accounts.storable import storable
from common.errors import DomainError
from common.ids import new_id
from evaluation import evaluators, pausing, rules
from evaluation.ending import worker_ends
from evaluation.mapping import Mapped
from evaluation.models import Application, Evaluator, EvaluatorVersion, Execution, RuleEvaluator
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of, inputs_of
from evaluation.scoring.evaluating import evaluate
from evaluation.targets import Target, subjects_at
from llm.calls import CallFailed, FailureKind
from llm.clients import Clients
from llm.connections import of_project
from tracing.recorder import RecordedCall, record
from tracing.records import ScoreChange
from tracing.scores import ScoreInput, resolve

log = logging.getLogger("promptlab.evaluation")

SECONDS = 60.0  # then others get their turn with this worker
CHUNK = 50
AT_ONCE = 20
LEASE = timedelta(seconds=45)
BEAT_SECONDS = 10.0
GATHER_SECONDS = 0.05
MAX_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=30)  # four times as long before each further attempt
# So many failures in a row that trying again does not mend, and an evaluator pauses itself…
MOST_FAILURES = 10
# …or one of these: every further call would fail in the same way.
HOPELESS = {
    FailureKind.AUTH: "provider_refuses_key",
    FailureKind.NO_CREDIT: "provider_account_empty",
    FailureKind.NOT_FOUND: "model_not_found",
    FailureKind.FORBIDDEN_HOST: "model_config_invalid",
    FailureKind.UNREADABLE_KEY: "model_config_invalid",
}
FAILING = "repeated_failures"
State = Execution.State
Result = TypeVar("Result")


class _Deleted(Exception):
    """The project was deleted: nothing more is to be asked for it."""


@dataclass(slots=True, kw_only=True)
class _Task:
    """A claimed execution with what it takes, or why it is left out."""

    row: Execution
    version: EvaluatorVersion | None = None
    mapping: Sequence[Mapped] = ()
    subject: Subject | None = None
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of it."""

    task: _Task
    outcomes: Sequence[Outcome] = ()
    failed: ScoringFailed | None = None


def due_projects() -> list[str]:
    """Projects with executions that may be tried and on which nobody works."""
    busy = Execution.objects.filter(state=State.RUNNING, lease_until__gte=Now()).values("project_id")
    found = _due().exclude(project_id__in=busy).order_by().values_list("project_id", flat=True)
    return list(found.distinct())


def execute(project_id: str, seconds: float = SECONDS) -> bool:
    """Work on what is due in a project for about so long; True when there is more."""
    with ThreadPoolExecutor(1, "execution-database") as thread:
        try:
            asyncio.run(_Runner(project_id, thread, seconds).work())
        except _Deleted:
            return False
        finally:
            thread.submit(_hang_up).result()
    return bool(_due().filter(project_id=project_id).exists())


def _due() -> Any:
    waits, left = Q(state=State.PENDING), Q(state=State.RUNNING, lease_until__lt=Now())
    due = Execution.objects.filter(waits | left, due_at__lte=Now(), evaluator__isnull=False, evaluator__paused_at=None)
    return due.filter(project__in=Project.objects.all())


class _Runner:
    def __init__(self, project_id: str, thread: ThreadPoolExecutor, seconds: float) -> None:
        self._project = project_id
        self._token = new_id()
        self._thread = thread
        self._ends = time.monotonic() + seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def work(self) -> None:
        """Chunk after chunk, until the time is over or nothing is due."""
        clients = await self._db(Clients, self._project)
        async with clients:
            while time.monotonic() < self._ends and not worker_ends.is_set():
                tasks = await self._db(self._claimed)
                if not tasks:
                    return
                clients.renew(await self._db(list, of_project(self._project)))
                await self._work_on(tasks, clients)

    async def _db(self, ask: Callable[..., Result], *args: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask, *args)

    async def _work_on(self, tasks: Sequence[_Task], clients: Clients) -> None:
        pending = {asyncio.create_task(self._evaluated(task, clients)) for task in tasks}
        try:
            beaten = time.monotonic()
            while pending:
                done, pending = await asyncio.wait(
                    pending, timeout=BEAT_SECONDS / 2, return_when=asyncio.FIRST_COMPLETED
                )
                if done and pending:
                    # Those that end together are written together.
                    more, pending = await asyncio.wait(pending, timeout=GATHER_SECONDS)
                    done |= more
                if done:
                    await self._db(self._write_all, [one.result() for one in done])
                if time.monotonic() - beaten >= BEAT_SECONDS:
                    beaten = time.monotonic()
                    await self._db(self._beat)
        finally:
            for one in pending:
                one.cancel()

    async def _evaluated(self, task: _Task, clients: Clients) -> _Result:
        if task.skipped or task.version is None or task.subject is None:
            return _Result(task)
        async with self._free:
            try:
                return _Result(task, await evaluate(task.version, task.subject, task.mapping, clients))
            except ScoringFailed as failed:
                return _Result(task, failed=failed)
            except DomainError as refused:
                return _Result(task, failed=ScoringFailed(refused.message))
            except Exception as broken:
                log.exception("Execution %s broke.", task.row.pk)
                told = _("The evaluator failed: %s.") % type(broken).__name__
                return _Result(task, failed=ScoringFailed(told))

    # --- The database, in its own thread -----------------------------------------------------------------

    def _claimed(self) -> list[_Task]:
        with transaction.atomic():
            due = _due().filter(project_id=self._project).order_by("due_at", "pk")
            rows = list(due.select_for_update(skip_locked=True, of=("self",))[:CHUNK])
            mine = Execution.objects.filter(pk__in=[row.pk for row in rows])
            mine.update(state=State.RUNNING, runner=self._token, lease_until=Now() + LEASE, attempts=F("attempts") + 1)
        for row in rows:
            row.attempts += 1
        return self._prepared(rows)

    def _prepared(self, rows: Sequence[Execution]) -> list[_Task]:
        versions = evaluators.latest([row.evaluator_id for row in rows if row.evaluator_id])
        pairs = RuleEvaluator.objects.filter(rule_id__in={row.rule_id for row in rows if row.rule_id})
        assigned = {(one.rule_id, one.evaluator_id): one for one in pairs.select_related("rule")}
        asked = Application.objects.in_bulk({row.application_id for row in rows if row.application_id})
        subjects = subjects_at(self._project, list(dict.fromkeys(_target(row) for row in rows)))
        tasks = []
        for row in rows:
            task = _Task(row=row, version=versions.get(row.evaluator_id or ""), subject=subjects.get(_target(row)))
            link = assigned.get((row.rule_id or "", row.evaluator_id or ""))
            application = asked.get(row.application_id or "")
            if row.attempts > MAX_ATTEMPTS:
                task.skipped = _("It was interrupted %(n)s times and is not tried again.") % {"n": MAX_ATTEMPTS}
            elif application is None and (link is None or not link.rule.enabled):
                task.skipped = _("Its rule is switched off, or no longer uses this evaluator.")
            elif task.subject is None:
                task.skipped = _("What was to be scored is no longer there.")
            elif task.version is not None:
                own = link or RuleEvaluator(mapping=application.mapping if application else None)
                task.mapping = rules.effective_mapping(own, task.version)
            tasks.append(task)
        return tasks

    def _beat(self) -> None:
        mine = Execution.objects.filter(project_id=self._project, runner=self._token, state=State.RUNNING)
        mine.update(lease_until=Now() + LEASE)

    def _write_all(self, results: Sequence[_Result]) -> None:
        """All together, or one by one where one of them cannot be written."""
        try:
            self._write(results)
        except (DomainError, ValueError, TypeError) as error:
            if len(results) > 1:
                for result in results:
                    self._write_all([result])
                return
            log.exception("Execution %s could not be written.", results[0].task.row.pk)
            told = error.message if isinstance(error, DomainError) else type(error).__name__
            self._write([_Result(results[0].task, failed=ScoringFailed(_("It cannot be recorded: %s") % told))])

    def _write(self, results: Sequence[_Result]) -> None:
        with transaction.atomic():
            if not purging.hold(self._project):
                raise _Deleted
            held = Execution.objects.filter(runner=self._token, state=State.RUNNING).select_for_update(of=("self",))
            rows = {row.pk: row for row in held.filter(pk__in=[one.task.row.pk for one in results])}
            results = [one for one in results if one.task.row.pk in rows]
            scores, refused = self._scores(results)
            results = [
                _Result(one.task, failed=refused[one.task.row.pk]) if one.task.row.pk in refused else one
                for one in results
            ]
            calls = {
                one.task.row.pk: calls_of([*one.outcomes, *((one.failed,) if one.failed else ())]) for one in results
            }
            costs = self._record(calls, scores)
            for result in results:
                row = rows[result.task.row.pk]
                own = [costs[call.observation_id] for call in calls[row.pk]]
                paid = [cost for cost in own if cost is not None]
                if paid:
                    row.cost = (row.cost or 0.0) + math.fsum(paid)
                if calls[row.pk]:
                    row.judge_trace_id = calls[row.pk][0].trace_id
                row.version = result.task.version.version if result.task.version else None
                _settle(row, result, scores.get(row.pk, ()))
            Execution.objects.bulk_update(
                rows.values(),
                [
                    *("state", "due_at", "runner", "lease_until", "error", "cost", "scores", "judge_trace_id"),
                    *("version", "attempts", "ended_at"),
                ],
            )
            _count_failures(results)
            for application_id in sorted({row.application_id for row in rows.values() if row.application_id}):
                end_if_over(application_id)

    def _scores(self, results: Sequence[_Result]) -> tuple[dict[int, list[ScoreChange]], dict[int, ScoringFailed]]:
        """The scores by execution, and the executions whose scores may not be stored."""
        inputs: list[tuple[int, ScoreInput]] = []
        calls: dict[int, list[RecordedCall]] = {}
        for one in results:
            version, subject = one.task.version, one.task.subject
            if version is None or subject is None:
                continue
            told = inputs_of(
                self._project,
                version.evaluator_id,
                version.evaluator.name,
                version.version,
                subject,
                list(one.outcomes),
            )
            inputs += [(one.task.row.pk, score) for score in told]
            calls[one.task.row.pk] = calls_of(one.outcomes)
        scores: dict[int, list[ScoreChange]] = {}
        refused: dict[int, ScoringFailed] = {}
        checked = resolve(self._project, [score for _pk, score in inputs]) if inputs else []
        for (pk, _input), score in zip(inputs, checked, strict=True):
            if isinstance(score, ScoreChange):
                scores.setdefault(pk, []).append(score)
            else:
                # Its calls were paid, whatever became of the score.
                refused[pk] = ScoringFailed(score.message, more_calls=calls[pk])
        return {pk: found for pk, found in scores.items() if pk not in refused}, refused

    def _record(
        self, calls: dict[int, list[RecordedCall]], scores: dict[int, list[ScoreChange]]
    ) -> dict[str, float | None]:
        made = {call.observation_id: call for several in calls.values() for call in several}
        # Two rules may give one evaluator the same target: it is the same score then.
        given = {score.id: score for several in scores.values() for score in several}
        if not made and not given:
            return {}
        return dict(zip(made, record(self._project, list(made.values()), list(given.values())), strict=True))


def end_if_over(application_id: str) -> None:
    """Say that an application is done when nothing of it is left to do; inside the transaction that settled some.

    Held first: of two workers that settle the last two at once, one must see what the other did.
    """
    mine = Application.objects.filter(pk=application_id, state=Application.State.RUNNING)
    open_ones = Execution.objects.filter(application_id=application_id, state__in=(State.PENDING, State.RUNNING))
    if mine.select_for_update(no_key=True).exists() and not open_ones.exists():
        mine.update(state=Application.State.DONE, ended_at=Now())


def _target(row: Execution) -> Target:
    return Target(row.trace_id, row.observation_id)


def _settle(row: Execution, result: _Result, scores: Sequence[ScoreChange]) -> None:
    """How the execution stands after this attempt."""
    task, failed, now = result.task, result.failed, timezone.now()
    row.runner, row.lease_until, row.ended_at = "", None, now
    if task.skipped:
        interrupted = row.attempts > MAX_ATTEMPTS
        row.state, row.error = State.FAILED if interrupted else State.SKIPPED, task.skipped
    elif failed is None:
        row.state, row.error = State.DONE, ""
        row.scores = [{"id": one.id, "name": one.name, "value": _value(one)} for one in scores]
    else:
        row.error = str(storable(failed.message))
        row.state = State.FAILED
        if failed.retryable and row.attempts < MAX_ATTEMPTS:
            row.state, row.ended_at = State.PENDING, None
            row.due_at = now + FIRST_WAIT * 4 ** (row.attempts - 1)


def _value(score: ScoreChange) -> float | str | None:
    return score.value if score.data_type in ("NUMERIC", "BOOLEAN") else score.string_value


def _count_failures(results: Sequence[_Result]) -> None:
    """Evaluators that fail too often in a row, or in a way that all else would fail, pause themselves."""
    by_evaluator: dict[str, list[ScoringFailed | None]] = {}
    for result in results:
        busy = result.failed is not None and result.failed.retryable
        if result.task.version is not None and not result.task.skipped and not busy:
            by_evaluator.setdefault(result.task.version.evaluator_id, []).append(result.failed)
    for evaluator_id, ends in sorted(by_evaluator.items()):
        mine = Evaluator.objects.filter(pk=evaluator_id)
        in_a_row: list[ScoringFailed] = []
        for failed in ends:
            in_a_row = [*in_a_row, failed] if failed else []
        if None in ends:
            mine.exclude(failures=0).update(failures=0)
        if in_a_row:
            mine.update(failures=F("failures") + len(in_a_row))
        if hopeless := next((failed for failed in ends if failed and _hopeless(failed)), None):
            pausing.pause(evaluator_id, _hopeless(hopeless), str(storable(hopeless.message)))
            continue
        failures = mine.values_list("failures", flat=True).first() or 0
        if in_a_row and failures >= MOST_FAILURES:
            told = _("It failed %(n)s times in a row, the last time so: %(why)s")
            pausing.pause(evaluator_id, FAILING, str(storable(told % {"n": failures, "why": in_a_row[-1].message})))


def _hopeless(failed: ScoringFailed) -> str:
    result = failed.call.result if failed.call else None
    return HOPELESS.get(result.kind, "") if isinstance(result, CallFailed) else ""


def _hang_up() -> None:
    with contextlib.suppress(Exception):
        database.close()
