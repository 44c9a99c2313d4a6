"""Scoring the answers of an experiment by its evaluators, while it runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from django.utils.translation import gettext as _

from common.errors import DomainError
from evaluation.course import Course
from evaluation.preparing import Plan, Task
from evaluation.recording import Event, Scored, Settled
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of
from evaluation.scoring.evaluating import evaluate
from evaluation.scoring.sandbox import MOST_PROCESSES
from evaluation.strikes import is_out
from llm.calls import Answer
from tracing.recorder import RecordedCall

log = logging.getLogger("promptlab.experiments")


class Scoring:
    """Scores for an experiment, in one event loop; `tell` takes what is to be recorded.

    An evaluator that fails too often in a row (`evaluation.strikes`) is not asked any more: its answers are told as not
    scored, and why. Metrics are asked always, they cost nothing.
    """

    def __init__(self, plan: Plan, course: Course, tell: Callable[[Event], Awaitable[None]]) -> None:
        self._plan = plan
        self._course = course
        self._tell = tell
        # No more programs are begun than can run: those in the queue would run even after the last was told to be.
        self._programs = asyncio.Semaphore(MOST_PROCESSES)

    async def score(self, task: Task, subject: Subject) -> None:
        """Metrics at once; judges and programs beside each other, unless nothing more may be asked."""
        due = [place for place in self._plan.versions if str(place) not in task.job.scoring]
        if not due:
            await self._tell(Settled(job=task.job))
        slow = []
        for place in due:
            if self._plan.versions[place].metric is None:
                slow.append(place)
            else:
                await self._evaluate(task, subject, place)
        if slow:
            await asyncio.gather(*(self._ask(task, subject, place) for place in slow))

    async def _ask(self, task: Task, subject: Subject, place: int) -> None:
        if self._plan.versions[place].source_code is None:
            await self._unless_silenced(task, subject, place)
        else:
            async with self._programs:
                await self._unless_silenced(task, subject, place)

    async def _unless_silenced(self, task: Task, subject: Subject, place: int) -> None:
        if why := self._course.silenced.get(place):
            told = _("It was not asked, because it failed before: %(why)s") % {"why": why}
            await self._tell(Scored(job=task.job, subject=subject, position=place, error=told))
        elif self._course.may_ask:
            await self._evaluate(task, subject, place)

    async def _evaluate(self, task: Task, subject: Subject, place: int) -> None:
        plan, version, error = self._plan, self._plan.versions[place], ""
        outcomes: Sequence[Outcome] = ()
        calls: Sequence[RecordedCall] = ()
        try:
            outcomes = await evaluate(version, subject, plan.mappings[place], plan.clients)
            calls = calls_of(outcomes)
            self._course.strikes.clear(version.pk)
        except ScoringFailed as failed:
            error, calls = failed.message, calls_of([failed])
        except DomainError as refused:
            error = refused.message
        except Exception as broken:
            log.exception("Evaluator %s broke.", version.pk)
            error = _("The evaluator failed: %s.") % type(broken).__name__
        for made in calls:
            if isinstance(made.result, Answer):
                self._course.spent += plan.bills.of(made.request, made.result) or 0.0
        if error and is_out(self._course.strikes, version, calls, plan.clients):
            await self._course.silence(place, error)
        await self._tell(
            Scored(job=task.job, subject=subject, position=place, outcomes=outcomes, error=error, calls=calls)
        )
