"""Prompts as people look for them: folder by folder, or by what is in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet

from prompts.models import LATEST, LabelMove, Prompt, PromptLabel, PromptVersion

PAGE_SIZE = 50

Order = Literal["name", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look and for what. `text` looks into names, tags and the newest texts, in subfolders too."""

    folder: str = ""
    text: str = ""
    tag: str = ""
    label: str = ""
    order: Order = "name"
    descending: bool = False
    page: int = 1

    @property
    def filtered(self) -> bool:
        return bool(self.text or self.tag or self.label)


@dataclass(frozen=True, slots=True)
class Folder:
    """A part of names before a slash; `count` prompts stand in it and below."""

    name: str
    path: str
    count: int


@dataclass(slots=True, kw_only=True)
class Entry:
    """A prompt in a list. `labels` are (label, version) without `latest`, whose version is `newest`."""

    id: str
    name: str
    shown_name: str
    type: str
    tags: list[str]
    newest: int | None = None
    labels: list[tuple[str, int]] = field(default_factory=list)
    changed_at: datetime
    changed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a folder; folders come first, on the first page. `total` counts the prompts, not the folders."""

    folders: list[Folder]
    entries: list[Entry]
    total: int
    page: int
    pages: int


def browse(project_id: str, search: Search) -> Listing:
    """The prompts of a folder and its subfolders, or (searching) the prompts below it that match; four queries."""
    prefix = f"{search.folder}/" if search.folder else ""
    column = "name" if search.order == "name" else "updated_at"
    order = F(column).desc() if search.descending else F(column).asc()
    found = list(_matching(project_id, search, prefix).order_by(order, "name").values_list("pk", "name"))
    folders: dict[str, int] = {}
    direct: list[str] = []
    for pk, name in found:
        head, slash, _ = name[len(prefix) :].partition("/")
        if slash and not search.filtered:
            folders[head] = folders.get(head, 0) + 1
        else:
            direct.append(pk)
    pages = max(1, -(-len(direct) // PAGE_SIZE))
    page = min(max(1, search.page), pages)
    return Listing(
        folders=[Folder(name, prefix + name, count) for name, count in sorted(folders.items())] if page == 1 else [],
        entries=_entries(direct[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], len(prefix)),
        total=len(direct),
        page=page,
        pages=pages,
    )


def tags_in_use(project_id: str) -> list[str]:
    """All tags of the project's prompts."""
    tags = Prompt.objects.filter(project_id=project_id).annotate(tag=Func("tags", function="unnest"))
    return sorted(set(tags.values_list("tag", flat=True)))


def labels_in_use(project_id: str) -> list[str]:
    """All labels of the project's prompts, without `latest`."""
    labels = PromptLabel.objects.filter(prompt__project_id=project_id).exclude(label=LATEST)
    return sorted(labels.values_list("label", flat=True).distinct())


def _matching(project_id: str, search: Search, prefix: str) -> QuerySet[Prompt]:
    prompts = Prompt.objects.filter(project_id=project_id, name__startswith=prefix)
    if search.tag:
        prompts = prompts.filter(tags__contains=[search.tag])
    if search.label:
        prompts = prompts.filter(labels__label=search.label)
    if search.text:
        # Texts are stored as JSON, in which quotes and line breaks are escaped.
        escaped = msgspec.json.encode(search.text).decode()[1:-1]
        newest = PromptVersion.objects.filter(prompt=OuterRef("pk"), labels__label=LATEST, content__icontains=escaped)
        prompts = prompts.filter(Q(name__icontains=search.text) | Q(tags__icontains=search.text) | Exists(newest))
    return prompts


def _entries(ids: Sequence[str], cut: int) -> list[Entry]:
    entries = {
        prompt.pk: Entry(
            id=prompt.pk,
            name=prompt.name,
            shown_name=prompt.name[cut:],
            type=prompt.type,
            tags=prompt.tags,
            changed_at=prompt.updated_at,
        )
        for prompt in Prompt.objects.filter(pk__in=ids)
    }
    labels = PromptLabel.objects.filter(prompt__in=ids).order_by("version__version", "position")
    for prompt_id, label, version in labels.values_list("prompt_id", "label", "version__version"):
        if label == LATEST:
            entries[prompt_id].newest = version
        else:
            entries[prompt_id].labels.append((label, version))
    for move in _last_moves(ids):
        entries[move.prompt_id].changed_by = move.author_name
    return [entries[pk] for pk in ids if pk in entries]


def _last_moves(ids: Iterable[str]) -> QuerySet[LabelMove]:
    # Every new version and every published one moves a label, so the last move knows who touched the prompt last.
    moves = LabelMove.objects.filter(prompt__in=ids).order_by("prompt_id", "-created_at", "-pk").distinct("prompt_id")
    return moves.select_related("created_by")
