"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import path

from evaluation.views.annotate import Annotate
from evaluation.views.playground import Items, NewColumn, OneDraft, Playground, Publish, Run, Variables

urlpatterns = [
    path("annotate", Annotate.as_view(), name="annotate"),
    path("playground", Playground.as_view(), name="playground"),
    path("playground/-/run", Run.as_view(), name="playground_run"),
    path("playground/-/publish", Publish.as_view(), name="playground_publish"),
    path("playground/-/column", NewColumn.as_view(), name="playground_column"),
    path("playground/-/items", Items.as_view(), name="playground_items"),
    path("playground/-/variables", Variables.as_view(), name="playground_variables"),
    path("playground/<str:draft_id>", OneDraft.as_view(), name="playground_draft"),
]
