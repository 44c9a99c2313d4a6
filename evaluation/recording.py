"""What a runner found out, written down: traces, run items, kept responses, scores, jobs and counts in one transaction.

So nothing that is recorded is paid twice, and nothing is recorded twice: a batch whose commit was lost in a crash is
sent again, and finds that its jobs have gone on.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.storable import storable
from datasets.jsontext import to_text
from datasets.models import DatasetItem
from datasets.runs import Answer as RunAnswer
from datasets.runs import RunDraft, held_runs, link
from evaluation import forsaking, response_cache
from evaluation.billing import is_unpriced
from evaluation.desk import Standing, standing
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.preparing import Plan
from evaluation.scoring.base import Outcome, Subject, inputs_of
from evaluation.subjects import NOT_EXTRACTED
from llm.calls import Answer, CallFailed, ChatRequest
from tracing.recorder import RecordedCall, record
from tracing.records import ScoreChange
from tracing.scores import ScoreInput, resolve

ENVIRONMENT = "experiment"
State = Job.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A model was asked. `key` is where the answer is to be kept; `output` what was extracted (None: the whole)."""

    job: Job
    item: DatasetItem
    input: Any
    request: ChatRequest
    result: Answer | CallFailed
    cached: bool = False
    key: str = ""
    output: Any = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Nothing could be asked: the item lacks what the prompt needs, or something broke."""

    job: Job
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """An evaluator (its place among the experiment's) is through with an answer; `error` says why it failed, `calls`
    are those that it made."""

    job: Job
    subject: Subject
    position: int
    outcomes: Sequence[Outcome] = ()
    error: str = ""
    calls: Sequence[RecordedCall] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Nothing is left to score: the evaluators that were missing have been deleted meanwhile."""

    job: Job


Event = Answered | Unasked | Scored | Settled


@dataclass(slots=True)
class _Change:
    """What becomes of a job's row."""

    job: Job
    scoring: dict[str, str]
    answer: Answered | Unasked | None = None
    cost: float | None = None
    unpriced: int = 0

    def charge(self, call: RecordedCall, cost: float | None) -> None:
        """What a call cost, None where nobody knows."""
        if cost is not None:
            self.cost = (self.cost or 0.0) + cost
        self.unpriced += is_unpriced(call, cost)

    def state(self, positions: Collection[int]) -> str:
        if isinstance(self.answer, Unasked) or (self.answer and isinstance(self.answer.result, CallFailed)):
            return State.FAILED
        return State.DONE if all(str(place) in self.scoring for place in positions) else State.SCORING


class Recorder:
    """Writes down the events of one experiment for the runner of that token."""

    def __init__(self, plan: Plan, token: str) -> None:
        self._experiment = plan.experiment
        self._project = plan.experiment.project_id
        self._token = token
        self._cells = plan.cells
        self._evaluators = plan.versions
        self._drafts = {key: self._draft(cell) for key, cell in self._cells.items()}
        self.forsaken: set[int] = set()  # cells whose run was deleted

    def write(self, events: Sequence[Event]) -> Standing:
        """Record the events, all or none; those that are recorded already are left out.

        Raises desk.Lost, Overloaded, and whatever the database says of an event that it cannot take.
        """
        with transaction.atomic():
            now = standing(self._experiment.pk, self._token, hold=True)
            events, changes = self._news(events)
            calls = self._calls(events, changes)
            scores = self._scores(events, changes)
            recorded = record(self._project, [call for call, _payer in calls], scores) if calls or scores else []
            for (call, payer), cost in zip(calls, recorded, strict=True):
                payer.charge(call, cost)
            answers = [event for event in events if isinstance(event, Answered)]
            self._link(answers)
            response_cache.keep(
                self._project,
                {one.key: one.result for one in answers if one.key and isinstance(one.result, Answer)},
            )
            spent = self._update(list(changes.values()))
        for change in changes.values():
            change.job.state, change.job.scoring = change.state(self._evaluators), change.scoring
        return Standing(now.status, now.spent + spent, now.cost_cap)

    def refuse(self, event: Event, message: str) -> Standing:
        """Let fail what cannot be recorded, and say so."""
        if isinstance(event, Scored):
            return self.write([Scored(job=event.job, subject=event.subject, position=event.position, error=message)])
        return self.write([Unasked(job=event.job, kind="unrecordable", message=message)])

    def _news(self, events: Sequence[Event]) -> tuple[list[Event], dict[int, _Change]]:
        """The events that are not recorded yet, and a change for each of their jobs."""
        rows = Job.objects.filter(pk__in={event.job.pk for event in events}).values_list("pk", "state", "scoring")
        stored = {key: (state, scoring) for key, state, scoring in rows}
        changes: dict[int, _Change] = {}
        news: list[Event] = []
        for event in events:
            key = event.job.pk
            state, scoring = stored.get(key, ("", {}))
            change = changes.get(key) or _Change(event.job, dict(scoring))
            if isinstance(event, Settled):
                if state != State.SCORING:
                    continue
            elif isinstance(event, Scored):
                due = state == State.SCORING or change.answer is not None
                if not due or str(event.position) in change.scoring:
                    continue
                change.scoring[str(event.position)] = event.error
            elif state != State.RUNNING or change.answer is not None:
                continue
            else:
                change.answer = event
            changes[key] = change
            news.append(event)
        return news, changes

    def _calls(self, events: Sequence[Event], changes: Mapping[int, _Change]) -> list[tuple[RecordedCall, _Change]]:
        """The calls that were made, each once, with the job that pays for it."""
        calls: dict[str, tuple[RecordedCall, _Change]] = {}
        for event in events:
            change = changes[event.job.pk]
            if isinstance(event, Answered):
                made = [self._call(event)]
            elif isinstance(event, Scored):
                made = list(event.calls)
            else:
                continue
            for call in made:
                calls.setdefault(call.observation_id, (call, change))
        return list(calls.values())

    def _call(self, event: Answered) -> RecordedCall:
        job, cell = event.job, self._cells[event.job.cell_id]
        told: dict[str, Any] = {
            "experiment_id": self._experiment.pk,
            "run": cell.run_name,
            "item_id": event.item.item_id,
            "repetition": job.repetition + 1,
            **({"strategy": cell.prompt.strategy} if cell.prompt.strategy else {}),
            **({"cached": True} if event.cached else {}),
            **({NOT_EXTRACTED: event.note} if event.note else {}),
        }
        return RecordedCall(
            trace_id=job.trace_id,
            observation_id=job.trace_id[16:],
            name=self._experiment.name,
            generation_name=cell.model.label,
            request=event.request,
            result=event.result,
            prompt=(cell.prompt.name, cell.prompt.version),
            environment=ENVIRONMENT,
            metadata=told,
            input=event.input,
            output=event.output,
        )

    def _scores(self, events: Sequence[Event], changes: Mapping[int, _Change]) -> list[ScoreChange]:
        """The scores that may be stored; one that may not is told on its job."""
        inputs: list[tuple[ScoreInput, Scored]] = []
        for event in events:
            if isinstance(event, Scored) and event.outcomes:
                version = self._evaluators[event.position]
                evaluator = version.evaluator
                inputs += [
                    (one, event)
                    for one in inputs_of(
                        self._project,
                        evaluator.pk,
                        evaluator.name,
                        version.version,
                        event.subject,
                        list(event.outcomes),
                    )
                ]
        scores: list[ScoreChange] = []
        checked = resolve(self._project, [one for one, _event in inputs]) if inputs else []
        for (_one, event), score in zip(inputs, checked, strict=True):
            if isinstance(score, ScoreChange):
                scores.append(score)
            else:
                changes[event.job.pk].scoring[str(event.position)] = score.message
        return scores

    def _link(self, answers: Sequence[Answered]) -> None:
        """The answers' places in their runs, where nobody deleted these."""
        if not answers:
            return
        cells = {event.job.cell_id for event in answers}
        there = {run.run_id for run in held_runs(self._project, [self._cells[cell].run_id for cell in cells])}
        if any(self._cells[cell].run_id not in there for cell in cells):  # it is new, or it is gone
            self.forsaken |= forsaking.without_runs(self._experiment.pk)
        cells -= self.forsaken
        answers = [event for event in answers if event.job.cell_id in cells]
        if not answers:
            return
        links = [
            RunAnswer(
                run_id=self._cells[event.job.cell_id].run_id,
                item_id=event.item.item_id,
                trace_id=event.job.trace_id,
                created_at=event.result.ended_at,
                version=event.item,
            )
            for event in answers
        ]
        link(self._project, [self._drafts[cell] for cell in cells], links)

    def _draft(self, cell: Cell) -> RunDraft:
        experiment, prompt, model = self._experiment, cell.prompt, cell.model
        author = experiment.author
        told = {
            "model": model.model,
            "provider": model.provider,
            "parameters": model.parameters,
            "prompt": prompt.name,
            "prompt_version": prompt.version,
            **({"strategy": prompt.strategy} if prompt.strategy else {}),
            **({"author": str(author)} if author else {}),
            "experiment": experiment.name,
            "experiment_id": experiment.pk,
            "position": cell.position,
        }
        return RunDraft(
            run_id=cell.run_id,
            name=cell.run_name,
            dataset_id=experiment.dataset_id,
            description=experiment.description or None,
            metadata=to_text(told),
        )

    def _update(self, changes: Sequence[_Change]) -> float:
        """Write jobs, counts and costs; what was spent."""
        if not changes:
            return 0.0
        rows = [self._row(change) for change in changes]
        with database.cursor() as cursor:
            cursor.execute(_UPDATE_JOBS, [list(column) for column in zip(*rows, strict=True)])
        counts: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(int))
        for change in changes:
            self._count(counts[change.job.cell_id], change)
        for key in sorted(counts):
            added = {name: F(name) + number for name, number in counts[key].items() if number}
            if added:
                Cell.objects.filter(pk=key).update(**added)
        spent = math.fsum(change.cost or 0.0 for change in changes)
        Experiment.objects.filter(pk=self._experiment.pk).update(spent=F("spent") + spent, beat_at=Now())
        return spent

    def _count(self, counts: dict[str, float], change: _Change) -> None:
        state, answer = change.state(self._evaluators), change.answer
        counts["failed"] += state == State.FAILED
        if isinstance(answer, Answered) and state != State.FAILED:
            counts["answered"] += 1
            counts["cached"] += answer.cached
            counts["latency"] += _latency(answer)
        if state == State.DONE:
            counts["scored"] += 1
            counts["unscored"] += any(change.scoring.values())
        counts["cost"] += change.cost or 0.0
        counts["unpriced"] += change.unpriced

    def _row(self, change: _Change) -> tuple[Any, ...]:
        state, answer = change.state(self._evaluators), change.answer
        kind = error = note = None
        if isinstance(answer, Unasked):
            kind, error = answer.kind, answer.message
        elif answer and isinstance(answer.result, CallFailed):
            kind, error = answer.result.kind.value, answer.result.message
        elif answer:
            note = answer.note
        return (
            change.job.pk,
            state,
            kind,
            storable(error),
            storable(note),
            isinstance(answer, Answered) and answer.cached,
            change.cost,
            change.unpriced,
            _latency(answer) if isinstance(answer, Answered) and not error else None,
            orjson.dumps(storable(change.scoring)).decode(),
            state == State.DONE and any(change.scoring.values()),
            datetime.now(UTC) if answer else None,
        )


def _latency(answer: Answered) -> float:
    return (answer.result.ended_at - answer.result.started_at).total_seconds()


# What an event does not speak of stays as it is.
_UPDATE_JOBS = f"""
    UPDATE {Job._meta.db_table} AS job SET
        state = news.state,
        error_kind = coalesce(news.error_kind, job.error_kind),
        error = coalesce(news.error, job.error),
        note = coalesce(news.note, job.note),
        cached = job.cached OR news.cached,
        cost = CASE WHEN news.cost IS NULL THEN job.cost ELSE coalesce(job.cost, 0) + news.cost END,
        unpriced = job.unpriced + news.unpriced,
        latency = coalesce(news.latency, job.latency),
        scoring = news.scoring::jsonb,
        flawed = news.flawed,
        finished_at = coalesce(news.finished_at, job.finished_at)
    FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::float8[], %s::int[],
        %s::float8[], %s::text[], %s::boolean[], %s::timestamptz[]
    ) AS news (id, state, error_kind, error, note, cached, cost, unpriced, latency, scoring, flawed, finished_at)
    WHERE job.id = news.id
"""  # noqa: S608  (the name of a table)
