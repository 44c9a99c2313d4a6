"""`/unstable/skills` (Python SDK 5.0.4, `api/unstable/skills`, whose methods decide; api.md, section 9)."""

import mimetypes
from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit, whole
from common.api.structured import StructuredView
from common.errors import Invalid, NotFound
from common.moments import parse_moment
from prompts import skills
from prompts.authors import Author
from prompts.models import LATEST, SkillVersion

MAX_HASHES = 50


class FileBody(WireStruct, frozen=True):
    path: str
    content: str | None = None
    sha256_hash: str | None = None


class CreateSkillBody(WireStruct, frozen=True):
    files: list[FileBody]
    commit_message: str | None = None


class TagsBody(WireStruct, frozen=True):
    tags: list[str]


class SkillLabelsBody(WireStruct, frozen=True):
    labels: list[str]


class SkillView(StructuredView):
    """Structured refusals; knows its author."""

    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]


class SkillsView(SkillView):
    """`GET, POST /unstable/skills`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        found = skills.listed(
            self.project_id,
            name=_text(request, "name"),
            search=_text(request, "search"),
            tag=_text(request, "tag"),
            since=_moment(request, "fromUpdatedAt"),
            until=_moment(request, "toUpdatedAt"),
        )
        total = found.count()
        answer = envelope([_meta(skill) for skill in found[(page - 1) * limit : page * limit]], page, limit, total)
        answer["meta"]["hasNextPage"] = page * limit < total
        return Response(answer)

    def post(self, request: Request) -> Response:
        body = convert(request.data, CreateSkillBody)
        files = [_file(one, f"files[{position}]") for position, one in enumerate(body.files)]
        return Response(_version(skills.create_version(self.project_id, files, body.commit_message, self.author)))


class OneSkillView(SkillView):
    """`GET, PATCH /unstable/skills/{skillName}`."""

    def get(self, request: Request, skill_name: str) -> Response:
        number = whole(request.query_params, "version", 0, 1, 2**31 - 1) or None
        label = _text(request, "label")
        return Response(_version(skills.find(self.project_id, skill_name, version=number, label=label)))

    def patch(self, request: Request, skill_name: str) -> Response:
        body = convert(request.data, TagsBody)
        return Response(_version(skills.tag(self.project_id, skill_name, body.tags, self.author)))


class SkillVersionView(SkillView):
    """`PATCH, DELETE /unstable/skills/{skillName}/versions/{skillVersion}`."""

    def patch(self, request: Request, skill_name: str, skill_version: str) -> Response:
        body = convert(request.data, SkillLabelsBody)
        labelled = skills.label_version(self.project_id, skill_name, _number(skill_version), body.labels, self.author)
        return Response(_version(labelled))

    put = patch  # api.md, section 9; the SDK sends PATCH

    def delete(self, request: Request, skill_name: str, skill_version: str) -> Response:
        skills.remove_version(self.project_id, skill_name, _number(skill_version), self.author)
        return Response({"deleted": True})


class SkillContentsView(SkillView):
    """`GET /unstable/skills/files/content?sha256Hashes=`: texts by the base64 of their SHA-256, in that order."""

    def get(self, request: Request) -> Response:
        # A plus sign that nobody escaped arrives as a space, of which base64 has none.
        sent = request.query_params.get("sha256Hashes", "").replace(" ", "+")
        hashes = [one for one in sent.split(",") if one]
        if not 1 <= len(hashes) <= MAX_HASHES:
            raise Invalid(f"sha256Hashes must be 1 to {MAX_HASHES} hashes, separated by commas.", "sha256Hashes")
        found = skills.contents(self.project_id, hashes)
        return Response({"data": [{"sha256Hash": blob.sha256, "content": blob.content} for blob in found]})


def _text(request: Request, name: str) -> str | None:
    text = request.query_params.get(name) or None
    if text and "\0" in text:
        raise Invalid(f"{name} must not hold NUL characters.", name)
    return text


def _moment(request: Request, name: str) -> datetime | None:
    text = _text(request, name)
    if text is None:
        return None
    moment = parse_moment(text.strip().replace(" ", "+"))
    if moment is None:
        raise Invalid(f"{name} must be an ISO 8601 date and time.", name)
    return moment


def _number(text: str) -> int:
    """A version's number out of a path; what is none names no version."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound(f"Skill version not found: {text[:20]}")
    return int(text)


def _file(body: FileBody, place: str) -> skills.File:
    if (body.content is None) == (body.sha256_hash is None):
        raise Invalid(f"{place} must have either content or sha256Hash.", place)
    return skills.File(path=body.path, content=body.content, sha256=body.sha256_hash)


def _meta(skill: Any) -> dict[str, Any]:
    return {
        "name": skill.name,
        "description": skill.latest_description,
        "tags": skill.tags,
        "latestVersion": skill.latest_version,
        "latestVersionCreatedAt": skill.latest_created_at,
        "latestVersionLastUpdatedAt": skill.latest_updated_at,
        "productionVersion": skill.production_version,
    }


def _version(version: SkillVersion) -> dict[str, Any]:
    newest = skills.newest_number(version.skill)
    return {
        "id": version.pk,
        "createdAt": version.created_at,
        "updatedAt": version.updated_at,
        "projectId": version.skill.project_id,
        "createdBy": version.created_by_id or "API",
        "name": version.skill.name,
        "description": version.description,
        "frontmatter": version.frontmatter,
        "version": version.version,
        "tags": version.skill.tags,
        "labels": [*version.labels, *([LATEST] if version.version == newest else [])],
        "commitMessage": version.commit_message,
        "files": [
            {
                "id": file.pk,
                "path": file.path,
                "blobId": file.blob_id,
                "sha256Hash": file.blob.sha256,
                "contentType": _content_type(file.path),
                "contentLength": file.blob.length,
            }
            for file in version.files.all()
        ],
    }


def _content_type(path: str) -> str:
    if path.endswith(".md"):
        return "text/markdown"
    return mimetypes.guess_type(path)[0] or "text/plain"
