"""Records as the public API shows them (api.md, section 5). Stored JSON text is embedded without being parsed."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import orjson

from llm.pricing import PriceBook
from llm.tariffs import side
from tracing.records import JsonText, Observation, Score, Session, Trace, TraceDetail

Answer = dict[str, Any]

TRACE_GROUPS = ("core", "io", "scores", "observations", "metrics")
LEFT_OUT = -1  # a figure whose group was not asked for
_NOTHING = orjson.Fragment(b"{}")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def embedded(text: JsonText | None) -> orjson.Fragment | None:
    """Stored JSON text as a part of the answer."""
    return None if text is None else orjson.Fragment(text)


def metadata(text: JsonText | None) -> orjson.Fragment:
    """Metadata is an object, an empty one when nothing was given."""
    return _NOTHING if text is None else orjson.Fragment(text)


# --- Traces -----------------------------------------------------------------------------------------


def trace_row(trace: Trace, groups: Collection[str] = TRACE_GROUPS) -> Answer:
    """A trace in a list; observations and scores as ids."""
    metrics = "metrics" in groups
    return {
        **_trace(trace, groups),
        "latency": (trace.latency or 0.0) if metrics else LEFT_OUT,
        "totalCost": (trace.total_cost or 0.0) if metrics else LEFT_OUT,
        "observations": trace.observation_ids if "observations" in groups else (),
        "scores": trace.score_ids if "scores" in groups else (),
    }


def trace_detail(detail: TraceDetail, book: PriceBook, groups: Collection[str] = TRACE_GROUPS) -> Answer:
    """A trace with everything in it."""
    trace, metrics = detail.trace, "metrics" in groups
    observations = detail.observations if "observations" in groups else ()
    scores = detail.scores if "scores" in groups else ()
    return {
        **_trace(trace, groups),
        "latency": (trace.latency or 0.0) if metrics else LEFT_OUT,
        "totalCost": (trace.total_cost or 0.0) if metrics else LEFT_OUT,
        "observations": [observation(each, book) for each in observations],
        # Corrections are newer than this answer's shape; clients of its time would fail on them.
        "scores": [score_v1(each) for each in scores if each.data_type != "CORRECTION"],
    }


def _trace(trace: Trace, groups: Collection[str]) -> Answer:
    answer = {
        "id": trace.id,
        "projectId": trace.project_id,
        "timestamp": trace.timestamp,
        "name": trace.name,
        "sessionId": trace.session_id,
        "userId": trace.user_id,
        "release": trace.release,
        "version": trace.version,
        "environment": trace.environment,
        "tags": trace.tags,
        "public": trace.public,
        "bookmarked": trace.bookmarked,
        "externalId": None,
        "htmlPath": f"/project/{trace.project_id}/traces/{quote(trace.id, safe='')}",
        "createdAt": trace.created_at,
        "updatedAt": trace.updated_at,
    }
    if "io" in groups:
        answer["input"] = embedded(trace.input)
        answer["output"] = embedded(trace.output)
        answer["metadata"] = metadata(trace.metadata)
    return answer


# --- Observations -----------------------------------------------------------------------------------


def by_side(details: Mapping[str, Any]) -> dict[str, Any]:
    """Buckets summed to `input` and `output`; `total` as it is. Sides without a bucket are missing."""
    sums: dict[str, Any] = {}
    for key, value in details.items():
        direction = side(key)
        if direction is not None:
            sums[direction] = sums.get(direction, 0) + value
    return sums


def observation(record: Observation, book: PriceBook) -> Answer:
    """An observation of the first generation of reads, which repeats usage and cost under several names."""
    usage, cost = by_side(record.usage_details), by_side(record.cost_details)
    tokens_in, tokens_out = usage.get("input", 0), usage.get("output", 0)
    tokens = usage.get("total", tokens_in + tokens_out)
    total_cost = cost.get("total", record.total_cost)
    input_price, output_price, total_price = map(_as_number, book.flat(book.by_id(record.model_id), record.start_time))
    return {
        "id": record.id,
        "traceId": record.trace_id,
        "projectId": record.project_id,
        "parentObservationId": record.parent_observation_id,
        "type": record.type,
        "name": record.name,
        "startTime": record.start_time,
        "endTime": record.end_time,
        "completionStartTime": record.completion_start_time,
        "level": record.level,
        "statusMessage": record.status_message,
        "environment": record.environment,
        "version": record.version,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "input": embedded(record.input),
        "output": embedded(record.output),
        "metadata": metadata(record.metadata),
        "model": record.model,
        "modelId": record.model_id,
        "modelParameters": embedded(record.model_parameters),
        "promptId": record.prompt_id,
        "promptName": record.prompt_name,
        "promptVersion": record.prompt_version,
        "usageDetails": record.usage_details,
        "costDetails": record.cost_details,
        "usage": {
            "unit": "TOKENS",
            "input": tokens_in,
            "output": tokens_out,
            "total": tokens,
            "inputCost": cost.get("input"),
            "outputCost": cost.get("output"),
            "totalCost": total_cost,
        },
        "unit": "TOKENS",
        "promptTokens": tokens_in,
        "completionTokens": tokens_out,
        "totalTokens": tokens,
        "calculatedInputCost": cost.get("input"),
        "calculatedOutputCost": cost.get("output"),
        "calculatedTotalCost": total_cost,
        "inputPrice": input_price,
        "outputPrice": output_price,
        "totalPrice": total_price,
        "latency": record.latency,
        "timeToFirstToken": record.time_to_first_token,
    }


OBSERVATION_GROUPS = (
    "core",
    "basic",
    "time",
    "io",
    "metadata",
    "model",
    "usage",
    "prompt",
    "metrics",
    "trace_context",
)
METADATA_SHOWN = 200  # characters of a value, unless it is asked for by name


def observation_v2(
    record: Observation, book: PriceBook, groups: Collection[str], whole_metadata: Collection[str] = ()
) -> Answer:
    """An observation of the second generation: only the groups asked for, bodies as strings, prices as strings."""
    answer: Answer = {
        "id": record.id,
        "traceId": record.trace_id,
        "startTime": record.start_time,
        "endTime": record.end_time,
        "projectId": record.project_id,
        "parentObservationId": record.parent_observation_id,
        "type": record.type,
        "modelId": None,
        "inputPrice": None,
        "outputPrice": None,
        "totalPrice": None,
    }
    for group, shown in _V2.items():
        if group in groups:
            answer |= shown(record)
    if "metadata" in groups:
        answer["metadata"] = _cut_metadata(record.metadata, whole_metadata)
    if "model" in groups:
        prices = book.flat(book.by_id(record.model_id), record.start_time)
        answer["modelId"] = record.model_id
        answer["inputPrice"], answer["outputPrice"], answer["totalPrice"] = map(_as_text, prices)
    return answer


_V2: Mapping[str, Any] = {
    "basic": lambda record: {
        "name": record.name,
        "level": record.level,
        "statusMessage": record.status_message,
        "version": record.version,
        "environment": record.environment,
        "bookmarked": None,  # of traces and sessions only
        "public": None,
        "userId": record.user_id,
        "sessionId": record.session_id,
        "isRootObservation": record.is_root,
    },
    "time": lambda record: {
        "completionStartTime": record.completion_start_time,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
    },
    "io": lambda record: {"input": raw_string(record.input), "output": raw_string(record.output)},
    "model": lambda record: {
        "providedModelName": record.model,
        "internalModelId": record.model_id,
        "modelParameters": embedded(record.model_parameters),
    },
    "usage": lambda record: {
        "usageDetails": record.usage_details,
        "costDetails": record.cost_details,
        "totalCost": record.total_cost,
        "usagePricingTierName": None,  # costs are stored, not which tier they came from
    },
    "prompt": lambda record: {
        "promptId": record.prompt_id,
        "promptName": record.prompt_name,
        "promptVersion": record.prompt_version,
    },
    "metrics": lambda record: {"latency": record.latency, "timeToFirstToken": record.time_to_first_token},
    "trace_context": lambda record: {"tags": record.tags, "release": record.release, "traceName": record.trace_name},
}


def raw_string(text: JsonText | None) -> str | None:
    """A body as text: a string as itself, any other value as JSON."""
    return text if text is None or text[0] != '"' else msgspec.json.decode(text, type=str)


def _cut_metadata(text: JsonText | None, whole: Collection[str]) -> Answer:
    values = _OBJECT.decode(text) if text is not None and text[0] == "{" else {}
    return {key: _cut(str(memoryview(value), "utf-8"), key in whole) for key, value in values.items()}


def _cut(value: JsonText, whole: bool) -> orjson.Fragment | str:
    if whole or len(value) <= METADATA_SHOWN:
        return orjson.Fragment(value)
    return (raw_string(value) or "")[:METADATA_SHOWN]


def _as_number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)


def _as_text(price: Decimal | None) -> str | None:
    return None if price is None else format(price.normalize(), "f")


# --- Scores -----------------------------------------------------------------------------------------


def score_v1(score: Score) -> Answer:
    """A score of a trace or an observation."""
    return {
        "id": score.id,
        "projectId": score.project_id,
        "traceId": score.trace_id,
        "observationId": score.observation_id,
        "name": score.name,
        "dataType": score.data_type,
        # The wire has no correction or text without a number; TEXT may do without.
        "value": 0 if score.value is None and score.data_type == "CORRECTION" else score.value,
        "stringValue": score.string_value,
        "source": score.source,
        "timestamp": score.timestamp,
        "createdAt": score.created_at,
        "updatedAt": score.updated_at,
        "environment": score.environment,
        "configId": score.config_id,
        "queueId": score.queue_id,
        "authorUserId": score.author_user_id,
        "comment": score.comment,
        "metadata": metadata(score.metadata),
    }


def score_v2(score: Score) -> Answer:
    """A score of anything."""
    return {**score_v1(score), "sessionId": score.session_id, "datasetRunId": score.dataset_run_id}


def score_trace(trace: Trace | None) -> Answer | None:
    """What a listed score tells of its trace."""
    if trace is None:
        return None
    return {
        "userId": trace.user_id,
        "tags": trace.tags,
        "environment": trace.environment,
        "sessionId": trace.session_id,
    }


SCORE_GROUPS = ("details", "subject", "annotation")


def score_v3(score: Score, groups: Collection[str]) -> Answer:
    """A score whose `value` has the type that its data type says."""
    answer: Answer = {
        "id": score.id,
        "projectId": score.project_id,
        "name": score.name,
        "value": _typed_value(score),
        "dataType": score.data_type,
        "source": score.source,
        "timestamp": score.timestamp,
        "environment": score.environment,
        "createdAt": score.created_at,
        "updatedAt": score.updated_at,
    }
    if "details" in groups:
        answer |= {"comment": score.comment, "configId": score.config_id, "metadata": _object(score.metadata)}
    if "annotation" in groups:
        answer |= {"authorUserId": score.author_user_id, "queueId": score.queue_id}
    if "subject" in groups:
        answer["subject"] = _subject(score)
    return answer


def _typed_value(score: Score) -> float | bool | str | None:
    match score.data_type:
        case "NUMERIC":
            return score.value
        case "BOOLEAN":
            return bool(score.value)
        case _:
            return score.string_value


def _subject(score: Score) -> Answer:
    if score.observation_id is not None:
        return {"kind": "observation", "id": score.observation_id, "traceId": score.trace_id}
    if score.trace_id is not None:
        return {"kind": "trace", "id": score.trace_id}
    if score.session_id is not None:
        return {"kind": "session", "id": score.session_id}
    return {"kind": "experiment", "id": score.dataset_run_id}


def _object(text: JsonText | None) -> orjson.Fragment | Answer | None:
    """Metadata where the wire allows nothing but objects."""
    if text is None or text[0] == "{":
        return embedded(text)
    return {"metadata": embedded(text)}


# --- Sessions ---------------------------------------------------------------------------------------


def session_row(session: Session) -> Answer:
    return {
        "id": session.id,
        "createdAt": session.created_at,
        "projectId": session.project_id,
        "environment": session.environment,
    }


def session_detail(session: Session, traces: Iterable[Trace]) -> Answer:
    """A session with all of its traces."""
    return {**session_row(session), "traces": [_trace(trace, TRACE_GROUPS) for trace in traces]}
