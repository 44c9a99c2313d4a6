"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import path

from evaluation.views.annotate import Annotate

urlpatterns = [
    path("annotate", Annotate.as_view(), name="annotate"),
]
