"""Prompts of a project, one row per name, as the public API lists them (api.md, section 2.10)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from prompts.filtering import Condition, chooses
from prompts.models import Prompt, PromptLabel, PromptVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to list; None asks for anything. `name` is exact; `tag` one of the prompt's; times are of the last change.

    The filters choose *versions*: a row tells only of those that match, and a name without one is left out.
    """

    name: str | None = None
    label: str | None = None
    tag: str | None = None
    version: int | None = None
    updated_from: datetime | None = None  # at or after
    updated_to: datetime | None = None  # before
    # Taken instead of all the others, even when there are none.
    conditions: Sequence[Condition] | None = None


@dataclass(slots=True, kw_only=True)
class Row:
    """A name with its matching versions; `last_config` is the JSON text of the newest one's config."""

    name: str
    type: str
    tags: list[str]
    versions: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    last_updated_at: datetime
    last_config: str = "{}"


def list_prompts(project_id: str, wanted: Wanted, page: int, limit: int) -> tuple[list[Row], int]:
    """One page of rows by name, and how many there are; five queries whatever the page holds."""
    matching = _matching(project_id, wanted)
    prompts = Prompt.objects.filter(Exists(matching.filter(prompt=OuterRef("pk"))), project_id=project_id)
    total = prompts.count()
    shown = list(prompts.order_by("name")[(page - 1) * limit : page * limit])
    return _rows(shown, matching.filter(prompt__in=shown)), total


def _matching(project_id: str, wanted: Wanted) -> QuerySet[PromptVersion]:
    if wanted.conditions is not None:
        chosen = [chooses(condition) for condition in wanted.conditions]
        return PromptVersion.objects.filter(*chosen, prompt__project_id=project_id)
    conditions: dict[str, Any] = {
        "prompt__name": wanted.name,
        "labels__label": wanted.label,
        "prompt__tags__contains": None if wanted.tag is None else [wanted.tag],
        "version": wanted.version,
        "updated_at__gte": wanted.updated_from,
        "updated_at__lt": wanted.updated_to,
    }
    asked = {lookup: value for lookup, value in conditions.items() if value is not None}
    if any("\0" in text for text in (wanted.name, wanted.label, wanted.tag) if text):
        return PromptVersion.objects.none()
    return PromptVersion.objects.filter(Q(**asked), prompt__project_id=project_id)


def _rows(prompts: Sequence[Prompt], versions: QuerySet[PromptVersion]) -> list[Row]:
    rows = {
        prompt.pk: Row(name=prompt.name, type=prompt.type, tags=prompt.tags, last_updated_at=prompt.updated_at)
        for prompt in prompts
    }
    newest: dict[str, str] = {}
    found = list(versions.order_by("version").values_list("prompt_id", "pk", "version", "updated_at"))
    for prompt_id, pk, version, updated_at in found:
        row = rows[prompt_id]
        row.last_updated_at = max(row.last_updated_at, updated_at) if row.versions else updated_at
        row.versions.append(version)
        newest[prompt_id] = pk
    labels = PromptLabel.objects.filter(version__in=[pk for _, pk, _, _ in found]).order_by("label")
    for prompt_id, label in labels.values_list("prompt_id", "label"):
        rows[prompt_id].labels.append(label)
    for prompt_id, config in PromptVersion.objects.filter(pk__in=newest.values()).values_list("prompt_id", "config"):
        rows[prompt_id].last_config = config
    return list(rows.values())
