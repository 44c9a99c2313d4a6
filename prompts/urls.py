"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from prompts.views.editing import NewPrompt, NewVersion
from prompts.views.list import Prompts
from prompts.views.prompt import PromptPage
from prompts.views.protection import ProtectedLabels

_prompt, _new_version = PromptPage.as_view(), NewVersion.as_view()


def prompt(request: HttpRequest, name: str) -> HttpResponseBase:
    """Names hold slashes, so the editor of a prompt is told by the query, not by the path."""
    return (_new_version if "edit" in request.GET else _prompt)(request, name=name)


urlpatterns = [
    path("prompts", Prompts.as_view(), name="prompts"),
    # No prompt can be named "new" (prompts.rules).
    path("prompts/new", NewPrompt.as_view(), name="prompt_new"),
    path("prompts/<path:name>", prompt, name="prompt"),
    path("settings/protected-labels", ProtectedLabels.as_view(), name="protected_labels"),
]
