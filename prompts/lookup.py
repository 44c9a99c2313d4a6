"""A prompt by name: cached, so that a hit touches no table (see `prompts.epoch`)."""

from collections.abc import Collection
from hashlib import blake2b
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from prompts import composition, epoch, examples
from prompts.documents import PromptDocument, document, read_document
from prompts.models import PRODUCTION, PromptVersion


def version_ids(project_id: str, pairs: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The ids of the versions that exist among `pairs` of (name, version): one read, none for no pairs."""
    asked = {(name, version) for name, version in pairs if "\0" not in name and 0 < version < 2**31}
    if not asked:
        return {}
    names, numbers = {name for name, _ in asked}, {version for _, version in asked}
    rows = PromptVersion.objects.filter(
        prompt__project_id=project_id, prompt__name__in=names, version__in=numbers
    ).values_list("prompt__name", "version", "pk")
    return {(name, version): pk for name, version, pk in rows if (name, version) in asked}


def fetch(
    project_id: str, name: str, version: int | None = None, label: str | None = None, resolve: bool = True
) -> PromptDocument:
    """The prompt of that name: by version, by label, or (neither given) the one labelled `production`.

    Composition tags are replaced unless `resolve` is False. Raises Invalid when both version and label are given,
    NotFound when there is none.
    """
    return read_document(fetch_json(project_id, name, version, label, resolve))


def fetch_json(
    project_id: str, name: str, version: int | None = None, label: str | None = None, resolve: bool = True
) -> bytes:
    """`fetch`, as the JSON that goes out on the wire (`prompts.documents`)."""
    if version is not None and label is not None:
        raise Invalid(_("Cannot specify both version and label. Send one of them."))
    if version is None and label is None:
        label = PRODUCTION
    key = _key(project_id, name, version, label, resolve)
    cached, current = epoch.read(project_id, key)
    if cached is not None:
        return cached
    found = _read(project_id, name, version, label, resolve)
    epoch.store(key, current, found)
    return found


def _key(project_id: str, name: str, version: int | None, label: str | None, resolve: bool) -> str:
    asked = f"{name}\0{version}\0{label}\0{resolve}".encode("utf-8", "surrogatepass")
    return f"prompts:{project_id}:{blake2b(asked, digest_size=16).hexdigest()}"


def _read(project_id: str, name: str, version: int | None, label: str | None, resolve: bool) -> bytes:
    wanted = f"version {version}" if label is None else f"label '{label}'"
    found = _find(project_id, name, version, label)
    if found is None:
        raise NotFound(f"Prompt not found: '{name}' with {wanted}")
    labels = [label.label for label in found.labels.all()]
    if not resolve:
        return document(found.prompt, found, labels)
    node = composition.node_of(found)
    resolved = composition.resolve(project_id, node)
    content = examples.fill(project_id, resolved.content)
    if content is node.content:
        return document(found.prompt, found, labels)
    return document(found.prompt, found, labels, composition.as_json(content), resolved.graph)


def template(project_id: str, name: str, version: int) -> Any:
    """A version's text or messages with other prompts put in, but not the examples, which may differ from call to call
    (`prompts.examples.fill`). Raises NotFound and Invalid."""
    found = _find(project_id, name, version, None)
    if found is None:
        raise NotFound(f"Prompt not found: '{name}' with version {version}")
    return composition.resolve(project_id, composition.node_of(found)).content


def _find(project_id: str, name: str, version: int | None, label: str | None) -> PromptVersion | None:
    if "\0" in name or "\0" in (label or ""):
        return None
    if version is not None and not 0 < version < 2**31:
        return None
    by = Q(version=version) if label is None else Q(labels__label=label)
    versions = PromptVersion.objects.filter(by, prompt__project_id=project_id, prompt__name=name)
    return versions.select_related("prompt").prefetch_related("labels").first()
