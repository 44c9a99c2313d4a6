"""The filter grammar of the public API, which pages use too (api.md, section 1).

A filter is `{type, column, operator, value, key?}`; several are ANDed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from common.errors import Invalid
from common.moments import parse_moment

OPERATORS: Mapping[str, tuple[str, ...]] = {
    "datetime": (">", "<", ">=", "<="),
    "string": ("=", "contains", "does not contain", "starts with", "ends with", "matches"),
    "number": ("=", ">", "<", ">=", "<="),
    "stringOptions": ("any of", "none of"),
    "categoryOptions": ("any of", "none of"),
    "arrayOptions": ("any of", "none of", "all of"),
    "stringObject": ("=", "contains", "does not contain", "starts with", "ends with", "matches"),
    "numberObject": ("=", ">", "<", ">=", "<="),
    "booleanObject": ("=", "<>"),
    "boolean": ("=", "<>"),
    "null": ("is null", "is not null"),
    "positionInTrace": ("=",),
}
NEED_KEY = frozenset({"stringObject", "numberObject", "booleanObject", "categoryOptions", "positionInTrace"})

# What can be filtered and, where the kind has an order, sorted by: name on the wire → kind (api.md, section 5). The
# kind decides which types of filter fit (`FITTING`); a store knows where each column stands.
TRACE_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "name": "string",
    "timestamp": "datetime",
    "createdAt": "datetime",
    "updatedAt": "datetime",
    "userId": "string",
    "sessionId": "string",
    "environment": "string",
    "version": "string",
    "release": "string",
    "tags": "array",
    "public": "boolean",
    "bookmarked": "boolean",
    "input": "text",
    "output": "text",
    "metadata": "object",
    "latency": "number",
    "inputTokens": "number",
    "outputTokens": "number",
    "totalTokens": "number",
    "tokens": "number",
    "inputCost": "number",
    "outputCost": "number",
    "totalCost": "number",
    "observationCount": "number",
    "level": "string",
    "errorCount": "number",
    "warningCount": "number",
    "defaultCount": "number",
    "debugCount": "number",
    "scores_avg": "numbers",
    "scores": "numbers",
    "score_categories": "categories",
    "score_booleans": "booleans",
}
OBSERVATION_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "type": "string",
    "name": "string",
    "traceId": "string",
    "parentObservationId": "string",
    "startTime": "datetime",
    "endTime": "datetime",
    "completionStartTime": "datetime",
    "createdAt": "datetime",
    "updatedAt": "datetime",
    "environment": "string",
    "level": "string",
    "statusMessage": "string",
    "version": "string",
    "isRootObservation": "boolean",
    "positionInTrace": "position",
    "latency": "number",
    "timeToFirstToken": "number",
    "tokensPerSecond": "number",
    "inputTokens": "number",
    "outputTokens": "number",
    "totalTokens": "number",
    "tokens": "number",
    "inputCost": "number",
    "outputCost": "number",
    "totalCost": "number",
    "model": "string",
    "providedModelName": "string",
    "modelId": "string",
    "promptId": "string",
    "promptName": "string",
    "promptVersion": "number",
    "input": "text",
    "output": "text",
    "metadata": "object",
    "experiment": "strings",
    "traceName": "string",
    "traceEnvironment": "string",
    "traceTags": "array",
    "tags": "array",
    "userId": "string",
    "sessionId": "string",
    "release": "string",
    "scores_avg": "numbers",
    "scores": "numbers",
    "score_categories": "categories",
    "score_booleans": "booleans",
}
SESSION_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "createdAt": "datetime",
    "environment": "string",
    "bookmarked": "boolean",
    "public": "boolean",
    "traceCount": "number",
    "firstTimestamp": "datetime",
    "lastTimestamp": "datetime",
    "duration": "number",
    "userIds": "array",
    "userId": "array",
    "tags": "array",
    "totalCost": "number",
    "totalTokens": "number",
    "errorCount": "number",
    "scores_avg": "numbers",
    "score_categories": "categories",
    "score_booleans": "booleans",
}
SCORE_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "timestamp": "datetime",
    "createdAt": "datetime",
    "updatedAt": "datetime",
    "name": "string",
    "dataType": "string",
    "value": "number",
    "stringValue": "string",
    "source": "string",
    "environment": "string",
    "traceId": "string",
    "observationId": "string",
    "sessionId": "string",
    "datasetRunId": "string",
    "configId": "string",
    "queueId": "string",
    "authorUserId": "string",
    "comment": "string",
    "metadata": "object",
    "traceName": "string",
    "userId": "string",
    "tags": "array",
    "traceTags": "array",
    "observationName": "string",
}
# kind of a column → types of filter that fit it.
FITTING: Mapping[str, tuple[str, ...]] = {
    "string": ("string", "stringOptions", "null"),
    "text": ("string", "null"),  # JSON text: compared with what it says, not with its quotes
    "number": ("number", "numberOptions", "null"),  # numberOptions: for parameters of the API, not for `filter`
    "datetime": ("datetime", "null"),
    "boolean": ("boolean", "null"),
    "array": ("arrayOptions", "stringOptions", "string", "null"),
    "object": ("stringObject", "numberObject", "categoryOptions", "booleanObject", "null"),
    "strings": ("stringObject", "null"),
    "numbers": ("numberObject",),
    "categories": ("categoryOptions",),
    "booleans": ("booleanObject",),
    "position": ("positionInTrace",),
}
SORTABLE = frozenset({"string", "number", "datetime", "boolean"})


@dataclass(frozen=True, slots=True)
class Filter:
    """One checked condition. `value`: text, a number, a bool, an aware datetime or a tuple of texts, as `type` says."""

    type: str
    column: str
    operator: str
    value: Any
    key: str | None = None


def parse_filters(text: str) -> tuple[Filter, ...]:
    """Read a JSON array of filters; raises Invalid with the place of the first fault."""
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(f"filter is not valid JSON: {error}.", "filter") from error
    if not isinstance(raw, list):
        raise Invalid("filter must be a JSON array of conditions.", "filter")
    return tuple(check_filter(item, f"filter[{position}]") for position, item in enumerate(raw))


def filters_as_json(filters: Sequence[Filter]) -> str:
    """What `parse_filters` reads back: how a page tells another app which rows it shows."""
    return msgspec.json.encode(
        [
            {"type": one.type, "column": one.column, "operator": one.operator, "value": one.value, "key": one.key}
            for one in filters
        ]
    ).decode()


def check_filter(raw: object, place: str = "filter") -> Filter:
    """One condition, checked; `place` names it in the refusal."""
    if not isinstance(raw, dict):
        raise Invalid(f"{place} must be an object with type, column, operator and value.", place)
    kind, column, operator, key = (raw.get(name) for name in ("type", "column", "operator", "key"))
    if not isinstance(kind, str) or kind not in OPERATORS:
        raise Invalid(f"{place}.type must be one of {', '.join(OPERATORS)}.", f"{place}.type")
    if not isinstance(column, str) or not column:
        raise Invalid(f"{place}.column must name a column.", f"{place}.column")
    if operator not in OPERATORS[kind]:
        raise Invalid(
            f"{place}.operator must be one of {', '.join(OPERATORS[kind])} for type {kind}.", f"{place}.operator"
        )
    if kind in NEED_KEY and (not isinstance(key, str) or not key):
        raise Invalid(f"{place}.key must be given for type {kind}.", f"{place}.key")
    value = _value(kind, raw.get("value"), f"{place}.value")
    return Filter(kind, column, operator, value, key if isinstance(key, str) and key else None)


def _value(kind: str, value: Any, place: str) -> Any:
    if kind == "null":
        return ""
    if kind == "datetime":
        return _moment(value, place)
    if kind in ("number", "numberObject"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Invalid(f"{place} must be a number.", place)
        return value
    if kind in ("boolean", "booleanObject"):
        if not isinstance(value, bool):
            raise Invalid(f"{place} must be true or false.", place)
        return value
    if kind in ("stringOptions", "arrayOptions", "categoryOptions"):
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise Invalid(f"{place} must be a non-empty list of strings.", place)
        return tuple(value)
    if kind == "positionInTrace":
        return value
    if not isinstance(value, str):
        raise Invalid(f"{place} must be a string.", place)
    return value


def _moment(value: Any, place: str) -> datetime:
    moment = parse_moment(value)
    if moment is None:
        raise Invalid(f"{place} must be an ISO 8601 date and time.", place)
    return moment
