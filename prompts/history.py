"""A prompt's versions and the moves of its labels, as its page shows them."""

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from common.errors import NotFound
from prompts.models import LATEST, LabelMove, Prompt, PromptLabel, PromptVersion

PAGE_SIZE = 50
MOVES_SHOWN = 200


def find_prompt(project_id: str, name: str) -> Prompt:
    """The prompt of that name; raises NotFound."""
    prompt = Prompt.objects.filter(project_id=project_id, name=name).first() if "\0" not in name else None
    if prompt is None:
        raise NotFound(f"Prompt not found: '{name}'")
    return prompt


def find_version(prompt: Prompt, version: int | None = None, label: str | None = None) -> PromptVersion:
    """One version with labels and author: by number, by label, or the newest; raises NotFound."""
    versions = _versions(prompt)
    if version is not None:
        found = versions.filter(version=version).first() if version < 2**31 else None
    else:
        found = versions.filter(labels__label=label or LATEST).first() if "\0" not in (label or "") else None
    if found is None:
        raise NotFound(f"Prompt not found: '{prompt.name}' with " + (f"version {version}" if version else f"'{label}'"))
    return found


def version_before(prompt: Prompt, version: int) -> PromptVersion | None:
    """The version that this one followed; None for the first."""
    return _versions(prompt).filter(version__lt=version).order_by("-version").first()


def page_of_versions(prompt: Prompt, before: int | None = None) -> tuple[Sequence[PromptVersion], bool]:
    """The newest versions (older than `before`), without their texts; and whether there are older ones."""
    versions = _versions(prompt).defer("content", "config").order_by("-version")
    if before is not None:
        versions = versions.filter(version__lt=min(before, 2**31 - 1))
    found = list(versions[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def moves_of(prompt: Prompt, label: str = "") -> Sequence[LabelMove]:
    """The last moves of a label, newest first; of all labels but `latest`, which moves with every version."""
    moves = prompt.moves.select_related("created_by").order_by("-created_at", "-pk")
    moves = moves.filter(label=label.replace("\0", "")) if label else moves.exclude(label=LATEST)
    return list(moves[:MOVES_SHOWN])


def _versions(prompt: Prompt) -> QuerySet[PromptVersion]:
    labels = Prefetch("labels", PromptLabel.objects.order_by("position"))
    return prompt.versions.select_related("created_by").prefetch_related(labels)
