"""The Celery application: what takes time runs here (mail, imports, experiments, judges)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")

app = Celery("promptlab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
