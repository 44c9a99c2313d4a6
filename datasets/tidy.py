"""Runs as one tidy table: a row per item × run × repetition × judgement, for whoever computes further."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.answers import Answer, links_of, read_answers
from datasets.models import DatasetRun
from datasets.origins import Origins, origins_of, with_metadata
from tracing.records import Score

# Column, and its type in Parquet: "text", "number" or "count".
COLUMNS = (
    ("dataset", "text"),
    ("item_id", "text"),
    ("run_id", "text"),
    ("run", "text"),
    ("experiment", "text"),
    ("strategy", "text"),
    ("prompt", "text"),
    ("prompt_version", "count"),
    ("model", "text"),
    ("model_setup", "text"),
    ("repetition", "count"),
    ("trace_id", "text"),
    ("observation_id", "text"),
    ("status", "text"),
    ("latency_seconds", "number"),
    ("cost_usd", "number"),
    ("tokens", "count"),
    ("score", "text"),
    ("source", "text"),
    ("data_type", "text"),
    ("judgement", "count"),
    ("value", "number"),
    ("label", "text"),
    ("comment", "text"),
)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a run was made with, one of each."""

    run: DatasetRun
    origins: Origins

    def cells(self) -> tuple[Any, ...]:
        """From the dataset to the model, without the item."""
        name, version = next(iter(self.origins.prompts), (None, None))
        return (
            self.run.run_id,
            self.run.name,
            self.origins.experiment or None,
            self.origins.strategy or None,
            name,
            version,
            ", ".join(self.origins.models) or None,
            self.origins.setup or None,
        )


def tidy_rows(project_id: str, runs: Sequence[DatasetRun]) -> Iterator[tuple[Any, ...]]:
    """The rows in the order of COLUMNS, run by run; an answer without scores has one row, with empty score columns.

    `repetition` counts the answers of one item in a run, `judgement` the scores of one name, source and type of one
    answer, both from 1. `status` is "ok", "error" or "missing". `value` is empty for categories and texts, whose words
    stand in `label`.
    """
    for run in runs:
        links = links_of([run])[run.pk]
        made = _Made(run, with_metadata(run, origins_of(project_id, {run.pk: links})[run.pk])).cells()
        answered: dict[str, int] = {}
        for answer in read_answers(project_id, links):
            answered[answer.item_id] = answered.get(answer.item_id, 0) + 1
            dataset = run.dataset.name if run.dataset else None
            yield from _rows((dataset, answer.item_id, *made, answered[answer.item_id]), answer)


def _rows(begin: tuple[Any, ...], answer: Answer) -> Iterator[tuple[Any, ...]]:
    link = answer.link
    status = "missing" if not answer.arrived else "error" if answer.failed else "ok"
    told = (*begin, link.trace_id, link.observation_id or None, status, answer.latency, answer.cost, answer.tokens)
    if not answer.scores:
        yield (*told, *(None,) * (len(COLUMNS) - len(told)))
    for key in sorted(answer.scores):
        for number, score in enumerate(answer.scores[key], 1):
            yield (*told, key.name, key.source, key.data_type, number, *_judged(score))


def _judged(score: Score) -> tuple[float | None, str | None, str | None]:
    label = None if score.data_type in ("NUMERIC", "BOOLEAN") else score.string_value
    return (score.value if label is None else None), label, score.comment
