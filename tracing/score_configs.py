"""Score configs: the rules for them, and the verbs that API and admin share (api.md, section 7)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from accounts.authors import Author
from common.errors import Invalid
from common.finding import find
from common.ids import new_id
from tracing.models.configured import CONFIG_TYPES, ScoreConfig

MAX_NAME = 35
MAX_CATEGORIES = 500
MAX_LABEL = 500
MAX_DESCRIPTION = 10_000
YES_NO = ({"label": "True", "value": 1}, {"label": "False", "value": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A config as given; `categories` are `{label, value}`."""

    name: str
    data_type: str
    min_value: float | None = None
    max_value: float | None = None
    categories: Sequence[Mapping[str, Any]] | None = None
    description: str | None = None
    is_archived: bool = False


def create(project_id: str, draft: Draft, author: Author, config_id: str = "") -> ScoreConfig:
    """Add a config to the project; raises Invalid."""
    config = ScoreConfig(pk=config_id or new_id(), project_id=project_id, data_type=draft.data_type)
    return _save(config, draft, author, "create")


def change(project_id: str, config_id: str, changes: Mapping[str, Any], author: Author) -> ScoreConfig:
    """Change fields of a config (names of `Draft`, but not `data_type`); raises NotFound, Invalid.

    Scores given before stay as they are.
    """
    config = own(project_id, config_id)
    return _save(config, replace(draft_of(config), **changes), author, "update")


def archive(project_id: str, config_id: str, author: Author, *, archived: bool = True) -> None:
    """Let the config take no more scores, or let it take them again."""
    change(project_id, config_id, {"is_archived": archived}, author)


def own(project_id: str, config_id: str) -> ScoreConfig:
    """The project's config of that id; raises NotFound."""
    rows = ScoreConfig.objects.filter(project_id=project_id)
    return find(rows, config_id, "Score config not found within authorized project")


def draft_of(config: ScoreConfig) -> Draft:
    """A stored config as it would be given."""
    return Draft(
        name=config.name,
        data_type=config.data_type,
        min_value=config.min_value,
        max_value=config.max_value,
        categories=None if config.data_type == "BOOLEAN" else config.categories,
        description=config.description,
        is_archived=config.is_archived,
    )


def check(draft: Draft) -> dict[str, Any]:
    """What would be stored, by field of `ScoreConfig`; raises Invalid naming the wire's field."""
    if draft.data_type not in dict(CONFIG_TYPES):
        raise Invalid(f"dataType must be one of {', '.join(dict(CONFIG_TYPES))}.", "dataType")
    low, high = _range(draft)
    return {
        "name": _name(draft.name),
        "min_value": low,
        "max_value": high,
        "categories": _categories(draft),
        "description": _description(draft.description),
        "is_archived": draft.is_archived,
    }


def _save(config: ScoreConfig, draft: Draft, author: Author, action: str) -> ScoreConfig:
    before = _told(config) if action == "update" else None
    for name, value in check(draft).items():
        setattr(config, name, value)
    with transaction.atomic():
        config.save()
        author.record(action, "score_config", config.pk, project=config.project_id, before=before, after=_told(config))
    return config


def _told(config: ScoreConfig) -> dict[str, Any]:
    fields = ("name", "data_type", "min_value", "max_value", "categories", "description", "is_archived")
    return {field: getattr(config, field) for field in fields}


def _name(sent: str) -> str:
    name = sent.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid(f"name must have 1 to {MAX_NAME} characters; it has {len(name)}.", "name")
    wrong = sorted({character for character in name if not (character.isalnum() or character in "_ .()-")})
    if wrong:
        raise Invalid(
            f"name may hold letters, digits, spaces, and _ . ( ) - only; it holds {' '.join(map(repr, wrong))}.", "name"
        )
    return name


def _description(sent: str | None) -> str | None:
    if sent is not None and len(sent) > MAX_DESCRIPTION:
        raise Invalid(f"description must have at most {MAX_DESCRIPTION} characters.", "description")
    return sent.replace("\0", "\ufffd") if sent else sent


def _range(draft: Draft) -> tuple[float | None, float | None]:
    low, high = draft.min_value, draft.max_value
    for name, value in (("minValue", low), ("maxValue", high)):
        if value is not None and draft.data_type != "NUMERIC":
            raise Invalid(f"{name} is for configs of type NUMERIC only.", name)
        if value is not None and not math.isfinite(value):
            raise Invalid(f"{name} must be a finite number.", name)
    if low is not None and high is not None and low >= high:
        raise Invalid(f"maxValue must be greater than minValue ({low:g}).", "maxValue")
    return low, high


def _categories(draft: Draft) -> list[dict[str, Any]] | None:
    given = draft.categories
    if draft.data_type == "BOOLEAN":
        if given:
            raise Invalid("categories of a BOOLEAN config are True (1) and False (0); leave them out.", "categories")
        return [dict(category) for category in YES_NO]
    if draft.data_type != "CATEGORICAL":
        if given:
            raise Invalid("categories are for configs of type CATEGORICAL only.", "categories")
        return None
    if not given:
        raise Invalid("categories must be given for a CATEGORICAL config: a list of {label, value}.", "categories")
    if len(given) > MAX_CATEGORIES:
        raise Invalid(f"categories must be at most {MAX_CATEGORIES}; there are {len(given)}.", "categories")
    checked = [_category(category, f"categories[{position}]") for position, category in enumerate(given)]
    for what in ("label", "value"):
        values = [category[what] for category in checked]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise Invalid(f"categories: the {what} {twice!r} stands there twice; each must be unique.", "categories")
    return checked


def _category(category: Mapping[str, Any], place: str) -> dict[str, Any]:
    label, value = category["label"], category["value"]
    if not label.strip() or len(label) > MAX_LABEL or "\0" in label:
        raise Invalid(f"{place}.label must have 1 to {MAX_LABEL} characters.", f"{place}.label")
    if not math.isfinite(value):
        raise Invalid(f"{place}.value must be a finite number.", f"{place}.value")
    return {"label": label, "value": value}
