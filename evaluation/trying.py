"""Trying an evaluator, saved or not, on what is there: what it is asked, what it says, what that costs.

Nothing is scored. Calls of models are recorded as traces all the same, because they were paid.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from common.errors import Invalid
from datasets.models import Dataset, DatasetRunItem
from evaluation import observed
from evaluation.billing import Bills, bills
from evaluation.definitions import Code, Definition, Judge, checked, columns, type_of
from evaluation.mapping import Mapped
from evaluation.models import Evaluator, EvaluatorVersion
from evaluation.rule_matching import NO_JUDGES
from evaluation.scoring import sandbox
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of
from evaluation.scoring.evaluating import evaluate
from evaluation.scoring.judging import messages_of
from evaluation.scoring.parts import part, source
from evaluation.scoring.results import outcomes
from llm.calls import Answer
from llm.clients import Clients
from tracing.filters import Filter
from tracing.recorder import RecordedCall, record
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery

MOST = 20
UNSAVED = "trial"
GENERATIONS = Filter("stringOptions", "type", "any of", ("GENERATION",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A judge's variables and messages for one subject. `faults` tells by variable why it has no value."""

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    messages: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What an evaluator did with one subject. `error` is empty where it went well; `cost` in US dollars, of all calls;
    `printed` is what a program printed."""

    subject: Subject
    filled: Filled
    outcomes: Sequence[Outcome] = ()
    error: str = ""
    printed: str = ""
    calls: Sequence[RecordedCall] = ()
    cost: float = 0.0
    seconds: float = 0.0


def fill(definition: Definition, subject: Subject, mapping: Sequence[Mapped]) -> Filled:
    """The live preview of a mapping: no model is called, and a mapping may be half made."""
    if not isinstance(definition, Judge):
        return Filled()
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    by_variable = {one.variable: one for one in mapping}
    for variable in definition.variables:
        one = by_variable.get(variable)
        if one is None:
            faults[variable] = _("It is not mapped.")
            continue
        try:
            value = part(source(subject, one.source), one.json_path)
        except ScoringFailed as failed:
            faults[variable] = failed.message
            continue
        if value is None:
            place = f"{one.source} {one.json_path or ''}".strip()
            faults[variable] = _("There is nothing at %(place)s.") % {"place": place}
        else:
            values[variable] = value
    return Filled(values=values, faults=faults, messages=messages_of(definition, values))


def try_out(
    project_id: str, definition: Definition, subjects: Sequence[Subject], mapping: Sequence[Mapped] = (), name: str = ""
) -> list[Tried]:
    """The definition on each subject, in their order. A judge's own mapping counts where none is given.

    Raises Invalid for a definition that could not be saved, and for more than MOST subjects.
    """
    if len(subjects) > MOST:
        told = {"most": MOST, "chosen": len(subjects)}
        words = _("An evaluator is tried on at most %(most)s at once; %(chosen)s were chosen.")
        raise Invalid(words % told, "subjects")
    definition = checked(definition)
    if isinstance(definition, Judge) and not mapping:
        mapping = definition.mapping or ()
    evaluator = Evaluator(project_id=project_id, name=name or UNSAVED, type=type_of(definition))
    version = EvaluatorVersion(evaluator=evaluator, version=0, **columns(definition))
    clients, prices = Clients(project_id), bills(project_id)

    async def each() -> list[Tried]:
        async with clients:
            tried = (_try(version, definition, one, mapping, clients, prices) for one in subjects)
            return await asyncio.gather(*tried)

    done = async_to_sync(each)()
    if calls := [call for one in done for call in one.calls]:
        record(project_id, calls)
    return done


def subjects_of_dataset(dataset: Dataset, limit: int = 5) -> list[Subject]:
    """The newest answers to a dataset's items, of whatever run: each item once, as far as the newest answers reach."""
    links = DatasetRunItem.objects.filter(project_id=dataset.project_id, run__dataset=dataset)
    newest = list(links.select_related("version").order_by("-created_at", "-id")[: limit * 10])
    by_item = {link.item_id: link for link in reversed(newest)}
    chosen = sorted(by_item.values(), key=lambda link: link.created_at, reverse=True)[:limit]
    project_id = dataset.project_id
    of_observations = observed.observations(project_id, [one.observation_id for one in chosen if one.observation_id])
    of_traces = observed.traces(project_id, [one.trace_id for one in chosen if not one.observation_id])
    found = (of_observations.get(one.observation_id) or of_traces.get(one.trace_id) for one in chosen)
    return [one for one in found if one is not None]


def newest_subjects(project_id: str, kind: str = "observation", limit: int = 5) -> list[Subject]:
    """The newest observations (`kind` "observation": generations; "trace": whole traces) with an output."""
    if kind == "trace":
        asked = TraceQuery(project_id=project_id, filters=(NO_JUDGES,), window=Cursor(limit=limit * 5))
        traces = store().traces(asked).rows
        chosen = [row.id for row in traces if row.output_preview][:limit]
        found = observed.traces(project_id, chosen)
    else:
        window = Cursor(limit=limit * 10)
        rows = (
            store()
            .observations(ObservationQuery(project_id=project_id, filters=(GENERATIONS, NO_JUDGES), window=window))
            .rows
        )
        chosen = [row.id for row in rows if row.output_preview][:limit]
        found = observed.observations(project_id, chosen)
    return [found[id] for id in chosen if id in found]


async def _try(
    version: EvaluatorVersion,
    definition: Definition,
    subject: Subject,
    mapping: Sequence[Mapped],
    clients: Clients,
    prices: Bills,
) -> Tried:
    filled, started = fill(definition, subject, mapping), time.monotonic()
    found: Sequence[Outcome | ScoringFailed]
    error = printed = ""
    try:
        if isinstance(definition, Code):
            ran = await sandbox.run_beside(version.evaluator.project_id, definition, subject)
            printed = ran.printed
            found = outcomes(ran.result)
        else:
            found = await evaluate(version, subject, mapping, clients)
    except ScoringFailed as failed:
        found, error = [failed], failed.message
        printed = failed.printed if isinstance(failed, sandbox.ProgramFailed) else printed
    calls = [replace(call, metadata={**call.metadata, UNSAVED: True}) for call in calls_of(found)]
    paid = [(call.request, call.result) for call in calls]
    return Tried(
        subject=subject,
        filled=filled,
        outcomes=[one for one in found if isinstance(one, Outcome)],
        error=error,
        printed=printed,
        calls=calls,
        cost=sum(prices.of(request, result) or 0.0 for request, result in paid if isinstance(result, Answer)),
        seconds=time.monotonic() - started,
    )
