"""The door of the public API: what every view of it has in common."""

from typing import Any

from django.http import HttpRequest
from rest_framework import exceptions
from rest_framework.views import APIView

from common.api.rendering import OnlyJson


class PublicView(APIView):
    """Base of all public API views; a subclass says which kind of key it needs.

    Inside a view `self.project_id` names the tenant; verbs take it, never the request.
    """

    scope = "project"
    content_negotiation_class = OnlyJson

    @property
    def project_id(self) -> str:
        return self.request.auth.project_id  # type: ignore[union-attr,no-any-return]

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        raise exceptions.MethodNotAllowed(request.method or "")
