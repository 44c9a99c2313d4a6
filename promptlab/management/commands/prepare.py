"""Bring the database up to this version, and make the first user when there is none."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts import bootstrap
from promptlab import demo
from promptlab.places import FIRST_SIGN_IN, write_private

LOCK = 0x9A0397  # any number, the same for everybody: two containers that start at once take turns


class Command(BaseCommand):
    help = "Migrate the database, and make the first user, or what PROMPTLAB_INIT_* asks for, when it is missing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was made as JSON, for `manage.py up`")

    def handle(self, *args: Any, **options: Any) -> None:
        reach_servers()
        with one_at_a_time():
            if has_migrations_to_run():
                call_command("migrate", interactive=False, verbosity=0)
            with transaction.atomic():
                first = bootstrap.ensure_first_start()
                text = as_text(first) if first else ""
                if text and settings.EMBEDDED:  # before the commit: a password that nobody has seen opens nothing
                    write_private(settings.DATA_DIR / FIRST_SIGN_IN, f"{text}\n")
            wanted = demo.is_wanted()

        if options["json"]:
            self.stdout.write(json.dumps({"first_start": text, "demo_wanted": wanted}))
        elif text:
            self.stdout.write(text)


def as_text(first: bootstrap.FirstStart) -> str:
    """What was made now and can be read nowhere else later, a line each."""
    names = {
        "E-mail": first.email,
        "Password": first.password,
        "Project": first.project_name,
        "Public key": first.public_key,
        "Secret key": first.secret_key,
    }
    return "\n".join(f"{name:<11} {value}" for name, value in names.items() if value)


def reach_servers() -> None:
    """Ask both servers for a sign of life, so that a wrong address is one sentence. Raises CommandError."""
    try:
        psycopg.connect(settings.DATABASE_URL, connect_timeout=5).close()
    except psycopg.Error as error:
        raise CommandError(f"The database of DATABASE_URL cannot be reached: {_one_line(error)}") from error
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise CommandError(f"The Valkey or Redis of REDIS_URL cannot be reached: {_one_line(error)}") from error


@contextmanager
def one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def has_migrations_to_run() -> bool:
    """Looked up first, because `migrate` also renews content types and permissions, which takes a second."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
