"""`/score-configs` (api.md, section 7)."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authors import Author
from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from tracing import score_configs
from tracing.api.old_clients import knows_texts
from tracing.models.configured import ScoreConfig


class CategoryBody(WireStruct, frozen=True):
    label: str
    value: float


class CreateBody(WireStruct, frozen=True):
    name: str
    data_type: str
    min_value: float | None = None
    max_value: float | None = None
    categories: list[CategoryBody] | None = None
    description: str | None = None


class ChangeBody(WireStruct, frozen=True):
    """What is left out stays; null takes a limit or a description away."""

    name: str | msgspec.UnsetType | None = msgspec.UNSET
    is_archived: bool | msgspec.UnsetType | None = msgspec.UNSET
    min_value: float | msgspec.UnsetType | None = msgspec.UNSET
    max_value: float | msgspec.UnsetType | None = msgspec.UNSET
    categories: list[CategoryBody] | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET


# What a config cannot be without: null is taken as left out.
NEVER_NULL = frozenset({"name", "is_archived", "categories"})


class ConfigView(PublicView):
    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]


class ScoreConfigsView(ConfigView):
    """`GET, POST /score-configs`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        configs = ScoreConfig.objects.filter(project_id=self.project_id)
        if not knows_texts(request):
            configs = configs.exclude(data_type="TEXT")
        rows = [shown(config) for config in configs[(page - 1) * limit : page * limit]]
        return Response(envelope(rows, page, limit, configs.count()))

    def post(self, request: Request) -> Response:
        draft = score_configs.Draft(**_values(convert(request.data, CreateBody)))
        return Response(shown(score_configs.create(self.project_id, draft, self.author)))


class ScoreConfigView(ConfigView):
    """`GET, PATCH /score-configs/{id}`."""

    def get(self, request: Request, config_id: str) -> Response:
        return Response(shown(score_configs.own(self.project_id, config_id)))

    def patch(self, request: Request, config_id: str) -> Response:
        given = _values(convert(request.data, ChangeBody))
        changes = {name: value for name, value in given.items() if value is not None or name not in NEVER_NULL}
        return Response(shown(score_configs.change(self.project_id, config_id, changes, self.author)))


def _values(body: CreateBody | ChangeBody) -> dict[str, Any]:
    """The fields that were sent, categories as plain mappings."""
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
    if values.get("categories") is not None:
        values["categories"] = [msgspec.structs.asdict(category) for category in values["categories"]]
    return values


def shown(config: ScoreConfig) -> dict[str, Any]:
    """A config on the wire."""
    return {
        "id": config.pk,
        "name": config.name,
        "createdAt": config.created_at,
        "updatedAt": config.updated_at,
        "projectId": config.project_id,
        "dataType": config.data_type,
        "isArchived": config.is_archived,
        "minValue": config.min_value,
        "maxValue": config.max_value,
        "categories": config.categories,
        "description": config.description,
    }
