from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = _("Evaluate")  # where its admin stands
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evaluation import receivers  # noqa: F401  (connects them)
