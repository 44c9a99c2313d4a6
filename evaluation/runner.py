"""Working on an experiment: many calls at once in one task, each answer recorded within a tenth of a second.

One thread runs the event loop, another one all questions to the database. Jobs are claimed ahead, so that no call waits
for the database; answers are written in batches (`evaluation.recording`). Whoever kills this process, the database or
the broker loses the calls that were in flight and nothing else.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from django.utils.translation import gettext as _

from common.ids import new_id
from evaluation import billing, desk, writing_jobs
from evaluation.answer_scoring import Scoring
from evaluation.answering import Answering
from evaluation.course import Course
from evaluation.database_thread import AWAY, DatabaseThread
from evaluation.desk import Lost
from evaluation.ending import worker_ends
from evaluation.preparing import Plan, Task, claimed, plan_of, unscored
from evaluation.recording import Event, Recorder, Unasked
from llm.connections import of_project

log = logging.getLogger("promptlab.experiments")

CHUNK_SECONDS = 120.0  # after these others get their turn with this worker
FLUSH_SECONDS = 0.08
FLUSH_EVENTS = 300
BEAT_SECONDS = 5.0
RENEW_SECONDS = 1.0  # so long a connection that was deleted, or its former key, is used at most
TICK_SECONDS = 0.5
GRACE_SECONDS = 2.5  # for calls in flight when the worker is to end


def run(experiment_id: str, seconds: float = CHUNK_SECONDS) -> bool:
    """Work on the experiment, unless somebody else does, for about so long or to its end; True: there is more to do."""
    token = new_id()
    if not desk.take(experiment_id, token):
        return False
    with DatabaseThread(f"experiment {experiment_id}") as database:
        ends = time.monotonic() + seconds
        try:
            if writing_jobs.go_on(experiment_id, token, ends):
                asyncio.run(_Runner(experiment_id, token, database, ends).work())
        except* Lost:
            log.info("Experiment %s was taken over by another runner, or deleted.", experiment_id)
        except* AWAY:
            raise  # the sweep starts it again when the database is back
        except* Exception as group:
            log.exception("Experiment %s cannot go on.", experiment_id)
            desk.stop(experiment_id, token, _("PromptLab failed: %s.") % type(group.exceptions[0]).__name__)
    return desk.leave(experiment_id, token)


class _Runner:
    def __init__(self, experiment_id: str, token: str, database: DatabaseThread, ends: float) -> None:
        self._id = experiment_id
        self._token = token
        self._database = database
        self._ends = ends
        self._course = Course(experiment_id=experiment_id, database=database)
        self._crew: list[asyncio.Task[None]] = []
        self._plan: Plan
        self._recorder: Recorder

    async def work(self) -> None:
        """Until the time is over, or nothing is left, or nothing more may be asked. Raises desk.Lost (in a group)."""
        self._plan = await self._database.ask(self._read)
        self._tasks: asyncio.Queue[Task | None] = asyncio.Queue(self._plan.at_once)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(FLUSH_EVENTS * 5)
        self._answering = Answering(self._plan, self._course, self._events.put)
        self._scoring = Scoring(self._plan, self._course, self._events.put)
        async with self._plan.clients, asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep())
            writer = group.create_task(self._write())
            await self._employ()
            await self._events.put(None)
            await writer
            keeper.cancel()

    def _read(self) -> Plan:
        plan = plan_of(self._id)
        self._recorder = Recorder(plan, self._token)
        self._course.halted = {cell.pk for cell in plan.cells.values() if cell.halted}
        self._course.silenced = dict(plan.halted)
        self._course.note(desk.standing(self._id, self._token))
        return plan

    async def _employ(self) -> None:
        self._crew = [asyncio.create_task(self._produce())]
        self._crew += [asyncio.create_task(self._consume()) for _number in range(self._plan.at_once)]
        try:
            for ended in await asyncio.gather(*self._crew, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
        finally:
            for task in self._crew:
                task.cancel()

    # --- Who does what -----------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Show that we live, see what people want of us, and end in time."""
        beaten = renewed = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            if worker_ends.is_set() or now > self._ends:
                self._course.is_draining = True
            if worker_ends.is_set():
                await asyncio.sleep(GRACE_SECONDS)
                for task in self._crew:
                    task.cancel()
            if now - renewed >= RENEW_SECONDS:
                renewed = now
                self._plan.clients.renew(await self._database.ask(list, of_project(self._plan.experiment.project_id)))
            if now - beaten >= BEAT_SECONDS:
                beaten = now
                self._course.note(await self._database.ask(desk.beat, self._id, self._token))
                self._plan.bills = await self._database.ask(billing.bills, self._plan.experiment.project_id)

    async def _produce(self) -> None:
        """Keep the crew in work; what was answered before but not scored comes first."""
        after = 0
        while self._course.may_ask:
            after, tasks = await self._database.ask(unscored, self._plan, after)
            if not after:
                break
            for task in tasks:
                await self._tasks.put(task)
        while self._course.may_ask:
            tasks = await self._database.ask(claimed, self._plan, self._token, max(20, self._plan.at_once))
            if not tasks:
                break
            for task in tasks:
                await self._tasks.put(task)
        for _number in range(self._plan.at_once):
            await self._tasks.put(None)

    async def _consume(self) -> None:
        while (task := await self._tasks.get()) is not None:
            if not self._course.may_ask or task.job.cell_id in self._course.halted:
                continue  # it is given back in the end
            try:
                await self._see_to(task)
            except Exception as error:
                log.exception("Job %s of experiment %s broke.", task.job.pk, self._id)
                await self._events.put(
                    Unasked(job=task.job, kind="internal", message=_("PromptLab failed: %s.") % type(error).__name__)
                )

    async def _see_to(self, task: Task) -> None:
        if task.subject is not None:
            await self._scoring.score(task, task.subject)
        elif (subject := await self._answering.answer(task)) is not None and self._plan.versions:
            await self._scoring.score(task, subject)

    # --- Writing down ------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Batches as they come, until the crew is gone."""
        ended = False
        while not ended:
            batch = [await self._events.get()]
            if self._events.qsize() < FLUSH_EVENTS:
                await asyncio.sleep(FLUSH_SECONDS)
            while not self._events.empty() and len(batch) < FLUSH_EVENTS:
                batch.append(self._events.get_nowait())
            ended = None in batch
            if events := [event for event in batch if event is not None]:
                await self._record(events)

    async def _record(self, events: Sequence[Event]) -> None:
        try:
            self._course.note(await self._database.ask(self._recorder.write, events))
            self._course.halted |= self._recorder.forsaken
        except (Lost, *AWAY):
            raise
        except Exception as error:
            log.exception("A batch of experiment %s could not be recorded.", self._id)
            if len(events) > 1:
                for event in events:
                    await self._record([event])
            else:
                told = _("The answer could not be recorded: %s.") % type(error).__name__
                self._course.note(await self._database.ask(self._recorder.refuse, events[0], told))
