"""`/llm-connections` (openapi.yml: LlmConnections; api.md, section 8). No answer holds a secret."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.admin_key import AdminOrApiKeyAuthentication
from accounts.authors import Author
from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from llm.connections import Draft, put, remove
from llm.models import LlmConnection


class ConnectionBody(WireStruct, frozen=True):
    """Body of `PUT /llm-connections`."""

    provider: str
    adapter: str
    secret_key: str
    base_url: str | None = msgspec.field(name="baseURL", default=None)
    custom_models: list[str] | None = None
    with_default_models: bool | None = None
    extra_headers: dict[str, str] | None = None
    config: Any = None

    def draft(self) -> Draft:
        """The body as the verb takes it."""
        return Draft(
            provider=self.provider,
            adapter=self.adapter,
            secret_key=self.secret_key,
            base_url=self.base_url or "",
            custom_models=self.custom_models or (),
            with_default_models=self.with_default_models is not False,
            extra_headers=self.extra_headers,
            config=self.config,
        )


class ConnectionView(PublicView):
    authentication_classes = (AdminOrApiKeyAuthentication,)

    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]


class LlmConnectionsView(ConnectionView):
    """`GET, PUT /llm-connections`: PUT answers 201 for a new one, as the official server does."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        connections = LlmConnection.objects.filter(project_id=self.project_id)
        shown = connections[(page - 1) * limit : page * limit]
        return Response(envelope([_shown(connection) for connection in shown], page, limit, connections.count()))

    def put(self, request: Request) -> Response:
        connection, is_new = put(self.project_id, convert(request.data, ConnectionBody).draft(), self.author)
        return Response(_shown(connection), status=201 if is_new else 200)


class OneLlmConnectionView(ConnectionView):
    """`DELETE /llm-connections/{id}`."""

    def delete(self, request: Request, connection_id: str) -> Response:
        remove(self.project_id, connection_id, self.author)
        return Response({"message": "LLM connection successfully deleted"})


def _shown(connection: LlmConnection) -> dict[str, Any]:
    return {
        "id": connection.pk,
        "provider": connection.provider,
        "adapter": connection.adapter,
        "displaySecretKey": connection.secret_display,
        "baseURL": connection.base_url or None,
        "customModels": connection.custom_models,
        "withDefaultModels": connection.with_default_models,
        "extraHeaderKeys": connection.header_names,
        "config": connection.config,
        "createdAt": connection.created_at,
        "updatedAt": connection.updated_at,
    }
