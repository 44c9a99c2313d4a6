"""What clients leave to the server: the prompt a generation was made with, its price, and tokens nobody counted
(api.md, section 3.1).

One look-up per kind and batch. What an observation used and cost depends on its model, its usage, its texts and its
level; clients of the JSON door send these in several batches, so what a batch leaves open is worked out from the stored
row, in the same transaction and after the row was locked by its write: two batches that arrive at once cannot miss each
other's half.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from llm import pricing, tokens
from llm.pricing import PriceBook
from llm.tariffs import AttributeCondition, ModelPrice
from prompts import lookup
from tracing.ingestion import jsontext
from tracing.records import JsonText, Observation, ObservationChange
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery

# Of these a missing usage is counted; of an embedding only what went in, because what came out are numbers.
COUNTED_TYPES = frozenset({"GENERATION", "EMBEDDING"})


@dataclass(frozen=True, slots=True)
class Call:
    """What the price of a call depends on."""

    type: str | None
    model: str | None
    at: datetime
    level: str | None
    usage: Mapping[str, int]  # as the client gave it
    cost: Mapping[str, float]  # as the client gave it
    parameters: JsonText | None
    metadata: Mapping[str, JsonText] | None
    input: JsonText | None
    output: JsonText | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call used and cost. Empty: nothing is known."""

    model_id: str | None
    usage: dict[str, int]
    cost: dict[str, float]

    @property
    def total_cost(self) -> float | None:
        return self.cost.get("total")


def link_prompts(project_id: str, observations: Sequence[ObservationChange]) -> None:
    """Point at the prompt versions that generations name; what does not exist is not linked (api.md, section 2.12)."""
    pairs = {
        (change.prompt_name, change.prompt_version)
        for change in observations
        if change.prompt_name is not None and change.prompt_version is not None
    }
    known = lookup.version_ids(project_id, pairs) if pairs else {}
    for change in observations:
        if change.prompt_name is not None and change.prompt_version is not None:
            change.prompt_id = known.get((change.prompt_name, change.prompt_version))
            if change.prompt_id is None:
                change.prompt_name = change.prompt_version = None


def price(project_id: str, observations: Iterable[ObservationChange], *, whole: bool) -> list[str]:
    """Work out usage and cost of what can be priced by itself; answers the ids of what needs its stored row.

    `whole`: nothing more will come of these observations, and nothing came before.
    """
    book = pricing.book(project_id)
    open_ids = []
    for change in observations:
        given = change.provided_usage_details or change.provided_cost_details
        if not (change.model or given or change.type in COUNTED_TYPES):
            continue
        settled = whole or bool(change.model and given)
        bill = _bill(book, _call_of_change(change), count_tokens=whole)
        change.model_id = bill.model_id
        change.usage_details = bill.usage or None
        change.cost_details = bill.cost or None
        change.total_cost = bill.total_cost
        if not settled:
            open_ids.append(change.id)
    return open_ids


def price_stored(project_id: str, ids: Sequence[str]) -> list[ObservationChange]:
    """What the stored rows of these ids should say about usage and cost, where they say something else."""
    book = pricing.book(project_id)
    rows = {row.id: row for row in _stored(project_id, ids)}
    with_texts = [row.id for row in rows.values() if _needs_texts(book, row)]
    if with_texts:
        rows |= {row.id: row for row in _stored(project_id, with_texts, with_bodies=True)}
    return [change for row in rows.values() if (change := _correction(book, row)) is not None]


def _correction(book: PriceBook, row: Observation) -> ObservationChange | None:
    bill = _bill(book, _call_of_row(row), count_tokens=_is_over(row))
    wanted = (bill.model_id, bill.usage, bill.cost)
    if not any(wanted) or wanted == (row.model_id, dict(row.usage_details), dict(row.cost_details)):
        return None
    return ObservationChange(
        id=row.id,
        trace_id=row.trace_id,
        seen_at=row.start_time,
        model_id=bill.model_id,
        usage_details=bill.usage,
        cost_details=bill.cost,
        total_cost=bill.total_cost,
    )


def _bill(book: PriceBook, call: Call, *, count_tokens: bool) -> Bill:
    definition = book.match(call.model, call.at) if call.model else None
    usage = dict(call.usage)
    if not usage and count_tokens and definition is not None and not call.cost and call.level != "ERROR":
        usage = _counted(call, definition)
    if usage and "total" not in usage:
        usage["total"] = sum(usage.values())
    if call.cost:
        cost = dict(call.cost)
        if "total" not in cost:
            cost["total"] = sum(cost.values())
    elif definition is not None and usage:
        cost = book.cost(definition, usage, call.at, model_parameters=call.parameters, metadata=call.metadata)
    else:
        cost = {}
    return Bill(definition.id if definition else None, usage, cost)


def _counted(call: Call, definition: ModelPrice) -> dict[str, int]:
    if call.type not in COUNTED_TYPES or call.model is None:
        return {}
    sides = {"input": call.input, "output": call.output if call.type == "GENERATION" else None}
    counts = {side: tokens.count(call.model, text, definition.tokenizer) for side, text in sides.items()}
    return {side: number for side, number in counts.items() if number is not None}


def _is_over(row: Observation) -> bool:
    """Before a call has answered, its tokens would be counted once too often."""
    return row.end_time is not None or bool(row.output_preview)


def _needs_texts(book: PriceBook, row: Observation) -> bool:
    definition = book.match(row.model, row.start_time) if row.model else None
    if definition is None or row.provided_cost_details:
        return False
    if row.provided_usage_details:
        return _looks_at_metadata(definition)
    return row.type in COUNTED_TYPES and _is_over(row) and row.level != "ERROR"


def _looks_at_metadata(definition: ModelPrice) -> bool:
    return any(
        isinstance(condition, AttributeCondition) and condition.source == "metadata"
        for period in definition.periods
        for tier in period.tiers
        for condition in tier.conditions
    )


def _stored(project_id: str, ids: Sequence[str], *, with_bodies: bool = False) -> tuple[Observation, ...]:
    window = Cursor(limit=len(ids))
    query = ObservationQuery(project_id=project_id, ids=tuple(ids), window=window, with_bodies=with_bodies)
    return store().observations(query).rows


def _call_of_change(change: ObservationChange) -> Call:
    return Call(
        type=change.type,
        model=change.model,
        at=change.start_time or change.seen_at,
        level=change.level,
        usage=change.provided_usage_details or {},
        cost=change.provided_cost_details or {},
        parameters=change.model_parameters,
        metadata=change.metadata,
        input=change.input,
        output=change.output,
    )


def _call_of_row(row: Observation) -> Call:
    return Call(
        type=row.type,
        model=row.model,
        at=row.start_time,
        level=row.level,
        usage=row.provided_usage_details,
        cost=row.provided_cost_details,
        parameters=row.model_parameters,
        metadata=jsontext.split_metadata(row.metadata) if row.metadata else None,
        input=row.input,
        output=row.output,
    )
