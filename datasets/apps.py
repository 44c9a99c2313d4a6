from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from datasets import few_shot, receivers  # noqa: F401  (connects them)
        from prompts import examples

        examples.provide(few_shot.choose)
