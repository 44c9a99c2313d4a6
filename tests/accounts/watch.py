"""Noticing any change in the database, whoever made it."""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection

APPS = ("accounts", "llm", "prompts", "tracing", "datasets", "evaluation", "account", "socialaccount", "mfa")


class Watch:
    """Compares all rows of all tables with those of the last look."""

    def __init__(self, *, ignoring: Iterable[str] = ()) -> None:
        """`ignoring`: tables that may change."""
        models = [model for label in APPS for model in apps.get_app_config(label).get_models(include_auto_created=True)]
        tables = {model._meta.db_table for model in models}
        self.tables = sorted(tables - set(ignoring))
        self.rows = self._look()

    def changes(self) -> tuple[list[str], list[str]]:
        """Rows that went or changed, and rows that came or changed, since the last look."""
        before, self.rows = self.rows, self._look()
        return sorted(before - self.rows), sorted(self.rows - before)

    def _look(self) -> frozenset[str]:
        row = f"(to_jsonb(r) - '{{{','.join(_NOTED)}}}'::text[])::text"
        parts = [f"SELECT '{table} ' || {row} FROM \"{table}\" r" for table in self.tables]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts))
            return frozenset(text for (text,) in cursor.fetchall())


# What reading may write: when somebody was last here, and when a key was last used.
_NOTED = ("last_login", "last_project_id", "last_used_at")
