"""Skills: named and versioned sets of files for agents (Python SDK 5.0.4, `api/unstable/skills`; api.md, section 9).

Every version is immutable; its `SKILL.md` opens with YAML front matter that says `name` and `description`. Texts are
kept once per project, known by the base64 of their SHA-256, so that a version can name a text it does not send again.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.storable import storable
from common.errors import Invalid, NotFound
from prompts.authors import Author
from prompts.changes import change
from prompts.models import (
    LATEST,
    MESSAGE_LENGTH,
    PRODUCTION,
    SKILL_NAME_LENGTH,
    SKILL_PATH_LENGTH,
    Skill,
    SkillBlob,
    SkillFile,
    SkillVersion,
)
from prompts.rules import check_labels

MAIN = "SKILL.md"
MAX_FILES = 500
MAX_FRONT_MATTER = 20_000
MAX_DESCRIPTION = 1_024  # as the format of skills has it, like the shape of names
MAX_TAGS = 100
MAX_TAG = 200
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)\r?\n---[ \t]*(\r?\n|$)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as given: its text, or the hash of a text that is there."""

    path: str
    content: str | None = None
    sha256: str | None = None


def create_version(project_id: str, files: Sequence[File], message: str | None, author: Author) -> SkillVersion:
    """Store the files as the next version of the skill that their `SKILL.md` names. Raises Invalid."""
    _check_paths(files)
    if message is not None and (len(message) > MESSAGE_LENGTH or "\0" in message):
        raise Invalid(
            f"commitMessage must have at most {MESSAGE_LENGTH} characters, none of them NUL.", "commitMessage"
        )
    with change(project_id):
        blobs = _blobs(project_id, files)
        [main] = [blob for file, blob in zip(files, blobs, strict=True) if file.path == MAIN]
        front = _front_matter(main.content)
        skill, _made = Skill.objects.get_or_create(project_id=project_id, name=front["name"])
        newest = skill.versions.order_by("-version").values_list("version", flat=True).first() or 0
        version = SkillVersion.objects.create(
            skill=skill,
            version=newest + 1,
            description=front["description"],
            frontmatter=front,
            commit_message=message,
            **author.columns(),
        )
        SkillFile.objects.bulk_create(
            SkillFile(version=version, path=file.path, blob=blob) for file, blob in zip(files, blobs, strict=True)
        )
        told = {"name": skill.name, "version": version.version}
        author.record("create", "skill_version", version.pk, project=project_id, after=told)
    return find(project_id, skill.name, version=version.version)


def find(project_id: str, name: str, *, version: int | None = None, label: str | None = None) -> SkillVersion:
    """A version by its number or label, else the one labelled production. Raises NotFound, Invalid for both."""
    if version is not None and label is not None:
        raise Invalid("Send version or label, not both.", "label")
    found = _versions(project_id, name)
    if version is not None:
        found = found.filter(version=version)
    elif label != LATEST:
        wanted = label or PRODUCTION
        found = found.none() if "\0" in wanted else found.filter(labels__contains=[wanted])
    chosen = found.first()
    if chosen is None:
        raise NotFound(f"Skill version not found: {name[:SKILL_NAME_LENGTH]}")
    return chosen


def listed(
    project_id: str,
    *,
    name: str | None = None,
    search: str | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Skill]:
    """The project's skills by name, each with `latest_version`, `latest_description`, `latest_created_at`,
    `latest_updated_at` and `production_version`."""
    versions = SkillVersion.objects.filter(skill=OuterRef("pk")).order_by("-version")
    found: QuerySet[Skill] = Skill.objects.filter(project_id=project_id).order_by("name")
    found = found.annotate(
        latest_version=Subquery(versions.values("version")[:1]),
        latest_description=Subquery(versions.values("description")[:1]),
        latest_created_at=Subquery(versions.values("created_at")[:1]),
        latest_updated_at=Subquery(versions.values("updated_at")[:1]),
        production_version=Subquery(versions.filter(labels__contains=[PRODUCTION]).values("version")[:1]),
    )
    if name is not None:
        found = found.filter(name=name)
    if search is not None:
        found = found.filter(Q(name__icontains=search) | Q(latest_description__icontains=search))
    if tag is not None:
        found = found.filter(tags__contains=[tag])
    if since is not None:
        found = found.filter(latest_updated_at__gte=since)
    return found.filter(latest_updated_at__lt=until) if until is not None else found


def newest_number(skill: Skill) -> int:
    """The number of its newest version."""
    return skill.versions.order_by("-version").values_list("version", flat=True)[0]


def tag(project_id: str, name: str, tags: Sequence[str], author: Author) -> SkillVersion:
    """Replace the skill's tags, which all its versions share; the latest version. Raises NotFound, Invalid."""
    if len(tags) > MAX_TAGS or any(not 1 <= len(one) <= MAX_TAG or "\0" in one for one in tags):
        raise Invalid(f"tags must be at most {MAX_TAGS}, of 1 to {MAX_TAG} characters each.", "tags")
    with change(project_id):
        skill = find(project_id, name, label=LATEST).skill
        before, skill.tags = skill.tags, list(dict.fromkeys(tags))
        skill.save()
        author.record("update", "skill", skill.pk, project=project_id, before=before, after=skill.tags)
    return find(project_id, name, label=LATEST)


def label_version(project_id: str, name: str, version: int, labels: Sequence[str], author: Author) -> SkillVersion:
    """Give the version exactly these labels, which other versions lose; `latest` is not given by hand."""
    wanted = check_labels(labels)
    with change(project_id):
        chosen = find(project_id, name, version=version)
        if LATEST in wanted and chosen.pk != find(project_id, name, label=LATEST).pk:
            raise Invalid(f"labels: {LATEST!r} always stands on the newest version and cannot be moved.", "labels")
        wanted = [label for label in wanted if label != LATEST]
        for other in SkillVersion.objects.filter(skill=chosen.skill, labels__overlap=wanted).exclude(pk=chosen.pk):
            other.labels = [label for label in other.labels if label not in wanted]
            other.updated_at = timezone.now()
            other.save()
        before, chosen.labels, chosen.updated_at = chosen.labels, wanted, timezone.now()
        chosen.save()
        author.record("label", "skill_version", chosen.pk, project=project_id, before=before, after=wanted)
    return find(project_id, name, version=version)


def remove_version(project_id: str, name: str, version: int, author: Author) -> None:
    """Delete a version, its texts that no other version has, and the skill with its last one. Raises NotFound."""
    with change(project_id):
        chosen = find(project_id, name, version=version)
        told = {"name": name, "version": version}
        author.record("delete", "skill_version", chosen.pk, project=project_id, before=told)
        chosen.delete()
        SkillBlob.objects.filter(project_id=project_id, files=None).delete()
        Skill.objects.filter(pk=chosen.skill_id, versions=None).delete()


def contents(project_id: str, hashes: Collection[str]) -> list[SkillBlob]:
    """The texts of these hashes, in their order. Raises NotFound when one is not there."""
    wanted = list(dict.fromkeys(hashes))
    storable = [one for one in wanted if "\0" not in one]
    found = {blob.sha256: blob for blob in SkillBlob.objects.filter(project_id=project_id, sha256__in=storable)}
    missing = [one for one in wanted if one not in found]
    if missing:
        raise NotFound(f"There is no text with the hash {missing[0][:64]} in this project.")
    return [found[one] for one in wanted]


def _versions(project_id: str, name: str) -> QuerySet[SkillVersion]:
    versions = SkillVersion.objects.select_related("skill").prefetch_related("files__blob").order_by("-version")
    return versions.none() if "\0" in name else versions.filter(skill__project_id=project_id, skill__name=name)


def _check_paths(files: Sequence[File]) -> None:
    if not 1 <= len(files) <= MAX_FILES:
        raise Invalid(f"files must be 1 to {MAX_FILES}; there are {len(files)}.", "files")
    for position, file in enumerate(files):
        place = f"files[{position}].path"
        steps = file.path.split("/")
        if len(file.path) > SKILL_PATH_LENGTH or not file.path.isprintable() or "\\" in file.path:
            raise Invalid(f"{place} must have at most {SKILL_PATH_LENGTH} printable characters, no backslash.", place)
        if any(step in ("", ".", "..") for step in steps):
            raise Invalid(f"{place} must be relative, such as {MAIN} or scripts/run.py.", place)
    paths = [file.path for file in files]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise Invalid(f"files: {twice} stands there twice.", "files")
    if MAIN not in paths:
        raise Invalid(f"files must hold {MAIN}, whose front matter names the skill.", "files")


def _blobs(project_id: str, files: Sequence[File]) -> list[SkillBlob]:
    """The kept texts of the files, in their order; new ones are added."""
    hashes = []
    for position, file in enumerate(files):
        if file.content is None:
            hashes.append(file.sha256 or "")
            continue
        if "\0" in file.content:
            place = f"files[{position}].content"
            raise Invalid(f"{place} must be text, without NUL characters.", place)
        hashes.append(sha256(file.content))
    storable = [one for one in hashes if "\0" not in one]
    known = {blob.sha256: blob for blob in SkillBlob.objects.filter(project_id=project_id, sha256__in=storable)}
    fresh: dict[str, SkillBlob] = {}
    for file, wanted in zip(files, hashes, strict=True):
        if file.content is not None and wanted not in known:
            length = len(file.content.encode())
            fresh[wanted] = SkillBlob(project_id=project_id, sha256=wanted, content=file.content, length=length)
    known |= fresh
    for position, wanted in enumerate(hashes):
        if wanted not in known:
            place = f"files[{position}].sha256Hash"
            raise Invalid(f"{place}: there is no such text in this project; send its content.", place)
    SkillBlob.objects.bulk_create(fresh.values())
    return [known[wanted] for wanted in hashes]


def sha256(text: str) -> str:
    """How a text is known: the base64 of the SHA-256 of its UTF-8."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Loader(yaml.SafeLoader):
    """YAML without anchors, whose few letters can stand for gigabytes, and with dates left as texts."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses aliases")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    letter: [(name, pattern) for name, pattern in resolvers if name != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _front_matter(text: str) -> dict[str, Any]:
    """What `SKILL.md` says of itself; JSON values only. Raises Invalid."""
    found = _FRONT_MATTER.match(text)
    if found is None or len(found["yaml"]) > MAX_FRONT_MATTER:
        raise Invalid(
            f"files: {MAIN} must open with front matter of at most {MAX_FRONT_MATTER} characters between lines of ---.",
            "files",
        )
    try:
        front = yaml.load(found["yaml"], Loader=_Loader)  # noqa: S506 (a SafeLoader)
        json.dumps(front, allow_nan=False)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise Invalid(f"files: the front matter of {MAIN} is not YAML that JSON can hold: {error}.", "files") from error
    if not isinstance(front, dict) or storable(front) != front:
        raise Invalid(f"files: the front matter of {MAIN} must be names with values, without NUL characters.", "files")
    name, description = front.get("name"), front.get("description")
    if not isinstance(name, str) or len(name) > SKILL_NAME_LENGTH or not _NAME.fullmatch(name):
        raise Invalid(
            f"files: name in {MAIN} must have 1 to {SKILL_NAME_LENGTH} lower-case letters, digits and single hyphens.",
            "files",
        )
    if not isinstance(description, str) or not 1 <= len(description.strip()) <= MAX_DESCRIPTION:
        raise Invalid(f"files: description in {MAIN} must have 1 to {MAX_DESCRIPTION} characters.", "files")
    return {str(key): value for key, value in front.items()}
