"""The public API: every app brings its routes; a slash at the end is as good as none."""

from django.urls import include, path, re_path

from promptlab.api_description import openapi
from promptlab.api_fallback import unknown_route

urlpatterns = [
    path("", include("promptlab.health_urls")),
    path("openapi.yml", openapi),
    path("", include("prompts.api.urls")),  # first of those with many routes: fetching a prompt is asked most often
    path("", include("tracing.api.urls")),
    path("", include("datasets.api.urls")),
    path("", include("accounts.api.urls")),
    path("", include("llm.api.urls")),
    path("", include("evaluation.api.urls")),
    re_path("", unknown_route),
]
