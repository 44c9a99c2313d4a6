"""Which span attribute means what: one table per field, the first name that is present wins (api.md, section 4).

`langfuse.*` is the SDKs' own dialect; `gen_ai.*` OpenTelemetry's (old names and new), `llm.*` OpenInference's and
Traceloop's, `ai.*` Vercel's, and so on. Native names stand before foreign ones. Inputs and outputs of foreign dialects,
which need more than a name, are in `tracing.ingestion.bodies`.

A span is read once, attribute by attribute, through an index of the table: what it costs depends on the span, not on
how many names the table knows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from tracing.ingestion import jsontext, usage
from tracing.records import OBSERVATION_TYPES, JsonText

Attributes = Mapping[str, Any]
Names = tuple[str, ...]

OBSERVATION_METADATA = "langfuse.observation.metadata"
TRACE_METADATA = "langfuse.trace.metadata"
BOTH_METADATA = "langfuse.metadata"
VERCEL_METADATA = "ai.telemetry.metadata"
EXPERIMENT = "langfuse.experiment."

FIELDS: Mapping[str, Names] = {
    # Of the trace.
    "trace_name": ("langfuse.trace.name",),
    "user_id": (
        "langfuse.user.id",
        "user.id",
        f"{OBSERVATION_METADATA}.langfuse_user_id",
        f"{TRACE_METADATA}.langfuse_user_id",
        f"{VERCEL_METADATA}.userId",
    ),
    "session_id": (
        "langfuse.session.id",
        "session.id",
        "gen_ai.conversation.id",
        f"{OBSERVATION_METADATA}.langfuse_session_id",
        f"{TRACE_METADATA}.langfuse_session_id",
        f"{VERCEL_METADATA}.sessionId",
    ),
    "tags": (
        "langfuse.trace.tags",
        "langfuse.tags",
        f"{OBSERVATION_METADATA}.langfuse_tags",
        f"{TRACE_METADATA}.langfuse_tags",
        f"{VERCEL_METADATA}.tags",
        "tag.tags",
    ),
    "public": ("langfuse.trace.public", "langfuse.public"),
    "trace_input": ("langfuse.trace.input",),
    "trace_output": ("langfuse.trace.output",),
    # Of both.
    "environment": ("langfuse.environment", "deployment.environment.name", "deployment.environment"),
    "release": ("langfuse.release",),
    "version": ("langfuse.version",),
    "service_version": ("service.version",),
    # Of the observation.
    "type": ("langfuse.observation.type",),
    "name": ("gen_ai.tool.name", "genkit:name", "logfire.msg", "ai.toolCall.name"),
    "input": ("langfuse.observation.input",),
    "output": ("langfuse.observation.output",),
    "level": ("langfuse.observation.level",),
    "status_message": ("langfuse.observation.status_message",),
    "completion_start": ("langfuse.observation.completion_start_time",),
    "ms_to_first_chunk": ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
    "as_root": ("langfuse.internal.as_root",),
    "is_app_root": ("langfuse.internal.is_app_root",),
    "model": (
        "langfuse.observation.model.name",
        "gen_ai.response.model",
        "ai.model.id",
        "gen_ai.request.model",
        "llm.response.model",
        "llm.model_name",
        "model",
    ),
    # A JSON object, whole; without one, see PARAMETER_PREFIXES.
    "model_parameters": ("langfuse.observation.model.parameters", "llm.invocation_parameters", "model_config"),
    "prompt_name": ("langfuse.observation.prompt.name", "langfuse.prompt.name"),
    "prompt_version": ("langfuse.observation.prompt.version", "langfuse.prompt.version"),
    "prompt": (f"{VERCEL_METADATA}.langfusePrompt",),  # {name, version} as JSON
    # What the type can be told by, besides `TYPES`.
    "operation": ("operation.name", "ai.operationId"),
    "operation_id": ("ai.operationId",),
    "function_id": ("ai.telemetry.functionId",),
    "genai_operation": ("gen_ai.operation.name",),
    "tool": ("gen_ai.tool.name", "gen_ai.tool.call.id"),
    # Usage and cost: JSON, whole; or single counts, see PARTS.
    "usage": ("langfuse.observation.usage_details",),
    "cost": ("langfuse.observation.cost_details",),
    "total_cost": ("gen_ai.usage.cost", "llm.cost.total", "llm.usage.cost"),
    "count_input": (
        "gen_ai.usage.prompt_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.details.input_tokens",
        "llm.usage.prompt_tokens",
        "llm.token_count.prompt",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "gen_ai.usage.prompt",
        "gen_ai.usage.input",
    ),
    "count_output": (
        "gen_ai.usage.completion_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.details.output_tokens",
        "llm.usage.completion_tokens",
        "llm.token_count.completion",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "gen_ai.usage.completion",
        "gen_ai.usage.output",
    ),
    "count_total": (
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
        "ai.usage.totalTokens",
        "ai.usage.tokens",
        "gen_ai.usage.total",
    ),
    "count_cached": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cache_read_tokens",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cached_tokens",
        "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens",
    ),
    "count_cache_creation": (
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "count_input_audio": ("gen_ai.usage.details.input_audio_tokens", "llm.token_count.prompt_details.audio"),
    "count_reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "llm.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
        "ai.usage.reasoningTokens",
    ),
    "count_output_audio": (
        "gen_ai.usage.details.output_audio_tokens",
        "llm.token_count.completion_details.audio",
    ),
}
# (field, bucket, the bucket that contains it): a part is taken out of its whole, so that buckets do not overlap.
PARTS: tuple[tuple[str, str, str | None], ...] = (
    ("count_input", "input", None),
    ("count_output", "output", None),
    ("count_total", "total", None),
    ("count_cached", "input_cached_tokens", "input"),
    ("count_cache_creation", "input_cache_creation", "input"),
    ("count_input_audio", "input_audio_tokens", "input"),
    ("count_reasoning", "output_reasoning_tokens", "output"),
    ("count_output_audio", "output_audio_tokens", "output"),
)
PARAMETER_PREFIXES: Names = ("gen_ai.request.", "llm.invocation_parameters.", "llm.request.")
NO_PARAMETERS = frozenset({"model", "type"})

# --- Types ------------------------------------------------------------------------------------------

# Fields that only a generation has.
GENERATION_MARKS: Names = (
    "model",
    "cost",
    "usage",
    "completion_start",
    "model_parameters",
    "prompt_name",
    "prompt_version",
)
# attribute -> value in lower case -> type; in order of priority, after the SDKs' own attribute
TYPES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "openinference.span.kind",
        {
            "chain": "CHAIN",
            "retriever": "RETRIEVER",
            "reranker": "RETRIEVER",
            "llm": "GENERATION",
            "embedding": "EMBEDDING",
            "agent": "AGENT",
            "tool": "TOOL",
            "guardrail": "GUARDRAIL",
            "evaluator": "EVALUATOR",
        },
    ),
    (
        "gen_ai.operation.name",
        {
            "chat": "GENERATION",
            "completion": "GENERATION",
            "text_completion": "GENERATION",
            "generate_content": "GENERATION",
            "generate": "GENERATION",
            "embeddings": "EMBEDDING",
            "retrieval": "RETRIEVER",
            "invoke_agent": "AGENT",
            "create_agent": "AGENT",
            "agent_step": "AGENT",
            "execute_tool": "TOOL",
        },
    ),
    (
        "genkit:metadata:subtype",
        {"model": "GENERATION", "tool": "TOOL", "retriever": "RETRIEVER", "embedder": "EMBEDDING"},
    ),
    ("traceloop.span.kind", {"workflow": "CHAIN", "agent": "AGENT", "tool": "TOOL"}),
    (
        "llm.request.type",
        {"chat": "GENERATION", "completion": "GENERATION", "embedding": "EMBEDDING", "rerank": "RETRIEVER"},
    ),
)
# Vercel's operations, which may be followed by the name of a function.
OPERATION_TYPES: tuple[tuple[str, str], ...] = (
    ("ai.generateText.doGenerate", "GENERATION"),
    ("ai.streamText.doStream", "GENERATION"),
    ("ai.generateObject.doGenerate", "GENERATION"),
    ("ai.streamObject.doStream", "GENERATION"),
    ("ai.embedMany.doEmbed", "EMBEDDING"),
    ("ai.embed.doEmbed", "EMBEDDING"),
    ("ai.toolCall", "TOOL"),
    ("ai.", "SPAN"),
)
# These repeat what the generations inside them used; counting both would count twice.
REPEATING_OPERATIONS = frozenset({"invoke_agent", "agent_step"})


# --- Reading a span -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Meaning:
    """What the attributes of one span say."""

    attributes: Attributes
    values: dict[str, Any] = field(default_factory=dict)  # by field
    ranks: dict[str, int] = field(default_factory=dict)  # of the name that gave the value
    observation_metadata: dict[str, JsonText] = field(default_factory=dict)
    trace_metadata: dict[str, JsonText] = field(default_factory=dict)
    experiment: dict[str, str] = field(default_factory=dict)
    foreign: bool = False  # some attribute is in another dialect than the SDKs'

    def text(self, name: str) -> str | None:
        """The value of a field, as text."""
        value = self.values.get(name)
        return value if value is None or isinstance(value, str) else jsontext.dump(value)


class _Plan(NamedTuple):
    """What to do with the attribute of one name."""

    fields: tuple[tuple[str, int], ...]  # that it may give, with the rank of the name among theirs
    metadata: tuple[tuple[str, str], ...]  # (part of the meaning, key; "" for a whole object)
    experiment: str
    foreign: bool


_INDEX: dict[str, list[tuple[str, int]]] = {}
for _field, _names in FIELDS.items():
    for _rank, _name in enumerate(_names):
        _INDEX.setdefault(_name, []).append((_field, _rank))
_OWN_PREFIXES = ("langfuse.", "user.", "session.")
_METADATA: tuple[tuple[str, tuple[str, ...]], ...] = (
    (OBSERVATION_METADATA, ("observation_metadata",)),
    (TRACE_METADATA, ("trace_metadata",)),
    (BOTH_METADATA, ("observation_metadata", "trace_metadata")),
    (VERCEL_METADATA, ("observation_metadata", "trace_metadata")),
)


@lru_cache(maxsize=16_384)  # names repeat from span to span
def _plan(name: str) -> _Plan:
    fields = tuple(_INDEX.get(name, ()))
    experiment = name.removeprefix(EXPERIMENT).replace("\0", "\ufffd") if name.startswith(EXPERIMENT) else ""
    metadata = tuple(
        (part, name[len(prefix) + 1 :].replace("\0", "\ufffd"))
        for prefix, parts in _METADATA
        if name == prefix or name.startswith(f"{prefix}.")
        if prefix != VERCEL_METADATA or not fields
        for part in parts
    )
    return _Plan(fields, metadata, experiment, not name.startswith(_OWN_PREFIXES))


def read(attributes: Attributes) -> Meaning:
    """Sort out what the attributes of a span say."""
    meaning = Meaning(attributes)
    values, ranks = meaning.values, meaning.ranks
    for name, value in attributes.items():
        plan = _plan(name)
        for of, rank in plan.fields:
            if value is not None and value != "" and rank < ranks.get(of, 99):
                values[of], ranks[of] = value, rank
        if plan.metadata:
            text = jsontext.from_value(value) or "null"
            for part, key in plan.metadata:
                into = getattr(meaning, part)
                if key:
                    into[key] = text
                else:  # a whole object; single keys go over it
                    setattr(meaning, part, jsontext.split_metadata(text) | into)
        elif plan.experiment:
            text = value if isinstance(value, str) else jsontext.dump(value)
            meaning.experiment[plan.experiment] = text.replace("\0", "\ufffd")
        if plan.foreign:
            meaning.foreign = True
    return meaning


def truth(value: Any) -> bool | None:
    """A yes or no, which some exporters write as text."""
    if value is None or isinstance(value, bool):
        return value
    return str(value).lower() == "true"


def json_object(value: Any) -> dict[str, Any] | None:
    """An object given as such or as JSON text."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def tags(value: Any) -> tuple[str, ...]:
    """A list, a JSON list, or words with commas between them."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = _listed(value)
    elif not isinstance(value, list):
        value = [value]
    return tuple(str(tag) for tag in value if tag not in (None, ""))


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text, type=list[Any])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
    return [word.strip() for word in text.split(",")]


def model_parameters(meaning: Meaning) -> JsonText | None:
    """The parameters of the call. Values that are no scalars become JSON strings (wire notes, section 3)."""
    sent = meaning.values.get("model_parameters")
    given = None if sent is None else json_object(sent)
    if given is None and meaning.foreign:
        given = {
            name.removeprefix(prefix): value
            for name, value in meaning.attributes.items()
            for prefix in PARAMETER_PREFIXES
            if name.startswith(prefix) and name.removeprefix(prefix) not in NO_PARAMETERS
        }
    if not given:
        return None
    flat = {
        name: value if isinstance(value, str | int | float) else jsontext.dump(value)
        for name, value in given.items()
        if value is not None
    }
    return msgspec.json.encode(flat).decode()


def usage_details(meaning: Meaning) -> dict[str, int]:
    """Counts by bucket, none of them overlapping."""
    values = meaning.values
    if "usage" in values and (given := json_object(values["usage"])) is not None:
        return usage.usage_details(given)
    counts: dict[str, int] = {}
    if not meaning.foreign:
        return counts
    for of, bucket, whole in PARTS:
        number = usage.count(values.get(of))
        if number is None:
            continue
        counts[bucket] = number
        if whole is not None and whole in counts:
            counts[whole] = max(0, counts[whole] - number)
    return counts


def cost_details(meaning: Meaning) -> dict[str, float]:
    """US dollars by bucket."""
    values = meaning.values
    if "cost" in values and (given := json_object(values["cost"])) is not None:
        return usage.cost_details(given)
    total = usage.money(values.get("total_cost"))
    return {} if total is None else {"total": total}


def prompt(meaning: Meaning) -> tuple[str, int] | None:
    """The prompt version a call was made with: both halves or nothing."""
    name, version = meaning.text("prompt_name"), meaning.values.get("prompt_version")
    if name is None and (given := json_object(meaning.values.get("prompt"))) is not None:
        name, version = given.get("name"), given.get("version")
    number = usage.count(version)
    return (name, number) if isinstance(name, str) and name and number and number < 2**31 else None


def observation_type(meaning: Meaning, scope_name: str, scope_version: str) -> str:
    """What kind of step it is, by the first rule that knows."""
    if meaning.values.get("type") == "span" and scope_name == SDK_SCOPE and scope_version.startswith(OLD_SDKS):
        # Python SDKs up to 3.3 called every observation a span.
        return "GENERATION" if any(mark in meaning.values for mark in GENERATION_MARKS) else "SPAN"
    for rule in TYPE_RULES:
        if (kind := rule(meaning)) is not None:
            return kind
    return "SPAN"


def _by_own_type(meaning: Meaning) -> str | None:
    return OWN_TYPES.get(str(meaning.values.get("type", "")).lower())


def _by_value(meaning: Meaning) -> str | None:
    for name, types in TYPES if meaning.foreign else ():
        value = meaning.attributes.get(name)
        if isinstance(value, str) and (kind := types.get(value.lower())):
            return kind
    return None


def _by_operation(meaning: Meaning) -> str | None:
    operation = meaning.text("operation")
    if operation is None:
        return None
    return next((kind for prefix, kind in OPERATION_TYPES if operation.startswith(prefix)), None)


def _by_marks(meaning: Meaning) -> str | None:
    if "tool" in meaning.values:
        return "TOOL"
    return "GENERATION" if "model" in meaning.values else None


SDK_SCOPE = "langfuse-sdk"
OLD_SDKS = ("3.0.", "3.1.", "3.2.", "3.3.")
OWN_TYPES: Mapping[str, str] = {kind.lower(): kind for kind in OBSERVATION_TYPES}
TYPE_RULES: Iterable[Callable[[Meaning], str | None]] = (_by_own_type, _by_value, _by_operation, _by_marks)
