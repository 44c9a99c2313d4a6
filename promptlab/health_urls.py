"""Whether the service lives: `/api/public/health` and `/api/public/ready`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
