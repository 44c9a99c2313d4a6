"""`manage.py describe_api`: writes docs/api.md anew."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from promptlab.api_listing import markdown


class Command(BaseCommand):
    help = "Write docs/api.md anew, from the tables of operations."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "api.md"
        path.write_text(markdown(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} is written.")
