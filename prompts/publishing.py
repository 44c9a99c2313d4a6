"""Append a version to a prompt, making the prompt with its first one (api.md, section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Invalid
from prompts import composition, examples, rules
from prompts.authors import Author
from prompts.changes import change
from prompts.history import find_prompt
from prompts.labelling import place
from prompts.models import LATEST, Kind, Prompt, PromptDependency, PromptVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version to be. `tags` None keeps the prompt's tags; `config` is any JSON value, None counts as `{}`."""

    name: str
    content: rules.Content
    type: str = Kind.TEXT
    labels: Sequence[str] = ()
    config: Any = field(default_factory=dict)
    tags: Sequence[str] | None = None
    commit_message: str | None = None


def create_version(project_id: str, draft: Draft, author: Author) -> PromptVersion:
    """Store the draft as the next version; it gets its labels and `latest`.

    Raises Invalid (what the draft says, a type other than the earlier versions', a composition that does not resolve)
    and Denied (a protected label). Any number of callers may do this at once.
    """
    draft = _checked(draft)
    with change(project_id):
        prompt, _made = Prompt.objects.get_or_create(
            project_id=project_id, name=draft.name, defaults={"type": draft.type, "tags": list(draft.tags or ())}
        )
        if prompt.type != draft.type:
            raise Invalid(
                _(
                    "Previous versions have different prompt type: '%(name)s' is a %(type)s prompt. "
                    "Create a new prompt with a different name."
                )
                % {"name": prompt.name, "type": prompt.type}
            )
        newest = prompt.versions.order_by("-version").values_list("version", flat=True).first() or 0
        version = PromptVersion.objects.create(
            prompt=prompt,
            version=newest + 1,
            content=_json(draft.content),
            config=_json({} if draft.config is None else draft.config),
            commit_message=draft.commit_message,
            **author.columns(),
        )
        content = draft.content
        references = composition.references(content)
        if references:
            content = composition.resolve(project_id, composition.node_of(version)).content
            PromptDependency.objects.bulk_create(
                PromptDependency(
                    version=version,
                    child_name=reference.name,
                    child_version=reference.version,
                    child_label=reference.label,
                )
                for reference in references
            )
        examples.fill(project_id, content)
        place(version, [*draft.labels, LATEST], author)
        if draft.tags is not None and list(draft.tags) != prompt.tags:
            _write_tags(prompt, draft.tags)
        after = {"version": version.version, "labels": list(draft.labels), "commitMessage": draft.commit_message}
        author.record("create", "prompt", prompt.name, project=project_id, after=after)
        return version


def set_tags(project_id: str, name: str, tags: Sequence[str], author: Author) -> None:
    """Give the prompt these tags instead of those it has; all versions share them. Raises NotFound."""
    checked = rules.check_tags(tags)
    with change(project_id):
        prompt = find_prompt(project_id, name)
        if checked == prompt.tags:
            return
        before = prompt.tags
        _write_tags(prompt, checked)
        author.record("update", "prompt", name, project=project_id, before={"tags": before}, after={"tags": checked})


def _checked(draft: Draft) -> Draft:
    return Draft(
        name=rules.check_name(draft.name),
        content=rules.check_content(draft.type, draft.content),
        type=draft.type,
        labels=rules.check_labels(draft.labels),
        config=draft.config,
        tags=None if draft.tags is None else rules.check_tags(draft.tags),
        commit_message=rules.check_commit_message(draft.commit_message),
    )


def _write_tags(prompt: Prompt, tags: Sequence[str]) -> None:
    now = timezone.now()
    prompt.tags = list(tags)
    prompt.updated_at = now
    prompt.save(update_fields=["tags", "updated_at"])
    prompt.versions.update(updated_at=now)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
