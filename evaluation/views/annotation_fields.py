"""The fields of a judgement: score configs as a form that keys alone can fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.storable import storable
from evaluation.annotation import Said
from tracing.models.configured import ScoreConfig
from tracing.records import Score

# Digits choose: ten of the options.
DIGITS = "1234567890"

# Of configs that are not asked any more; a queue asks for less than this.
MOST_STRANGE = 100
MAX_ID = 100


@dataclass(frozen=True, slots=True)
class Option:
    """A value to choose; `key` is the digit that chooses it, if one is left."""

    value: str
    label: str
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A score config on the form, with what was said of it so far and what is wrong with that."""

    config: ScoreConfig
    value: str
    comment: str
    fault: str
    options: tuple[Option, ...]


def fields_of(
    configs: Sequence[ScoreConfig], said: Mapping[str, Said], faults: Mapping[str, str] | None = None
) -> list[Field]:
    """The form for these configs."""
    found = []
    for config in configs:
        given = said.get(config.pk, Said(""))
        fault = (faults or {}).get(config.pk, "")
        found.append(Field(config, given.value, given.comment, fault, _options(config, given.value)))
    return found


def read_said(given: QueryDict, configs: Sequence[ScoreConfig]) -> dict[str, Said]:
    """What a form sent, by config; also under those that it held and that are asked no more, unless left empty."""
    asked = {config.pk for config in configs}
    sent = (key.partition(".") for key, text in given.items() if str(text).strip())
    typed = {id for kind, _dot, id in sent if kind in ("value", "comment") and len(id) <= MAX_ID and storable(id) == id}
    keys = asked | set(sorted(typed - asked)[:MOST_STRANGE])
    return {key: Said(given.get(f"value.{key}", ""), given.get(f"comment.{key}", "")) for key in keys}


def said_by(scores: Sequence[Score]) -> dict[str, Said]:
    """Stored scores as a form would send them, by config."""
    return {score.config_id: Said(_sent(score), score.comment or "") for score in scores if score.config_id}


def told(score: Score) -> str:
    """A score's value in words."""
    if score.data_type == "BOOLEAN":
        return _("Yes") if score.value else _("No")
    return number(score.value) if score.data_type == "NUMERIC" else score.string_value or ""


def number(value: float | None) -> str:
    """As people write it: whole numbers without a point, nothing lost otherwise."""
    return "" if value is None else f"{value:.15g}"


def _sent(score: Score) -> str:
    if score.data_type in ("NUMERIC", "BOOLEAN"):
        return number(score.value)
    return score.string_value or ""


def _options(config: ScoreConfig, value: str) -> tuple[Option, ...]:
    pairs: list[tuple[str, Any]] = []
    if config.data_type == "BOOLEAN":
        pairs = [("1", _("Yes")), ("0", _("No"))]
    elif config.data_type == "CATEGORICAL":
        pairs = [(category["label"], category["label"]) for category in config.categories or ()]
    keys = DIGITS + " " * len(pairs)
    return tuple(
        Option(sent, str(label), keys[place].strip(), sent == value) for place, (sent, label) in enumerate(pairs)
    )
