"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
