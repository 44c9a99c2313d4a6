"""Whether a score may be stored as it was sent: its target, its type, its value and its config (api.md, section 7).

Every way in checks here: ingestion, `POST /scores`, annotation, evaluators. Refusals name the field as the wire does.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid
from common.ids import new_id
from tracing.environments import DEFAULT, environment_name
from tracing.models.configured import ScoreConfig
from tracing.records import JsonText, ScoreChange

DATA_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION")
MAX_ID = 800
MAX_ID_BYTES = 2000
MAX_NAME = 800
MAX_TEXT = 500
# Sums of squares of larger numbers leave PostgreSQL's double precision, and a mean over them would be an error.
MAX_VALUE = 1e100
CORRECTION_NAME = "output"
FIRST_YEAR, LAST_YEAR = 1970, 2500


@dataclass(slots=True, kw_only=True)
class ScoreInput:
    """A score as somebody gave it; values are as they came (`Any`), for `resolve` to check.

    `metadata` is JSON text. `event_id` names the event that brought a score without an id: the same event always
    gives the same score. `internal` marks our own evaluators, who alone may write scores of source EVAL.
    """

    name: Any = None
    value: Any = None
    id: Any = None
    trace_id: Any = None
    observation_id: Any = None
    session_id: Any = None
    dataset_run_id: Any = None
    data_type: Any = None
    config_id: Any = None
    queue_id: Any = None
    source: Any = None
    comment: Any = None
    environment: Any = None
    timestamp: Any = None
    metadata: JsonText | None = None
    author_user_id: str | None = None
    event_id: str = ""
    internal: bool = False


def resolve(
    project_id: str, inputs: Sequence[ScoreInput], known: Sequence[ScoreConfig] = ()
) -> list[ScoreChange | Invalid]:
    """Check scores; the answers stand in the order of the inputs. One read of configs for all of them, without those
    that are `known`: the project's own, just read."""
    wanted = {given.config_id for given in inputs if isinstance(given.config_id, str) and _storable_id(given.config_id)}
    configs = {config.pk: config for config in known}
    if missing := wanted - configs.keys():
        configs |= ScoreConfig.objects.filter(project_id=project_id).in_bulk(list(missing))
    return [_resolved(project_id, given, configs) for given in inputs]


def _resolved(project_id: str, given: ScoreInput, configs: Mapping[str, ScoreConfig]) -> ScoreChange | Invalid:
    try:
        return _checked(project_id, given, configs)
    except Invalid as refusal:
        return refusal


def _checked(project_id: str, given: ScoreInput, configs: Mapping[str, ScoreConfig]) -> ScoreChange:
    trace_id = _id("traceId", given.trace_id)
    observation_id = _id("observationId", given.observation_id)
    session_id = _id("sessionId", given.session_id)
    dataset_run_id = _id("datasetRunId", given.dataset_run_id)
    _check_target(trace_id, observation_id, session_id, dataset_run_id)
    config = _config(given, configs)
    data_type = _data_type(given, config)
    if data_type == "CORRECTION" and trace_id is None:
        raise Invalid(
            "traceId must be given: a score of type CORRECTION corrects a trace or an observation.", "traceId"
        )
    value, string_value = READERS[data_type](given.value, config)
    return ScoreChange(
        id=_id("id", given.id) or _own_id(project_id, given.event_id),
        name=_name(given, config, data_type),
        data_type=data_type,
        value=value,
        string_value=string_value,
        source=_source(given, config, data_type),
        timestamp=_moment(given.timestamp) or datetime.now(UTC),
        environment=environment_name(_text("environment", given.environment) or DEFAULT),
        trace_id=trace_id,
        observation_id=observation_id,
        session_id=session_id,
        dataset_run_id=dataset_run_id,
        config_id=config.pk if config else None,
        queue_id=_id("queueId", given.queue_id),
        author_user_id=given.author_user_id,
        comment=_text("comment", given.comment),
        metadata=given.metadata,
    )


def _check_target(trace_id: str | None, observation_id: str | None, session_id: str | None, run_id: str | None) -> None:
    targets = [
        name
        for name, given in (("traceId", trace_id), ("sessionId", session_id), ("datasetRunId", run_id))
        if given is not None
    ]
    if observation_id is not None and trace_id is None:
        raise Invalid("traceId must be given with observationId: an observation belongs to a trace.", "traceId")
    if not targets:
        raise Invalid("A score needs exactly one of traceId, sessionId and datasetRunId; none was given.", "traceId")
    if len(targets) > 1:
        raise Invalid(
            f"A score needs exactly one of traceId, sessionId and datasetRunId; {' and '.join(targets)} were given.",
            targets[1],
        )


def _config(given: ScoreInput, configs: Mapping[str, ScoreConfig]) -> ScoreConfig | None:
    config_id = _id("configId", given.config_id)
    if config_id is None:
        return None
    config = configs.get(config_id)
    if config is None:
        raise Invalid(f"configId: there is no score config '{config_id}' in this project.", "configId")
    if config.is_archived:
        raise Invalid(f"configId: the score config '{config.name}' is archived. Restore it or use another.", "configId")
    return config


def _data_type(given: ScoreInput, config: ScoreConfig | None) -> str:
    named = given.data_type
    if named is None:
        if config is not None:
            return config.data_type
        return "CATEGORICAL" if isinstance(given.value, str) else "NUMERIC"
    if named not in DATA_TYPES:
        raise Invalid(f"dataType must be one of {', '.join(DATA_TYPES)}.", "dataType")
    if config is not None and named != config.data_type:
        raise Invalid(
            f"dataType is {named}, but the score config '{config.name}' is of type {config.data_type}.", "dataType"
        )
    return str(named)


def _name(given: ScoreInput, config: ScoreConfig | None, data_type: str) -> str:
    if data_type == "CORRECTION":
        return CORRECTION_NAME
    if config is not None:
        return config.name
    name = _text("name", given.name)
    if not name:
        raise Invalid("name must be given: a non-empty string.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"name must have at most {MAX_NAME} characters; it has {len(name)}.", "name")
    return name


def _source(given: ScoreInput, config: ScoreConfig | None, data_type: str) -> str:
    source = "API" if given.source is None else given.source
    if source == "EVAL" and not given.internal:
        raise Invalid("source EVAL is kept for evaluators that run here. Send API or ANNOTATION.", "source")
    if source not in ("API", "ANNOTATION", "EVAL"):
        raise Invalid("source must be API or ANNOTATION.", "source")
    if source == "ANNOTATION" and config is None and data_type != "CORRECTION":
        raise Invalid("configId must be given for a score of source ANNOTATION.", "configId")
    return str(source)


# --- Values -------------------------------------------------------------------------------------------


def _number(value: Any, data_type: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        hint = " Send 1 for true and 0 for false." if data_type == "BOOLEAN" or isinstance(value, bool) else ""
        raise Invalid(f"value must be a number for a score of type {data_type}.{hint}", "value")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Invalid("value must be a finite number.", "value")
    if abs(number) > MAX_VALUE:
        raise Invalid(f"value must lie between -{MAX_VALUE:g} and {MAX_VALUE:g}.", "value")
    return number


def _string(value: Any, data_type: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"value must be a string for a score of type {data_type}.", "value")
    return value.replace("\0", "\ufffd")


def _numeric(value: Any, config: ScoreConfig | None) -> tuple[float | None, str | None]:
    number = _number(value, "NUMERIC")
    if config is not None:
        if config.min_value is not None and number < config.min_value:
            raise Invalid(f"value {number:g} is below {config.min_value:g}, the lowest of '{config.name}'.", "value")
        if config.max_value is not None and number > config.max_value:
            raise Invalid(f"value {number:g} is above {config.max_value:g}, the highest of '{config.name}'.", "value")
    return number, None


def _boolean(value: Any, _: ScoreConfig | None) -> tuple[float | None, str | None]:
    number = _number(value, "BOOLEAN")
    if number not in (0, 1):
        raise Invalid(f"value must be 1 or 0 for a score of type BOOLEAN; it is {number:g}.", "value")
    return number, "True" if number else "False"


def _categorical(value: Any, config: ScoreConfig | None) -> tuple[float | None, str | None]:
    label = _string(value, "CATEGORICAL")
    if config is None:
        return 0.0, label
    values = {category["label"]: category["value"] for category in config.categories or ()}
    if label not in values:
        known = ", ".join(f"'{known}'" for known in values)
        raise Invalid(f"value '{label[:100]}' is no category of '{config.name}'. Its categories are {known}.", "value")
    return float(values[label]), label


def _free_text(value: Any, _: ScoreConfig | None) -> tuple[float | None, str | None]:
    text = _string(value, "TEXT")
    if not 1 <= len(text) <= MAX_TEXT:
        raise Invalid(
            f"value must have 1 to {MAX_TEXT} characters for a score of type TEXT; it has {len(text)}.", "value"
        )
    return None, text


def _correction(value: Any, _: ScoreConfig | None) -> tuple[float | None, str | None]:
    return None, _string(value, "CORRECTION")


READERS: Mapping[str, Callable[[Any, ScoreConfig | None], tuple[float | None, str | None]]] = {
    "NUMERIC": _numeric,
    "BOOLEAN": _boolean,
    "CATEGORICAL": _categorical,
    "TEXT": _free_text,
    "CORRECTION": _correction,
}

# --- Plain fields ---------------------------------------------------------------------------------------


def _own_id(project_id: str, event_id: str) -> str:
    if not event_id:
        return new_id()
    return hashlib.sha256(f"score\n{project_id}\n{event_id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _storable_id(value: str) -> bool:
    return (
        len(value) <= MAX_ID and len(value.encode("utf-8", "replace")) <= MAX_ID_BYTES and not {"\r", "\0"} & set(value)
    )


def _id(field: str, value: Any) -> str | None:
    """An id, or None for one that was not given; an empty one counts as not given."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Invalid(f"{field} must be a string.", field)
    if not _storable_id(value):
        raise Invalid(f"{field} must have at most {MAX_ID} characters, without carriage return or NUL.", field)
    return value


def _text(field: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid(f"{field} must be a string.", field)
    return value.replace("\0", "\ufffd")


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid("timestamp must be an ISO 8601 date and time.", "timestamp") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Invalid(f"timestamp: the year must be between {FIRST_YEAR} and {LAST_YEAR}.", "timestamp")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
