from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PromptLabConfig(AppConfig):
    name = "promptlab"

    def ready(self) -> None:
        """Without our Celery application, tasks would be sent to the broker that Celery assumes."""
        from promptlab import celery  # noqa: F401


class PromptLabAdminConfig(AdminConfig):
    """Django's admin with our site, which asks for project membership instead of `is_staff`."""

    default_site = "promptlab.site.PromptLabAdminSite"
