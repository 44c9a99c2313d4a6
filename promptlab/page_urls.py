"""Pages of no single app: the start page of a project."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
