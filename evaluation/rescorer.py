"""Working on a rescoring: batch by batch, questions to the database and calls of models in turns."""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import purging
from accounts.models import Project
from accounts.storable import storable
from common.errors import DomainError
from common.ids import new_id
from datasets.models import DatasetRunItem
from evaluation import mapping
from evaluation.billing import is_unpriced
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.models.experiments import Rescoring
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of, inputs_of, score_id
from evaluation.scoring.evaluating import evaluate
from evaluation.strikes import Strikes, is_out
from evaluation.subjects import subjects_of
from llm.clients import Clients
from llm.connections import of_project
from tracing.recorder import RecordedCall, record
from tracing.records import ScoreChange
from tracing.scores import resolve
from tracing.store import store
from tracing.store.base import ScoreQuery

log = logging.getLogger("promptlab.experiments")

CHUNK_SECONDS = 60.0
LEASE = timedelta(seconds=20)
BEAT_SECONDS = 5.0
BATCH = 200  # answers, where nothing but metrics looks at them
SLOW_BATCH = 20  # where models are called: so many are lost with a killed worker at most
AT_ONCE = 20
FAILURES_KEPT = 50
Status = Rescoring.Status


@dataclass(slots=True)
class _Scored:
    """What came of one evaluator and one answer."""

    link: DatasetRunItem
    version: EvaluatorVersion
    subject: Subject
    outcomes: list[Outcome] = field(default_factory=list)
    error: str = ""
    calls: Sequence[RecordedCall] = ()


def abandoned() -> list[str]:
    """Rescorings that nobody works on."""
    running = _of_projects_there().filter(status=Status.RUNNING)
    return list(running.filter(Q(beat_at=None) | Q(beat_at__lt=Now() - LEASE)).values_list("pk", flat=True))


def forget_runners() -> None:
    """Believe all runners dead: where the only worker starts anew."""
    Rescoring.objects.exclude(runner="").update(runner="", beat_at=None)


def run(rescoring_id: str, seconds: float = CHUNK_SECONDS) -> bool:
    """Work on it, unless somebody else does, for about so long or to its end; True: there is more to do."""
    token = new_id()
    free = _of_projects_there().filter(Q(runner="") | Q(beat_at__lt=Now() - LEASE) | Q(beat_at=None))
    if not free.filter(pk=rescoring_id, status=Status.RUNNING).update(runner=token, beat_at=Now()):
        return False
    row = Rescoring.objects.filter(pk=rescoring_id).first()
    if row is None:  # deleted this moment
        return False
    ends = time.monotonic() + seconds
    try:
        with asyncio.Runner() as loop:
            work = _Work(row, token)
            while time.monotonic() < ends and work.next_batch(loop):
                pass
            loop.run(work.clients.close())
    finally:
        mine = Rescoring.objects.filter(pk=rescoring_id, runner=token)
        mine.update(runner="", beat_at=None)
    return _of_projects_there().filter(pk=rescoring_id, status=Status.RUNNING).exists()


def _of_projects_there() -> QuerySet[Rescoring]:
    return Rescoring.objects.filter(project__in=Project.objects.all())  # no join, see `desk`


class _Work:
    """A chunk of a rescoring. Questions to the database and calls of models take turns."""

    def __init__(self, row: Rescoring, token: str) -> None:
        self._row = row
        self._mine = Rescoring.objects.filter(pk=row.pk, runner=token, status=Status.RUNNING)
        self._project = row.project_id
        keys = [one["version"] for one in row.evaluators]
        versions = EvaluatorVersion.objects.select_related("evaluator").in_bulk(keys)
        for one in row.evaluators:
            if one["version"] not in versions:
                one["halted"] = _("It was deleted.")
        self._evaluators: list[tuple[EvaluatorVersion, Sequence[Mapped]]] = [
            (version, mapping.read(one["mapping"]) or mapping.read(version.mapping) or ())
            for one in row.evaluators
            if (version := versions.get(one["version"])) is not None
        ]
        self._strikes = Strikes()
        self._silenced = {one["version"]: one["halted"] for one in row.evaluators if one.get("halted")}
        self._size = BATCH if all(one.metric is not None for one, _mapped in self._evaluators) else SLOW_BATCH
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self.clients = Clients(self._project)

    def next_batch(self, loop: asyncio.Runner) -> bool:
        """Score the next answers; False at the end, or when somebody else took over or cancelled."""
        links = self._links()
        if not links:
            self._mine.update(status=Status.DONE, ended_at=Now())
            return False
        pairs = [(link, subject) for link, subject in zip(links, subjects_of(self._project, links), strict=True)]
        tried = [
            _Scored(link, version, subject)
            for link, subject in pairs
            if subject is not None
            for version, _mapped in self._evaluators
        ]
        todo = self._missing(tried) if self._row.only_missing else tried
        self.clients.renew(list(of_project(self._project)))
        loop.run(self._score(todo))
        return self._write(links, todo, [link for link, subject in pairs if subject is None])

    def _links(self) -> list[DatasetRunItem]:
        """The next run items; moves on to the next run where one is at its end."""
        row = self._row
        while row.run_position < len(row.runs):
            rows = DatasetRunItem.objects.filter(run_id=row.runs[row.run_position], pk__gt=row.after)
            if found := list(rows.select_related("version").order_by("pk")[: self._size]):
                return found
            row.run_position, row.after = row.run_position + 1, ""
        return []

    def _missing(self, tried: Sequence[_Scored]) -> list[_Scored]:
        ids = {score_id(self._project, one.version.evaluator_id, one.subject): one for one in tried}
        query = ScoreQuery(project_id=self._project, ids=tuple(ids), window=None)
        there = {score.id for score in store().scores(query).rows}
        return [one for key, one in ids.items() if key not in there]

    async def _score(self, todo: Sequence[_Scored]) -> None:
        mapped = {version.pk: mapped for version, mapped in self._evaluators}
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.gather(*(self._evaluate(one, mapped[one.version.pk]) for one in todo))
        finally:
            beating.cancel()

    async def _evaluate(self, one: _Scored, mapped: Sequence[Mapped]) -> None:
        async with self._at_once:
            if why := self._silenced.get(one.version.pk):
                one.error = _("It was not asked, because it failed before: %(why)s") % {"why": why}
                return
            try:
                one.outcomes = await evaluate(one.version, one.subject, mapped, self.clients)
                one.calls = calls_of(one.outcomes)
                self._strikes.clear(one.version.pk)
            except ScoringFailed as failed:
                one.error, one.calls = failed.message, calls_of([failed])
            except DomainError as refused:
                one.error = refused.message
            except Exception as broken:
                log.exception("Evaluator %s broke.", one.version.pk)
                one.error = _("The evaluator failed: %s.") % type(broken).__name__
            if one.error and is_out(self._strikes, one.version, one.calls, self.clients):
                self._silenced.setdefault(one.version.pk, one.error)

    async def _beat(self) -> None:
        with ThreadPoolExecutor(1) as thread:
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                await asyncio.get_running_loop().run_in_executor(thread, self._touch)

    def _touch(self) -> None:
        try:
            self._mine.update(beat_at=Now())
        finally:
            connection.close()

    def _write(
        self, links: Sequence[DatasetRunItem], scored: Sequence[_Scored], lacking: Sequence[DatasetRunItem]
    ) -> bool:
        row = self._row
        with transaction.atomic():
            if not purging.hold(self._project) or not self._mine.select_for_update(no_key=True).exists():
                return False
            scores = self._checked(scored)
            calls = {call.observation_id: call for one in scored for call in one.calls}
            costs = record(self._project, list(calls.values()), scores) if calls or scores else []
            row.after = links[-1].pk
            told = [_fault(one.link, one.version.evaluator.name, one.error) for one in scored if one.error]
            deleted = len(row.evaluators) - len(self._evaluators)
            failed = len(told) + len(lacking) * len(self._evaluators) + len(links) * deleted
            told += [_fault(link, "", _("There is no answer to score.")) for link in lacking]
            row.failures = (row.failures + told)[-FAILURES_KEPT:]
            for one in row.evaluators:
                one["halted"] = storable(self._silenced.get(one["version"], ""))
            hopeless = len(self._silenced) == len(row.evaluators)
            ended = {"status": Status.CANCELLED, "ended_at": Now()} if hopeless else {}
            self._mine.update(
                run_position=row.run_position,
                after=row.after,
                done=F("done") + len(links) * len(row.evaluators) - failed,
                failed=F("failed") + failed,
                cost=F("cost") + sum(cost or 0.0 for cost in costs),
                unpriced=F("unpriced") + sum(map(is_unpriced, calls.values(), costs)),
                evaluators=row.evaluators,
                failures=row.failures,
                beat_at=Now(),
                **ended,
            )
        return not ended

    def _checked(self, scored: Sequence[_Scored]) -> list[ScoreChange]:
        inputs = [
            (given, one)
            for one in scored
            for given in inputs_of(
                self._project,
                one.version.evaluator_id,
                one.version.evaluator.name,
                one.version.version,
                one.subject,
                one.outcomes,
            )
        ]
        scores: list[ScoreChange] = []
        checked = resolve(self._project, [given for given, _one in inputs])
        for (_given, one), score in zip(inputs, checked, strict=True):
            if isinstance(score, ScoreChange):
                scores.append(score)
            else:
                one.error = score.message
        return scores


def _fault(link: DatasetRunItem, evaluator: str, message: str) -> dict[str, Any]:
    told: dict[str, Any] = storable({"item": link.item_id, "evaluator": evaluator, "message": message})
    return told
