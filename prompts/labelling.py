"""Labels: put on a version, moved, taken off; every move is logged."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from prompts import composition, rules
from prompts.authors import Author
from prompts.changes import change
from prompts.models import LATEST, LabelMove, Prompt, PromptDependency, PromptLabel, PromptVersion, ProtectedLabel


def label_version(project_id: str, name: str, version: int, labels: Iterable[str], author: Author) -> PromptVersion:
    """Put labels on a version, each taken off the version that had it; the labels it has already stay.

    `latest` cannot be moved by hand (Invalid). Raises NotFound for an unknown version, Denied for a protected label.
    """
    wanted = rules.check_labels(labels, "newLabels")
    if LATEST in wanted:
        raise Invalid(
            _("The label '%(label)s' always stands on the newest version and cannot be moved.") % {"label": LATEST},
            "newLabels",
        )
    with change(project_id):
        found = find_version(project_id, name, version)
        before = labels_of(found)
        moved = place(found, wanted, author)
        if moved:
            _record(project_id, found.prompt, author, {"version": version, "labels": before}, found)
        return found


def take_off(project_id: str, name: str, label: str, author: Author) -> None:
    """Take a label off the version that has it; raises Invalid for `latest` and where another prompt depends on it."""
    if label == LATEST:
        raise Invalid(
            _("The label '%(label)s' always stands on the newest version and cannot be taken off.") % {"label": LATEST},
            "label",
        )
    with change(project_id):
        standing = (
            PromptLabel.objects.filter(prompt__project_id=project_id, prompt__name=name, label=label)
            .select_related("version__prompt")
            .first()
        )
        if standing is None:
            raise NotFound(f"Prompt not found: '{name}' with label '{label}'")
        author.must_not_touch(protected_among(project_id, {label}))
        refuse_to_break(project_id, name, versions=set(), labels={label})
        version = standing.version
        before = labels_of(version)
        standing.delete()
        LabelMove.objects.create(
            prompt=version.prompt, label=label, from_version=version.version, to_version=None, **author.columns()
        )
        touch(version.prompt, {version.pk})
        _record(project_id, version.prompt, author, {"version": version.version, "labels": before}, version)


def find_version(project_id: str, name: str, version: int) -> PromptVersion:
    """The version with its prompt; raises NotFound."""
    found = None
    if "\0" not in name and 0 < version < 2**31:
        versions = PromptVersion.objects.filter(prompt__project_id=project_id, prompt__name=name, version=version)
        found = versions.select_related("prompt").first()
    if found is None:
        raise NotFound(f"Prompt not found: '{name}' with version {version}")
    return found


def labels_of(version: PromptVersion) -> list[str]:
    """The labels of a version in their order, as they are in the database now."""
    return list(PromptLabel.objects.filter(version=version).values_list("label", flat=True))


def protected_among(project_id: str, labels: Iterable[str]) -> set[str]:
    """Those of the labels that are protected in the project."""
    return set(
        ProtectedLabel.objects.filter(project_id=project_id, label__in=set(labels)).values_list("label", flat=True)
    )


def place(version: PromptVersion, labels: Iterable[str], author: Author) -> list[str]:
    """Inside a `change`: put checked labels on a version, in front of those it has; returns the labels that moved."""
    prompt = version.prompt
    standing = {row.label: row.version for row in prompt.labels.select_related("version")}
    wanted = list(dict.fromkeys(labels))
    moved = [label for label in wanted if label not in standing or standing[label].pk != version.pk]
    if not moved:
        return []
    author.must_not_touch(protected_among(prompt.project_id, moved))
    kept = [label for label, owner in standing.items() if owner.pk == version.pk]
    ordered = list(dict.fromkeys([*wanted, *kept]))
    prompt.labels.filter(label__in=ordered).delete()
    PromptLabel.objects.bulk_create(
        PromptLabel(prompt=prompt, version=version, label=label, position=position)
        for position, label in enumerate(ordered)
    )
    losers = {label: standing[label] for label in moved if label in standing}
    LabelMove.objects.bulk_create(
        LabelMove(
            prompt=prompt,
            label=label,
            from_version=losers[label].version if label in losers else None,
            to_version=version.version,
            **author.columns(),
        )
        for label in moved
    )
    touch(prompt, {version.pk, *(loser.pk for loser in losers.values())})
    # Labels that only move between plain texts can break nothing.
    if composition.references(version.body):
        composition.check_dependents(prompt.project_id, prompt.name)
    return moved


def touch(prompt: Prompt, version_ids: set[str]) -> None:
    """Note the time at which labels or tags of these versions changed."""
    now = timezone.now()
    PromptVersion.objects.filter(pk__in=version_ids).update(updated_at=now)
    Prompt.objects.filter(pk=prompt.pk).update(updated_at=now)


def refuse_to_break(project_id: str, name: str, versions: set[int], labels: set[str]) -> None:
    """Raise Invalid if another prompt names one of these versions or labels of the prompt in a composition tag."""
    above = PromptDependency.objects.filter(version__prompt__project_id=project_id, child_name=name).exclude(
        version__prompt__name=name
    )
    breaking = [
        f"'{dependency.version.prompt.name}' version {dependency.version.version} depends on '{name}' "
        + (f"version {dependency.child_version}" if dependency.child_label is None else dependency.child_label)
        for dependency in above.select_related("version__prompt").order_by("version__prompt__name", "version__version")
        if dependency.child_version in versions or dependency.child_label in labels
    ]
    if breaking:
        raise Invalid(
            _(
                "Other prompts depend on what you are about to remove: %(list)s. "
                "Delete or change the dependent prompts first."
            )
            % {"list": "; ".join(breaking)}
        )


def _record(project_id: str, prompt: Prompt, author: Author, before: dict[str, Any], version: PromptVersion) -> None:
    after = {"version": version.version, "labels": labels_of(version)}
    author.record("label", "prompt", prompt.name, project=project_id, before=before, after=after)
