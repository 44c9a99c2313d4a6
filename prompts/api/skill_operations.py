"""What the routes of skills take and answer."""

from datetime import datetime
from functools import partial
from typing import Any

from common.api.describing import Group, Operation, PageMeta, Parameter, Refusals, State, paged
from common.api.fields import WireStruct
from prompts.api.skills import CreateSkillBody, SkillLabelsBody, TagsBody


class SkillFile(WireStruct, frozen=True):
    id: str
    path: str
    blob_id: str
    sha256_hash: str
    content_type: str
    content_length: int


class SkillVersion(WireStruct, frozen=True):
    """A version with its files, whose contents are read by their hashes."""

    id: str
    created_at: datetime
    updated_at: datetime
    project_id: str
    created_by: str
    name: str
    description: str
    frontmatter: Any
    version: int
    tags: list[str]
    labels: list[str]
    commit_message: str | None
    files: list[SkillFile]


class SkillMeta(WireStruct, frozen=True):
    name: str
    description: str
    tags: list[str]
    latest_version: int
    latest_version_created_at: datetime
    latest_version_last_updated_at: datetime
    production_version: int | None


class SkillPageMeta(PageMeta, frozen=True):
    has_next_page: bool


class SkillPage(WireStruct, frozen=True):
    data: list[SkillMeta]
    meta: SkillPageMeta


class SkillContent(WireStruct, frozen=True):
    sha256_hash: str
    content: str


class SkillContents(WireStruct, frozen=True):
    data: list[SkillContent]


class SkillDeleted(WireStruct, frozen=True):
    deleted: bool


skill = partial(Operation, state=State.EXTRA, refusals=Refusals.STRUCTURED)
ONE = "/unstable/skills/{skillName}"
VERSION = f"{ONE}/versions/{{skillVersion}}"
LABELLED = "Give a version exactly these labels, which other versions then lose."

GROUPS = (
    Group(
        "Skills",
        (
            skill(
                "GET",
                "/unstable/skills",
                "List skills.",
                SkillPage,
                query=(
                    *paged(),
                    Parameter("name", "Only of exactly this name."),
                    Parameter("search", "Only with this in the name or description."),
                    Parameter("tag", "Only with this tag."),
                    Parameter("fromUpdatedAt", "Only changed from this time on.", datetime),
                    Parameter("toUpdatedAt", "Only changed before this time.", datetime),
                ),
            ),
            skill(
                "POST", "/unstable/skills", "Add a version, told by its SKILL.md.", SkillVersion, body=CreateSkillBody
            ),
            skill(
                "GET",
                ONE,
                "Read a skill by version or label; without either, the one labelled production.",
                SkillVersion,
                query=(Parameter("version", "The version.", int), Parameter("label", "The version with this label.")),
            ),
            skill("PATCH", ONE, "Give a skill these tags.", SkillVersion, body=TagsBody),
            skill("PATCH", VERSION, LABELLED, SkillVersion, body=SkillLabelsBody),
            skill("PUT", VERSION, LABELLED, SkillVersion, body=SkillLabelsBody),
            skill("DELETE", VERSION, "Delete a version.", SkillDeleted),
            skill(
                "GET",
                "/unstable/skills/files/content",
                "Read files by the base64 of their SHA-256.",
                SkillContents,
                query=(Parameter("sha256Hashes", "Up to 50, separated by commas.", required=True),),
            ),
        ),
    ),
)
