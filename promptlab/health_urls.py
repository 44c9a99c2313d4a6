"""Whether the service lives: `/api/public/health` and `/api/public/ready`."""

from django.urls import path

from promptlab import health

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
]
