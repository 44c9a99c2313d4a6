"""Prompts on the wire (api.md, section 2; wire notes, section 6).

Names may hold slashes, sent raw by old clients and as %2F by new ones; both arrive decoded, so the whole rest of the
path is the name. Only PATCH has `/versions/{version}` behind it: a prompt named `a/versions/1` can still be fetched.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import Scope
from common.api.fields import convert
from common.api.pagination import envelope, page_and_limit, whole
from common.api.rendering import JSON
from common.api.views import PublicView
from common.errors import Invalid
from prompts.api.bodies import CreateBody, LabelsBody, LegacyCreateBody
from prompts.authors import Author
from prompts.deleting import delete_versions
from prompts.filtering import read_filter
from prompts.labelling import label_version
from prompts.listing import Row, Wanted, list_prompts
from prompts.lookup import fetch_json
from prompts.models import PRODUCTION, Kind
from prompts.publishing import Draft, create_version

LIST_LIMIT = 10
MAX_VERSION = 2**31 - 1
_VERSION_PATH = re.compile(r"(?P<name>.+)/versions/(?P<version>[^/]+)", re.DOTALL)


class PromptsView(PublicView):
    """`/v2/prompts`."""

    def get(self, request: Request) -> Response:
        params = request.query_params
        page, limit = page_and_limit(params, default_limit=LIST_LIMIT)
        wanted = Wanted(
            name=params.get("name") or None,
            label=params.get("label") or None,
            tag=params.get("tag") or None,
            version=_version(params),
            updated_from=_moment(params, "fromUpdatedAt"),
            updated_to=_moment(params, "toUpdatedAt"),
            conditions=read_filter(params["filter"]) if params.get("filter") else None,
        )
        rows, total = list_prompts(self.project_id, wanted, page, limit)
        answer = envelope([_meta(row) for row in rows], page, limit, total)
        # Clients of the first generation read the numbers under the older key.
        return Response({**answer, "pagination": answer["meta"]})

    def post(self, request: Request) -> HttpResponse:
        return _created(self.project_id, request, convert(request.data, CreateBody))


class PromptView(PublicView):
    """`/v2/prompts/{name}` and, with PATCH, `/v2/prompts/{name}/versions/{version}`."""

    def get(self, request: Request, name: str) -> HttpResponse:
        params = request.query_params
        label, resolve = params.get("label") or None, _resolve(params)
        return _json(fetch_json(self.project_id, name, _version(params), label, resolve))

    def patch(self, request: Request, name: str) -> HttpResponse:
        path = _VERSION_PATH.fullmatch(name)
        if path is None:
            raise MethodNotAllowed("PATCH")
        version = whole(path.groupdict(), "version", 0, 1, MAX_VERSION)
        body = convert(request.data, LabelsBody)
        label_version(self.project_id, path["name"], version, body.new_labels, _author(request))
        return _json(fetch_json(self.project_id, path["name"], version, resolve=False))

    def delete(self, request: Request, name: str) -> HttpResponse:
        params = request.query_params
        delete_versions(self.project_id, name, _author(request), _version(params), params.get("label") or None)
        return HttpResponse(status=204)


class LegacyPromptsView(PublicView):
    """`/prompts` of the first generation."""

    def get(self, request: Request) -> HttpResponse:
        name = request.query_params.get("name", "")
        if not name:
            raise Invalid("name must be given.", "name")
        return _json(fetch_json(self.project_id, name, _version(request.query_params)))

    def post(self, request: Request) -> HttpResponse:
        body = convert(request.data, LegacyCreateBody)
        return _created(self.project_id, request, body, (PRODUCTION,) if body.is_active else ())


def _created(project_id: str, request: Request, body: CreateBody, labels: tuple[str, ...] = ()) -> HttpResponse:
    draft = Draft(
        name=body.name,
        content=body.prompt,
        type=body.type or Kind.TEXT,
        labels=(*(body.labels or ()), *labels),
        config=body.config,
        tags=body.tags,
        commit_message=body.commit_message,
    )
    made = create_version(project_id, draft, _author(request))
    return _json(fetch_json(project_id, made.prompt.name, made.version, resolve=False), status=201)


def _author(request: Request) -> Author:
    scope: Scope = request.auth  # type: ignore[assignment]
    return Author(api_key=scope.public_key)


def _json(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(body, content_type=JSON, status=status)


def _meta(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "versions": row.versions,
        "labels": row.labels,
        "tags": row.tags,
        "lastUpdatedAt": row.last_updated_at,
        "lastConfig": orjson.Fragment(row.last_config),
    }


def _version(params: Mapping[str, str]) -> int | None:
    return whole(params, "version", 0, 1, MAX_VERSION) or None


def _resolve(params: Mapping[str, str]) -> bool:
    """Whether references to other prompts are to be filled in: yes, unless the client says no."""
    text = params.get("resolve", "").lower()
    if text not in ("", "true", "1", "false", "0"):
        raise Invalid("resolve must be true or false.", "resolve")
    return text not in ("false", "0")


def _moment(params: Mapping[str, str], name: str) -> datetime | None:
    text = params.get(name, "")
    if not text:
        return None
    try:
        # A plus sign that was not percent-encoded arrives as a blank.
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid(f"{name} must be a time in ISO 8601, e.g. 2026-01-31T12:00:00Z.", name)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
