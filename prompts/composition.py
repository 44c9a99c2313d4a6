"""Prompts inside prompts: `@@@langfusePrompt:name=greeting|label=production@@@` (api.md, section 2.8).

A tag has exactly two parts, `name` first, then `version` or `label`; anything else stays as text. Its target must be a
text prompt. What a tag says by label is looked up at every read: a parent's text changes when the child's label moves.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Invalid
from prompts.models import Kind, PromptDependency, PromptVersion

# A prompt, the prompts in it, and so on: five generations at most.
MAX_DEPTH = 5
# Tags multiply: ten in each of five generations are ten thousand copies.
MAX_LENGTH = 5_000_000
_TAG = re.compile(r"@@@langfusePrompt:(.*?)@@@")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a tag points at: a name, and a version or a label of it."""

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        return f"'{self.name}' " + (f"version {self.version}" if self.label is None else f"with label '{self.label}'")


@dataclass(frozen=True, slots=True)
class Node:
    """A version in a graph of prompts; `content` is a text or a list of messages."""

    id: str
    name: str
    version: int
    type: str
    content: Any


@dataclass(frozen=True, slots=True)
class Resolved:
    """A prompt with its tags replaced; `graph` is None where there were none.

    `graph`: `{"root": {name, version, id}, "dependencies": {<id of the parent>: [{name, version, id}]}}`.
    """

    content: Any
    graph: dict[str, Any] | None


def parse(inner: str) -> Reference | None:
    """The reference in a tag's inside (`name=x|version=2`); None if it is not a valid one."""
    parts = inner.split("|")
    if len(parts) != 2 or not parts[0].startswith("name="):
        return None
    name = parts[0].removeprefix("name=")
    key, _, value = parts[1].partition("=")
    if key == "version" and value.isascii() and value.isdigit() and len(value) < 10:
        return Reference(name, version=int(value))
    return Reference(name, label=value) if key == "label" and value else None


def cut(text: str) -> list[tuple[str, Reference | None]]:
    """The text cut at its valid tags, for showing it."""
    pieces: list[tuple[str, Reference | None]] = []
    at = 0
    for match in _TAG.finditer(text):
        if reference := parse(match[1]):
            pieces += [(text[at : match.start()], None), (match[0], reference)]
            at = match.end()
    return [*pieces, (text[at:], None)]


def references(content: Any) -> list[Reference]:
    """The references in a text or in messages, each once, in order."""
    found = (parse(match[1]) for text in _strings(content) for match in _TAG.finditer(text))
    return list(dict.fromkeys(reference for reference in found if reference is not None))


def resolve(project_id: str, root: Node) -> Resolved:
    """Replace all tags, one query per generation.

    Raises Invalid for a target that is missing or not a text, for a circle, and for what becomes too deep or too long.
    """
    targets = _load(project_id, references(root.content))
    if not targets:
        return Resolved(root.content, None)
    assembly = _Assembly(root, targets)
    content = assembly.fill(root)
    return Resolved(content, {"root": _named(root), "dependencies": assembly.dependencies})


class _Assembly:
    """Fills in one root; what was filled once is kept, so that a prompt named in many places is worked out once."""

    def __init__(self, root: Node, targets: Mapping[Reference, Node]) -> None:
        self.root = root
        self.targets = targets
        self.dependencies: dict[str, list[dict[str, Any]]] = {}
        self._filled: dict[str, Any] = {}
        self._depth: dict[str, int] = {}
        self._open: set[str] = set()

    def fill(self, node: Node) -> Any:
        if node.id in self._filled:
            return self._filled[node.id]
        self._open.add(node.id)
        children = [(reference, self._target(reference)) for reference in references(node.content)]
        if children:
            self.dependencies[node.id] = [_named(child) for _, child in children]
        texts = {reference: self.fill(child) for reference, child in children}
        self._depth[node.id] = 1 + max((self._depth[child.id] for _, child in children), default=0)
        if self._depth[node.id] > MAX_DEPTH:
            raise Invalid(
                _("'%(name)s' would hold prompts nested deeper than %(limit)s.")
                % {"name": self.root.name, "limit": MAX_DEPTH}
            )
        self._open.remove(node.id)
        self._filled[node.id] = _replaced(node.content, texts) if texts else node.content
        return self._filled[node.id]

    def _target(self, reference: Reference) -> Node:
        target = self.targets[reference]
        if target.type != Kind.TEXT:
            raise Invalid(
                _("Prompt dependency is not a text prompt: %(target)s. Only text can be put into a prompt.")
                % {"target": reference}
            )
        if target.id in self._open or target.name == self.root.name:
            raise Invalid(
                _("Circular dependency detected involving prompt '%(name)s' version %(version)s.")
                % {"name": target.name, "version": target.version}
            )
        return target


def _load(project_id: str, wanted: Iterable[Reference]) -> dict[Reference, Node]:
    """All that is reachable from the wanted references."""
    targets: dict[Reference, Node] = {}
    missing = set(wanted)
    while missing:
        found = _look_up(project_id, missing)
        for reference in missing - found.keys():
            raise Invalid(
                _("Prompt dependency not found: %(target)s. Create it first, or mend the tag.") % {"target": reference}
            )
        targets |= found
        missing = {inner for node in found.values() for inner in references(node.content)} - targets.keys()
    return targets


def _look_up(project_id: str, wanted: set[Reference]) -> dict[Reference, Node]:
    condition = Q(pk__in=[])
    for reference in wanted:
        by = Q(version=reference.version) if reference.label is None else Q(labels__label=reference.label)
        condition |= Q(prompt__name=_storable(reference.name)) & by
    versions = (
        PromptVersion.objects.filter(condition, prompt__project_id=project_id)
        .select_related("prompt")
        .prefetch_related("labels")
        .distinct()
    )
    found: dict[Reference, Node] = {}
    for version in versions:
        node = node_of(version)
        labels = [Reference(node.name, label=label.label) for label in version.labels.all()]
        for reference in (Reference(node.name, version=node.version), *labels):
            if reference in wanted:
                found[reference] = node
    return found


def node_of(version: PromptVersion) -> Node:
    """A stored version as a node."""
    return Node(version.pk, version.prompt.name, version.version, version.prompt.type, version.body)


def check_dependents(project_id: str, name: str) -> None:
    """After labels of `name` moved: whatever contains it, directly or not, must still resolve; raises Invalid."""
    seen: set[str] = set()
    names = {name}
    while names:
        above = PromptDependency.objects.filter(
            version__prompt__project_id=project_id, child_name__in=names
        ).select_related("version__prompt")
        fresh = {dependency.version.pk: dependency.version for dependency in above if dependency.version.pk not in seen}
        for version in fresh.values():
            try:
                resolve(project_id, node_of(version))
            except Invalid as error:
                raise Invalid(
                    _(
                        "'%(parent)s' version %(version)s contains '%(name)s' and could not be put together any more: "
                        "%(reason)s"
                    )
                    % {
                        "parent": version.prompt.name,
                        "version": version.version,
                        "name": name,
                        "reason": error.message,
                    }
                ) from error
        seen |= fresh.keys()
        names = {version.prompt.name for version in fresh.values()}


def _named(node: Node) -> dict[str, Any]:
    return {"name": node.name, "version": node.version, "id": node.id}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _strings(item)]


def _replaced(value: Any, texts: Mapping[Reference, str]) -> Any:
    if isinstance(value, str):
        found = (parse(match[1]) for match in _TAG.finditer(value))
        if sum(len(texts[reference]) for reference in found if reference) > MAX_LENGTH:
            raise Invalid(
                _("Put together, the prompt would be longer than %(limit)s characters.") % {"limit": MAX_LENGTH}
            )
        return _TAG.sub(lambda match: _text_for(match, texts), value)
    if isinstance(value, dict):
        return {key: _replaced(inner, texts) for key, inner in value.items()}
    return [_replaced(inner, texts) for inner in value] if isinstance(value, list) else value


def _text_for(match: re.Match[str], texts: Mapping[Reference, str]) -> str:
    reference = parse(match[1])
    return match[0] if reference is None else texts[reference]


def _storable(name: str) -> str:
    # PostgreSQL text holds no NUL; no prompt has one in its name.
    return name.replace("\0", "\ufffd")


def as_json(content: Any) -> str:
    """JSON text of a content, readable characters unescaped."""
    return msgspec.json.encode(content).decode()
