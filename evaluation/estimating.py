"""What an experiment will take, told before it starts: calls, tokens, cost, time.

Prompts are compiled for a sample of the items and counted as the models read them. How long answers are is learned, in
this order: from earlier answers of that prompt by that model, from earlier answers of that prompt, from the expected
outputs; where there are none, it is assumed. The request's own limit bounds it in any case.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from datasets.models import DatasetItem
from evaluation import response_cache
from evaluation.asking import Template, Unfilled, request_of, values_of
from evaluation.estimating_judges import CHARACTERS_A_TOKEN, JUDGEMENT_TOKENS, JudgeEstimate, judges, tokens_of
from evaluation.experiment_draft import Draft
from evaluation.experiment_lookup import Found, looked_up
from evaluation.models.experiments import ModelArm, PromptArm
from llm import costs, tokens
from llm.limits import CONCURRENCY
from llm.models import LlmConnection
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

SAMPLED_ITEMS = 20
SAMPLED_REQUESTS = 3_000
EARLIER = timedelta(days=90)
ASSUMED_TOKENS = 256
FEWEST_TOKENS = 4
# What a call takes where nobody measured one: a beginning, and the time to write a token.
ASSUMED_SECONDS, SECONDS_A_TOKEN = 1.0, 0.015
LIMITS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEstimate:
    """One pair of prompt and model. `basis` tells where the length of answers comes from: `model` or `prompt` (earlier
    answers), `expected` (the expected outputs), `assumed`; `cost` (US dollars) is None where the price is unknown."""

    prompt: PromptArm
    model: ModelArm
    calls: int
    input_tokens: int
    output_tokens: int
    basis: str
    cost: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """All of it. `calls` are answers wanted, `cached` of them (an estimate unless `cached_exactly`) were paid for
    before; tokens, `cost` (US dollars, of what has a price) and `seconds` are of the rest, and of the calls that
    `judges` make about all of them. `unpriced` are models without a price; `left_out` items are examples in prompts."""

    items: int
    left_out: int
    calls: int
    cached: int
    cached_exactly: bool
    input_tokens: int
    output_tokens: int
    cost: float
    seconds: float
    unpriced: Sequence[str]
    cells: Sequence[CellEstimate]
    judges: Sequence[JudgeEstimate]

    @property
    def judge_calls(self) -> int:
        """Those of all judges."""
        return sum(judge.calls for judge in self.judges)

    @property
    def is_priced(self) -> bool:
        """Whether anything of it has a price."""
        return any(cell.cost is not None for cell in self.cells) or self.judge_cost is not None

    @property
    def judge_cost(self) -> float | None:
        """US dollars of all judges whose price is known; None where there is none."""
        known = [judge.cost for judge in self.judges if judge.cost is not None]
        return math.fsum(known) if known else None

    @property
    def cost_by_model(self) -> dict[str, float | None]:
        """US dollars by the label of the model; None where its price is unknown."""
        sums: dict[str, float | None] = {}
        for cell in self.cells:
            label, before = cell.model.label, sums.get(cell.model.label, 0.0)
            sums[label] = None if cell.cost is None or before is None else before + cell.cost
        return sums


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What answers of a prompt were like: tokens and seconds on average."""

    tokens: float | None
    seconds: float | None


def estimate(project_id: str, draft: Draft) -> Estimate:
    """What the draft would take. Raises Invalid and NotFound as `planning.plan` does."""
    found = looked_up(project_id, draft)
    sample = found.sample(SAMPLED_ITEMS)
    earlier = {arm.position: _earlier(project_id, arm) for arm in found.prompts}
    expected = _expected(sample)
    cached, exactly = _cached(project_id, found)
    share = 1 - cached / found.jobs
    per_cell = len(found.item_keys) * draft.repetitions * share
    cells = [
        _cell(arm, model, template, sample, earlier[arm.position], expected, per_cell)
        for arm, template in zip(found.prompts, found.templates, strict=True)
        for model in found.models
    ]
    asked = sum(cell.calls for cell in cells)
    answer = sum(cell.output_tokens for cell in cells) / asked if asked else float(ASSUMED_TOKENS)
    judging = judges(project_id, found, sample, answer)
    takes: list[CellEstimate | JudgeEstimate] = [*cells, *judging]
    return Estimate(
        items=len(found.item_keys),
        left_out=found.left_out,
        calls=found.jobs,
        cached=cached,
        cached_exactly=exactly,
        input_tokens=sum(one.input_tokens for one in takes),
        output_tokens=sum(one.output_tokens for one in takes),
        cost=math.fsum(one.cost or 0.0 for one in takes),
        seconds=_seconds(draft, cells, judging),
        unpriced=sorted(
            {cell.model.model for cell in cells if cell.cost is None}
            | {judge.model for judge in judging if judge.cost is None and judge.model}
        ),
        cells=cells,
        judges=judging,
    )


def _cell(
    arm: PromptArm,
    model: ModelArm,
    template: Template,
    sample: Sequence[DatasetItem],
    earlier: Mapping[str, _Earlier],
    expected: float | None,
    calls: float,
) -> CellEstimate:
    asked = [tokens_of(model.model, messages) for item in sample if (messages := _messages(template, item))]
    tokens_in = math.fsum(asked) / len(asked) if asked else 0.0
    same, any_model = earlier.get(model.model), earlier.get("")
    tokens_out, basis = float(ASSUMED_TOKENS), "assumed"
    for known, told in (
        (same.tokens if same else None, "model"),
        (any_model.tokens if any_model else None, "prompt"),
        (expected, "expected"),
    ):
        if known is not None:
            tokens_out, basis = max(FEWEST_TOKENS, known), told
            break
    limits = [limit for name in LIMITS if isinstance(limit := model.parameters.get(name), int) and limit > 0]
    tokens_out = min(tokens_out, *limits) if limits else tokens_out
    seconds = same.seconds if same and same.seconds is not None else ASSUMED_SECONDS + tokens_out * SECONDS_A_TOKEN
    total_in, total_out = round(tokens_in * calls), round(tokens_out * calls)
    connection = model.connection
    return CellEstimate(
        prompt=arm,
        model=model,
        calls=round(calls),
        input_tokens=total_in,
        output_tokens=total_out,
        basis=basis,
        cost=costs.estimated(connection, model.model, total_in, total_out, timezone.now()) if connection else None,
        seconds=seconds * calls,
    )


def _messages(template: Template, item: DatasetItem) -> list[dict[str, Any]]:
    try:
        return template.messages(values_of(item))
    except Unfilled:
        return []


def _expected(sample: Sequence[DatasetItem]) -> float | None:
    """The average length of the expected outputs, in tokens."""
    known = [item.expected_output for item in sample if item.expected_output is not None]
    counted = [tokens.count("", text, "openai") or len(text) / CHARACTERS_A_TOKEN for text in known]
    return math.fsum(counted) / len(counted) if counted else None


def _earlier(project_id: str, arm: PromptArm) -> dict[str, _Earlier]:
    """What earlier answers of the prompt's version were like, by model; under "" of all models together."""
    now = timezone.now()
    rows = store().metrics(
        MetricsQuery(
            project_id=project_id,
            view="observations",
            measures=(
                Measure(measure="count", aggregation="count"),
                Measure(measure="outputTokens", aggregation="sum"),
                Measure(measure="latency", aggregation="avg"),
            ),
            since=now - EARLIER,
            until=now,
            dimensions=("providedModelName",),
            filters=(
                Filter("stringOptions", "promptName", "any of", (arm.name,)),
                Filter("number", "promptVersion", "=", arm.version),
            ),
        )
    )
    found: dict[str, _Earlier] = {}
    counts: defaultdict[str, float] = defaultdict(float)
    sums: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        model, n, total = row["providedModelName"] or "", row["count_count"], row["sum_outputTokens"] or 0
        latency = row["avg_latency"]
        found[model] = _Earlier(total / n if n and total else None, latency / 1000 if latency is not None else None)
        counts[""] += n
        sums[""] += total
    if sums[""]:
        found[""] = _Earlier(sums[""] / counts[""], None)
    return found


def _cached(project_id: str, found: Found) -> tuple[int, bool]:
    """How many of the answers are kept already, and whether all were looked for or a sample."""
    draft = found.draft
    if not draft.use_cache:
        return 0, True
    per_item = len(found.prompts) * len(found.models) * draft.repetitions
    sample = found.sample(max(1, SAMPLED_REQUESTS // per_item))
    keys = []
    for item in sample:
        for template in found.templates:
            messages = _messages(template, item)
            for model in found.models if messages else ():
                keys += [
                    response_cache.key_of(_connection(model), request_of(model, messages, repetition), repetition)
                    for repetition in range(draft.repetitions)
                ]
    if not keys:
        return 0, True
    exactly = len(sample) == len(found.item_keys)
    kept = response_cache.find_keys(project_id, keys)
    hits = sum(key in kept for key in keys)
    return hits if exactly else round(hits / len(keys) * found.jobs), exactly


def _connection(model: ModelArm) -> LlmConnection:
    if model.connection is None:
        raise ValueError("A draft's model always has a connection.")
    return model.connection


def _seconds(draft: Draft, cells: Sequence[CellEstimate], judging: Sequence[JudgeEstimate]) -> float:
    """As long as the slowest connection takes with as many calls at once as it and the draft allow."""
    work: defaultdict[str, float] = defaultdict(float)
    slots: dict[str, int] = {}
    a_judgement = ASSUMED_SECONDS + JUDGEMENT_TOKENS * SECONDS_A_TOKEN
    for connection, seconds in (
        *((cell.model.connection, cell.seconds) for cell in cells),
        *((judge.connection, judge.calls * a_judgement) for judge in judging),
    ):
        if connection is not None:
            work[connection.pk] += seconds
            slots[connection.pk] = connection.concurrency or CONCURRENCY
    alone = max((seconds / slots[key] for key, seconds in work.items()), default=0.0)
    together = math.fsum(work.values()) / draft.concurrency if draft.concurrency else 0.0
    return max(alone, together)
