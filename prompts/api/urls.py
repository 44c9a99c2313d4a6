"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from prompts.api.views import LegacyPromptsView, PromptsView, PromptView

urlpatterns = [
    path("v2/prompts", PromptsView.as_view()),
    path("v2/prompts/<path:name>", PromptView.as_view()),
    path("prompts", LegacyPromptsView.as_view()),
]
