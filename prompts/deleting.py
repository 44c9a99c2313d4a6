"""Delete versions of a prompt, or all of it (api.md, section 2.8)."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from prompts.authors import Author
from prompts.changes import change
from prompts.labelling import labels_of, protected_among, refuse_to_break, touch
from prompts.models import LATEST, LabelMove, Prompt, PromptLabel, PromptVersion


def delete_versions(
    project_id: str, name: str, author: Author, version: int | None = None, label: str | None = None
) -> None:
    """Delete one version, the version with a label, or (neither given) the prompt.

    `latest` goes to the highest version left. Raises NotFound when nothing matches, Denied when a protected label would
    vanish, Invalid when another prompt depends on what would vanish or both version and label are given.
    """
    if version is not None and label is not None:
        raise Invalid(_("Cannot specify both version and label. Send one of them."))
    with change(project_id):
        versions = list(_matching(project_id, name, version, label).select_related("prompt"))
        if not versions:
            wanted = f" with version {version}" if version is not None else f" with label '{label}'" if label else ""
            raise NotFound(f"Prompt not found: '{name}'{wanted}")
        prompt = versions[0].prompt
        standing = list(
            PromptLabel.objects.filter(version__in=versions)
            .values_list("label", "version__version")
            .order_by("position")
        )
        labels = {label for label, _ in standing}
        author.must_not_touch(protected_among(project_id, labels))
        left = prompt.versions.exclude(pk__in=[gone.pk for gone in versions]).order_by("-version").first()
        # `latest` outlives its version as long as there is another one.
        vanishing = labels - {LATEST} if left else labels
        refuse_to_break(project_id, name, versions={gone.version for gone in versions}, labels=vanishing)
        before = {"versions": sorted(gone.version for gone in versions), "labels": sorted(labels)}
        author.record("delete", "prompt", name, project=project_id, before=before)
        if left is None:
            prompt.delete()
        else:
            _remove(prompt, versions, standing, left, author)


def _matching(project_id: str, name: str, version: int | None, label: str | None) -> QuerySet[PromptVersion]:
    if "\0" in name or "\0" in (label or "") or (version is not None and not 0 < version < 2**31):
        return PromptVersion.objects.none()
    versions = PromptVersion.objects.filter(prompt__project_id=project_id, prompt__name=name)
    if version is not None:
        return versions.filter(version=version)
    return versions.filter(labels__label=label) if label else versions


def _remove(
    prompt: Prompt,
    versions: Collection[PromptVersion],
    standing: Collection[tuple[str, int]],
    left: PromptVersion,
    author: Author,
) -> None:
    PromptVersion.objects.filter(pk__in=[gone.pk for gone in versions]).delete()
    for label, number in standing:
        heir = left if label == LATEST else None
        if heir is not None:
            PromptLabel.objects.create(prompt=prompt, version=heir, label=LATEST, position=len(labels_of(heir)))
        LabelMove.objects.create(
            prompt=prompt,
            label=label,
            from_version=number,
            to_version=heir.version if heir else None,
            **author.columns(),
        )
    touch(prompt, {left.pk})
