from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TracingConfig(AppConfig):
    name = "tracing"
    verbose_name = _("Settings")  # where its admin stands
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tracing import receivers  # noqa: F401  (connects them)
