"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
