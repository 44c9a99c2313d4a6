"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from prompts.api.skills import OneSkillView, SkillContentsView, SkillsView, SkillVersionView
from prompts.api.views import LegacyPromptsView, PromptsView, PromptView

urlpatterns = [
    path("v2/prompts", PromptsView.as_view()),
    path("v2/prompts/<path:name>", PromptView.as_view()),
    path("prompts", LegacyPromptsView.as_view()),
    path("unstable/skills", SkillsView.as_view()),
    path("unstable/skills/files/content", SkillContentsView.as_view()),
    path("unstable/skills/<str:skill_name>", OneSkillView.as_view()),
    path("unstable/skills/<str:skill_name>/versions/<str:skill_version>", SkillVersionView.as_view()),
]
