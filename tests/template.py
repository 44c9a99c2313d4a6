"""One migrated database, of which the databases of a run are copies: migrating takes ten seconds, copying half of one.

python -m tests.template    makes it ahead of those who will need it
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

ROOT = Path(__file__).parent.parent
NAME = "PROMPTLAB_TESTS_TEMPLATE"  # the variable: processes of one run share it
LOCK = 0x7E3417  # any number


def migrated() -> str:
    """The name of the template. Whoever asks first makes it, and the others wait."""
    name = os.environ[NAME]
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # goes with the connection
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _make(server, name)
    return name


def remove() -> None:
    with _server() as server:
        for name in (os.environ[NAME], _unfinished(os.environ[NAME])):
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _make(server: psycopg.Connection, name: str) -> None:
    """Under its name only when it is whole."""
    unfinished = _unfinished(name)
    server.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
    server.execute(f'CREATE DATABASE "{unfinished}"')
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(unfinished)}").geturl()
    command = [sys.executable, "manage.py", "migrate", "--skip-checks", "--no-input", "--verbosity=0"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"Migrating failed:\n{done.stderr[-6000:]}"
    server.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


def _unfinished(name: str) -> str:
    return f"{name}_unfinished"


def _server() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


if __name__ == "__main__":
    migrated()
