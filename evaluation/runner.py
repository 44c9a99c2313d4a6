"""Working on an experiment: many calls at once in one task, each answer recorded within a tenth of a second.

One thread runs the event loop, another one all questions to the database. Jobs are claimed ahead, so that no call waits
for the database; answers are written in batches (`evaluation.recording`). Whoever kills this process, the database or
the broker loses the calls that were in flight and nothing else.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from celery.signals import worker_shutting_down
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from common.errors import DomainError, Overloaded
from common.ids import new_id
from datasets.jsontext import to_value
from datasets.models import DatasetItem, DatasetRunItem
from evaluation import billing, desk, mapping, response_cache
from evaluation import extraction as extracting
from evaluation.asking import ItemValues, Template, Unfilled, request_of, values_of
from evaluation.desk import Lost, Standing
from evaluation.extraction import NotExtracted
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.recording import ENVIRONMENT, Answered, Event, Recorder, Scored, Settled, Unasked
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of
from evaluation.scoring.evaluating import evaluate
from evaluation.scoring.parts import tool_calls
from evaluation.subjects import subjects_of
from llm.calls import Answer, CallFailed, ChatRequest, FailureKind
from llm.client import Clients, NoConnection
from llm.models import LlmConnection
from tracing.ingestion.usage import usage_details
from tracing.recorder import RecordedCall

log = logging.getLogger("promptlab.experiments")

CHUNK_SECONDS = 120.0  # after these others get their turn with this worker
FLUSH_SECONDS = 0.08
FLUSH_EVENTS = 300
BEAT_SECONDS = 5.0
TICK_SECONDS = 0.5
GRACE_SECONDS = 2.5  # for calls in flight when the worker is to end
DATABASE_SECONDS = 600.0  # how long answers wait in memory for a database that is away
MOST_AT_ONCE = 500
MOST_ANSWERS_KNOWN = 5_000
# How many failures in a row, of one kind of trouble, tell that asking on is no use.
STRIKES = {
    FailureKind.AUTH: 5,
    FailureKind.NO_CREDIT: 5,
    FailureKind.NOT_FOUND: 5,
    FailureKind.FORBIDDEN_HOST: 1,
    FailureKind.UNREADABLE_KEY: 1,
    FailureKind.BAD_REQUEST: 20,
    FailureKind.RATE_LIMITED: 20,
    FailureKind.TIMEOUT: 20,
    FailureKind.SERVER: 20,
    FailureKind.CONNECTION: 20,
    FailureKind.INVALID_ANSWER: 20,
}
Result = TypeVar("Result")

_worker_ends = threading.Event()


@worker_shutting_down.connect(weak=False)
def _end_soon(**_: Any) -> None:
    _worker_ends.set()


def run(experiment_id: str, seconds: float = CHUNK_SECONDS) -> bool:
    """Work on the experiment, unless somebody else does, for about so long or to its end; True: there is more to do."""
    token = new_id()
    if not desk.take(experiment_id, token):
        return False
    with ThreadPoolExecutor(1, "experiment-database") as thread:
        try:
            asyncio.run(_Runner(experiment_id, token, thread, seconds).work())
        except* (OperationalError, InterfaceError, Overloaded):
            raise  # the sweep starts it again when the database is back
        except* Exception as group:
            log.exception("Experiment %s cannot go on.", experiment_id)
            desk.stop(experiment_id, token, _("PromptLab failed: %s.") % type(group.exceptions[0]).__name__)
        finally:
            thread.submit(_hang_up).result()
    return desk.leave(experiment_id, token)


@dataclass(slots=True, kw_only=True)
class _Task:
    """A claimed job with what it takes. `request` None: it is answered already, and `subject` waits for its scores."""

    job: Job
    item: DatasetItem
    values: ItemValues
    request: ChatRequest | None = None
    key: str = ""
    kept: dict[str, Any] | None = None
    subject: Subject | None = None


@dataclass(slots=True)
class _Plan:
    """What the runner reads of its experiment before it starts."""

    experiment: Experiment
    cells: dict[int, Cell]
    templates: dict[int, Template]
    versions: dict[int, EvaluatorVersion]  # by the evaluators' places
    mappings: dict[int, Sequence[Mapped]]
    extraction: extracting.Extraction
    clients: Clients
    recorder: Recorder
    bills: billing.Bills
    at_once: int

    @property
    def connections(self) -> dict[str, LlmConnection]:
        return {one.provider: one for one in self.clients.connections}


class _Runner:
    def __init__(self, experiment_id: str, token: str, thread: ThreadPoolExecutor, seconds: float) -> None:
        self._id = experiment_id
        self._token = token
        self._thread = thread
        self._ends = time.monotonic() + seconds
        self._draining = False
        self._spent = 0.0
        self._cap: float | None = None
        self._halted: set[int] = set()
        self._strikes: Counter[Any] = Counter()
        self._asked: dict[str, asyncio.Future[Answer | None]] = {}
        self._crew: list[asyncio.Task[None]] = []
        self._plan: _Plan

    async def work(self) -> None:
        """Until the time is over, or nothing is left, or nothing more may be asked."""
        try:
            self._plan = await self._db(self._read)
            self._tasks: asyncio.Queue[_Task | None] = asyncio.Queue(self._plan.at_once)
            self._events: asyncio.Queue[Event | None] = asyncio.Queue(FLUSH_EVENTS * 5)
            async with self._plan.clients, asyncio.TaskGroup() as group:
                keeper = group.create_task(self._keep())
                writer = group.create_task(self._write())
                await self._employ()
                await self._events.put(None)
                await writer
                keeper.cancel()
        except* Lost:
            log.warning("Experiment %s was taken over by another runner.", self._id)

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

    # --- The database, in its own thread -----------------------------------------------------------------

    async def _db(self, ask: Callable[..., Result], *args: Any) -> Result:
        """The answer of a blocking question; waits for a database that is away."""
        loop = asyncio.get_running_loop()
        until, wait = time.monotonic() + DATABASE_SECONDS, 0.1
        while True:
            try:
                return await loop.run_in_executor(self._thread, ask, *args)
            except (OperationalError, InterfaceError, Overloaded) as error:
                if time.monotonic() > until or _worker_ends.is_set():
                    raise
                log.warning("The database is away, experiment %s waits: %s", self._id, error)
                await loop.run_in_executor(self._thread, _hang_up)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 2.0)

    def _read(self) -> _Plan:
        experiment = Experiment.objects.select_related("author", "dataset").get(pk=self._id)
        cells = {cell.pk: cell for cell in experiment.cells.select_related("prompt", "model__connection")}
        self._halted = {cell.pk for cell in cells.values() if cell.halted}
        self._note(desk.standing(self._id, self._token))
        mapped = mapping.read(experiment.mapping) or ()
        chosen = list(experiment.evaluators.exclude(version=None).select_related("version__evaluator"))
        clients = Clients(experiment.project_id)
        return _Plan(
            experiment=experiment,
            cells=cells,
            templates={
                arm.pk: Template(experiment.project_id, to_value(arm.content), mapped)
                for arm in experiment.prompts.all()
            },
            versions={one.position: one.version for one in chosen if one.version},
            mappings={
                one.position: mapping.read(one.mapping) or mapping.read(one.version.mapping) or ()
                for one in chosen
                if one.version
            },
            extraction=extracting.read(experiment.extraction),
            clients=clients,
            recorder=Recorder(experiment, self._token),
            bills=billing.bills(experiment.project_id),
            at_once=self._at_once(experiment, cells, clients),
        )

    def _at_once(self, experiment: Experiment, cells: dict[int, Cell], clients: Clients) -> int:
        there = {one.provider for one in clients.connections}
        used = {cell.model.provider for cell in cells.values()} & there
        allowed = sum(clients.named(provider).concurrency for provider in used)
        return max(1, min(experiment.concurrency or allowed, allowed or 1, MOST_AT_ONCE))

    def _claimed(self, count: int) -> list[_Task]:
        """The next jobs, ready to be asked."""
        plan = self._plan
        jobs = desk.claim(self._id, self._token, count)
        items = DatasetItem.objects.in_bulk({job.item_id for job in jobs})
        values = {key: values_of(item) for key, item in items.items()}
        tasks = [self._prepared(job, items[job.item_id], values[job.item_id]) for job in jobs]
        if plan.experiment.use_cache:
            kept = response_cache.find(plan.experiment.project_id, {task.key for task in tasks if task.key})
            for task in tasks:
                task.kept = kept.get(task.key)
        return tasks

    def _prepared(self, job: Job, item: DatasetItem, values: ItemValues) -> _Task:
        cell = self._plan.cells[job.cell_id]
        task = _Task(job=job, item=item, values=values)
        try:
            messages = self._plan.templates[cell.prompt_id].messages(values)
        except Unfilled as error:
            job.error = error.message
            return task
        task.request = request_of(cell.model, messages, job.repetition)
        connection = self._plan.connections.get(cell.model.provider)
        if self._plan.experiment.use_cache and connection is not None:
            task.key = response_cache.key_of(connection, task.request, job.repetition)
        return task

    def _unscored(self, after: int) -> tuple[int, list[_Task]]:
        """What an earlier runner left unscored after that key, and the last key that was looked at (0: no more)."""
        jobs = desk.unscored(self._id, after, self._plan.at_once)
        items = DatasetItem.objects.in_bulk({job.item_id for job in jobs})
        project_id = self._plan.experiment.project_id
        found = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=[job.trace_id for job in jobs])
        links = {link.trace_id: link for link in found.select_related("version")}
        known = [links[job.trace_id] for job in jobs if job.trace_id in links]
        subjects = dict(zip((link.trace_id for link in known), subjects_of(project_id, known), strict=True))
        tasks = [
            _Task(
                job=job,
                item=items[job.item_id],
                values=values_of(items[job.item_id]),
                subject=subjects.get(job.trace_id) or Subject(trace_id=job.trace_id),
            )
            for job in jobs
        ]
        return (jobs[-1].pk if jobs else 0), tasks

    # --- Who does what -----------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Show that we live, see what people want of us, and end in time."""
        beaten = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            if _worker_ends.is_set() or now > self._ends:
                self._draining = True
            if _worker_ends.is_set():
                await asyncio.sleep(GRACE_SECONDS)
                for task in self._crew:
                    task.cancel()
            if now - beaten >= BEAT_SECONDS:
                beaten = now
                self._note(await self._db(desk.beat, self._id, self._token))
                self._plan.bills = await self._db(billing.bills, self._plan.experiment.project_id)

    def _note(self, standing: Standing) -> None:
        self._spent, self._cap = max(self._spent, standing.spent), standing.cost_cap
        if standing.status != Experiment.Status.RUNNING:
            self._draining = True

    @property
    def _may_ask(self) -> bool:
        return not self._draining and (self._cap is None or self._spent < self._cap)

    async def _produce(self) -> None:
        """Keep the crew in work; what was answered before but not scored comes first."""
        after = 0
        while self._may_ask:
            after, tasks = await self._db(self._unscored, after)
            if not tasks:
                break
            for task in tasks:
                await self._tasks.put(task)
        while self._may_ask:
            tasks = await self._db(self._claimed, max(20, self._plan.at_once))
            if not tasks:
                break
            for task in tasks:
                await self._tasks.put(task)
        for _number in range(self._plan.at_once):
            await self._tasks.put(None)

    async def _consume(self) -> None:
        while (task := await self._tasks.get()) is not None:
            if not self._may_ask or task.job.cell_id in self._halted:
                continue  # it is given back in the end
            try:
                await (self._answer(task) if task.subject is None else self._score(task, task.subject))
            except Exception as error:
                log.exception("Job %s of experiment %s broke.", task.job.pk, self._id)
                await self._events.put(
                    Unasked(job=task.job, kind="internal", message=_("PromptLab failed: %s.") % type(error).__name__)
                )

    async def _answer(self, task: _Task) -> None:
        if task.request is None:
            await self._events.put(Unasked(job=task.job, kind="unfilled", message=task.job.error))
            return
        try:
            answer, cached = await self._ask(task, task.request)
        except NoConnection as error:
            await self._halt(self._like(task), error.message)
            return
        except CallFailed as failed:
            await self._strike(self._plan.cells[task.job.cell_id].model_id, failed, self._like(task))
            await self._events.put(
                Answered(job=task.job, item=task.item, input=task.values.input, request=task.request, result=failed)
            )
            return
        self._strikes.pop(self._plan.cells[task.job.cell_id].model_id, None)
        output, note = self._extracted(answer)
        await self._events.put(
            Answered(
                job=task.job,
                item=task.item,
                input=task.values.input,
                request=task.request,
                result=answer,
                cached=cached,
                key="" if cached else task.key,
                output=None if note else output,
                note=note,
            )
        )
        if self._plan.versions:
            await self._score(task, self._subject(task, task.request, answer, output))

    async def _ask(self, task: _Task, request: ChatRequest) -> tuple[Answer, bool]:
        """The answer, and whether it was paid for before. The same question is asked once. Raises CallFailed."""
        if task.kept is not None:
            return response_cache.revived(task.kept, datetime.now(UTC)), True
        if task.key in self._asked and (same := await asyncio.shield(self._asked[task.key])) is not None:
            return response_cache.revived(response_cache.told(same), datetime.now(UTC)), True
        client = self._plan.clients.named(self._plan.cells[task.job.cell_id].model.provider)
        asked: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        if task.key:
            self._remember(task.key, asked)
        answer: Answer | None = None
        try:
            answer = await client.complete(request)
        finally:
            asked.set_result(answer)
            if answer is None:
                self._asked.pop(task.key, None)
        self._spent += self._plan.bills.of(request, answer)
        return answer, False

    def _remember(self, key: str, asked: "asyncio.Future[Answer | None]") -> None:
        if len(self._asked) >= MOST_ANSWERS_KNOWN:
            del self._asked[next(iter(self._asked))]
        self._asked[key] = asked

    def _extracted(self, answer: Answer) -> tuple[Any, str]:
        """The answer proper, and what is odd about it."""
        if not answer.text and answer.message.get("tool_calls"):
            return dict(answer.message), ""
        try:
            return extracting.extract(self._plan.extraction, answer.text), ""
        except NotExtracted as error:
            return "", error.message

    def _subject(self, task: _Task, request: ChatRequest, answer: Answer, output: Any) -> Subject:
        values = task.values
        return Subject(
            trace_id=task.job.trace_id,
            environment=ENVIRONMENT,
            input=values.input,
            output=output,
            tool_calls=tool_calls(output),
            expected_output=values.expected_output,
            item_metadata=values.metadata,
            latency=answer.latency,
            cost=self._plan.bills.of(request, answer),
            usage=usage_details(answer.usage),
        )

    async def _score(self, task: _Task, subject: Subject) -> None:
        """Metrics at once; judges and programs beside each other, unless nothing more may be asked."""
        due = [place for place in self._plan.versions if str(place) not in task.job.scoring]
        if not due:
            await self._events.put(Settled(job=task.job))
        slow = []
        for place in due:
            if self._plan.versions[place].metric is None:
                slow.append(place)
            else:
                await self._evaluate(task, subject, place)
        if slow and self._may_ask:
            await asyncio.gather(*(self._evaluate(task, subject, place) for place in slow))

    async def _evaluate(self, task: _Task, subject: Subject, place: int) -> None:
        plan, error = self._plan, ""
        outcomes: Sequence[Outcome] = ()
        calls: Sequence[RecordedCall] = ()
        try:
            outcomes = await evaluate(plan.versions[place], subject, plan.mappings[place], plan.clients)
            calls = calls_of(outcomes)
            self._strikes.pop(f"evaluator {place}", None)
        except ScoringFailed as failed:
            error, calls = failed.message, calls_of([failed])
        except DomainError as refused:
            error = refused.message
        except Exception as broken:
            log.exception("Evaluator %s broke.", plan.versions[place].pk)
            error = _("The evaluator failed: %s.") % type(broken).__name__
        for made in calls:
            if isinstance(made.result, Answer):
                self._spent += plan.bills.of(made.request, made.result)
            else:
                await self._strike(f"evaluator {place}", made.result, list(plan.cells))
        await self._events.put(
            Scored(job=task.job, subject=subject, position=place, outcomes=outcomes, error=error, calls=calls)
        )

    async def _strike(self, whose: int | str, failed: CallFailed, cells: Sequence[int]) -> None:
        """After too many failures in a row asking on is no use: the cells wait until somebody has seen to it."""
        if failed.kind not in STRIKES:
            return
        self._strikes[whose] += 1
        if self._strikes[whose] >= STRIKES[failed.kind]:
            await self._halt(cells, failed.message)

    async def _halt(self, cells: Sequence[int], reason: str) -> None:
        if not self._halted.issuperset(cells):
            self._halted.update(cells)
            await self._db(desk.halt, cells, reason)

    def _like(self, task: _Task) -> list[int]:
        """The cells of the task's model."""
        model = self._plan.cells[task.job.cell_id].model_id
        return [key for key, cell in self._plan.cells.items() if cell.model_id == model]

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
        recorder = self._plan.recorder
        try:
            self._note(await self._db(recorder.write, events))
        except (Lost, OperationalError, InterfaceError, Overloaded):
            raise
        except Exception as error:
            log.exception("A batch of experiment %s could not be recorded.", self._id)
            if len(events) > 1:
                for event in events:
                    await self._record([event])
            else:
                told = _("The answer could not be recorded: %s.") % type(error).__name__
                self._note(await self._db(recorder.refuse, events[0], told))


def _hang_up() -> None:
    with contextlib.suppress(Exception):
        connection.close()
