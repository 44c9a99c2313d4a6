"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from llm.api.connections import LlmConnectionsView, OneLlmConnectionView
from llm.api.views import ModelsView, OneModelView

urlpatterns = [
    path("models", ModelsView.as_view()),
    # Ids of built-in models hold slashes, sent raw or as %2F.
    path("models/<path:model_id>", OneModelView.as_view()),
    path("llm-connections", LlmConnectionsView.as_view()),
    path("llm-connections/<str:connection_id>", OneLlmConnectionView.as_view()),
]
