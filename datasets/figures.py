"""The figures of runs, remembered: a list of runs must not read every trace and score of every run again.

A run's sheet, its summary, and what was found by comparing sheets, is remembered under the run's epoch; whatever
touches a trace of the run, or links a new answer, rotates the epoch after its commit, so that nobody can store an old
summary under the new one. A deletion rotates the epoch of the whole project: it is rare, and what it took with it is
not worth finding out.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Count

from common.ids import new_id
from datasets.answers import ScoreKey, links_of, read_answers
from datasets.comparison import RunSummary, summarise
from datasets.joining import joined, renamed
from datasets.models import DatasetRun, DatasetRunItem
from datasets.origins import origins_of
from datasets.sheets import Sheet, sheet_of
from datasets.uncollected import uncollected

# Another name for another shape: what an older program remembered is not read.
SHAPE = "run-figures-6"
REMEMBERED_SECONDS = 300
# Outlives every summary that was stored under an older epoch.
EPOCH_SECONDS = 3600
# Answers that one request reads at most (a fraction of a second); the rest is left to the next one.
BUDGET = 1500
# The same for a comparison, which is nothing without all of its runs.
COMPARED = 8000
EVERYTHING = 10**9
# Asked after every batch that is stored: written out, because making it of objects took longer than answering it.
_RUNS_OF_TRACES = "SELECT DISTINCT run_id FROM datasets_datasetrunitem WHERE project_id = %s AND trace_id = ANY(%s)"


Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Figures:
    """Summaries by the runs' keys; `complete` is False while some are still to be read."""

    summaries: Mapping[int, RunSummary]
    complete: bool


@dataclass(frozen=True, slots=True)
class Sheets:
    """Sheets and summaries by the runs' keys; `epoch` names this state of these runs in this order, once they are
    `complete`."""

    sheets: Mapping[int, Sheet]
    summaries: Mapping[int, RunSummary]
    complete: bool
    epoch: str


def figures_of(project_id: str, runs: Sequence[DatasetRun]) -> Figures:
    """The summaries of runs: remembered ones, and of the others as many as the budget allows, at least one."""
    slots = _slots(project_id, [run.pk for run in runs])
    known: dict[str, RunSummary] = cache.get_many(slots.values())
    found = {key: known[slot] for key, slot in slots.items() if slot in known}
    missing = [run for run in runs if run.pk not in found]
    chosen = _affordable(missing, BUDGET)
    if chosen:
        fresh = read_runs(project_id, chosen)
        _remember(slots, fresh)
        found |= {key: summary for key, (_sheet, summary) in fresh.items()}
    keys = joined(summary.scores for summary in found.values())
    return Figures({key: _joined(one, keys) for key, one in found.items()}, complete=len(chosen) == len(missing))


def sheets_of(project_id: str, runs: Sequence[DatasetRun], budget: int | None = None) -> Sheets:
    """The sheets of runs, in the same way; the budget is that of a comparison unless given."""
    slots = _slots(project_id, [run.pk for run in runs])
    known: dict[str, Any] = cache.get_many([name for slot in slots.values() for name in (slot, _sheet_slot(slot))])
    found: dict[int, tuple[Sheet, RunSummary]] = {
        key: (known[_sheet_slot(slot)], known[slot])
        for key, slot in slots.items()
        if slot in known and _sheet_slot(slot) in known
    }
    missing = [run for run in runs if run.pk not in found]
    chosen = _affordable(missing, COMPARED if budget is None else budget)
    if chosen:
        fresh = read_runs(project_id, chosen)
        _remember(slots, fresh)
        found |= fresh
    named = "\n".join(slots[run.pk] for run in runs)
    keys = joined(sheet.scores for sheet, _summary in found.values())
    return Sheets(
        sheets={key: replace(one, scores=renamed(one.scores, keys)) for key, (one, _summary) in found.items()},
        summaries={key: _joined(summary, keys) for key, (_sheet, summary) in found.items()},
        complete=len(chosen) == len(missing),
        epoch=hashlib.sha256(named.encode()).hexdigest(),
    )


def remembered(epoch: str, question: str, answer: Callable[[], Made]) -> Made:
    """What was made of the sheets of an epoch, made anew when nobody remembers it."""
    slot = f"{SHAPE}:{epoch}:{hashlib.sha256(question.encode('utf-8', 'replace')).hexdigest()}"
    # In a tuple, so that None can be remembered, too.
    known: tuple[Made] | None = cache.get(slot)
    if known is None:
        known = (answer(),)
        cache.set(slot, known, REMEMBERED_SECONDS)
    return known[0]


def read_runs(project_id: str, runs: Sequence[DatasetRun]) -> dict[int, tuple[Sheet, RunSummary]]:
    """The sheets and summaries of runs as they are now."""
    with uncollected():
        links = links_of(runs)
        answers = iter(read_answers(project_id, [link for of_run in links.values() for link in of_run]))
        origins = origins_of(project_id, links)
        sheets = {key: sheet_of([next(answers) for _ in of_run]) for key, of_run in links.items()}
        return {key: (sheet, replace(summarise(sheet), origins=origins[key])) for key, sheet in sheets.items()}


def forget_runs(keys: Collection[int]) -> None:
    """The figures of these runs are read anew from now on. Call it after the commit of what changed them."""
    if keys:
        cache.set_many({_epoch(key): new_id() for key in keys}, EPOCH_SECONDS)


def forget_runs_of_traces(project_id: str, trace_ids: Collection[str]) -> None:
    """The same for all runs with answers in these traces."""
    if trace_ids:
        with connection.cursor() as cursor:
            cursor.execute(_RUNS_OF_TRACES, (project_id, list(trace_ids)))
            forget_runs({key for (key,) in cursor.fetchall()})


def forget_project(project_id: str) -> None:
    """The figures of all runs of the project are read anew from now on."""
    cache.set(_project_epoch(project_id), new_id(), EPOCH_SECONDS)


def _joined(summary: RunSummary, keys: Mapping[ScoreKey, ScoreKey]) -> RunSummary:
    if not keys:
        return summary
    scores = {key: replace(one, key=key) for key, one in renamed(summary.scores, keys).items()}
    return replace(summary, scores=scores)


def _remember(slots: Mapping[int, str], fresh: Mapping[int, tuple[Sheet, RunSummary]]) -> None:
    made: dict[str, Sheet | RunSummary] = {}
    for key, (sheet, summary) in fresh.items():
        made |= {slots[key]: summary, _sheet_slot(slots[key]): sheet}
    cache.set_many(made, REMEMBERED_SECONDS)


def _sheet_slot(slot: str) -> str:
    return f"{slot}:sheet"


def _slots(project_id: str, keys: Sequence[int]) -> dict[int, str]:
    whole = _project_epoch(project_id)
    epochs = cache.get_many([whole, *(_epoch(key) for key in keys)])
    return {key: f"{SHAPE}:{key}:{epochs.get(whole, '0')}:{epochs.get(_epoch(key), '0')}" for key in keys}


def _project_epoch(project_id: str) -> str:
    return f"runs-epoch:{project_id}"


def _epoch(key: int) -> str:
    return f"run-epoch:{key}"


def _affordable(runs: Sequence[DatasetRun], budget: int) -> list[DatasetRun]:
    if not runs:
        return []
    counted = DatasetRunItem.objects.filter(run__in=runs).order_by().values_list("run_id").annotate(n=Count("pk"))
    sizes = dict(counted)
    chosen: list[DatasetRun] = []
    spent = 0
    for run in runs:
        spent += sizes.get(run.pk, 0)
        if chosen and spent > budget:
            break
        chosen.append(run)
    return chosen
