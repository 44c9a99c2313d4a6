"""Real PostgreSQL and Valkey for the tests, before Django reads its settings.

`DATABASE_URL` and `REDIS_URL` are used when set (CI services, a developer's own); otherwise embedded ones are started
once per run, below a temporary folder, and stopped at its end. Each xdist worker gets its own database (pytest-django)
and its own Valkey database number.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from promptlab import embedded
from tests import template

# A run is many processes: without bytecode each would compile PromptLab, the tests or an SDK anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
os.environ.setdefault("SECRET_KEY", "tests-only-" + "s" * 40)
os.environ.setdefault("PROMPTLAB_ENCRYPTION_KEY", "tests-only-" + "e" * 40)
_started: list[Callable[[], None]] = []

if "PROMPTLAB_DATA" not in os.environ:  # xdist's workers inherit it
    _folder = Path(os.environ.setdefault("PROMPTLAB_DATA", tempfile.mkdtemp(prefix="promptlab-tests-")))
    _folder.chmod(0o711)  # as root the servers run under another account, which has to get in
    _started.append(lambda: shutil.rmtree(_folder, ignore_errors=True))


def _provide() -> None:
    """At import: pytest-django reads the settings before any hook of ours would run."""
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        running = embedded.running(Path(os.environ["PROMPTLAB_DATA"]), durable=False)
        services = running.__enter__()
        _started.append(lambda: running.__exit__(None, None, None))
        # xdist's workers inherit the addresses.
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = services.database_url, services.redis_url
    if template.NAME not in os.environ:
        os.environ[template.NAME] = f"promptlab_template_{os.getpid()}"
        _started.append(template.remove)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    base = os.environ["REDIS_URL"].partition("?")[0]
    os.environ["REDIS_URL"] = f"{base}?db={worker + 1 + os.getppid() % 7 * 8}"


_provide()


def pytest_configure(config: pytest.Config) -> None:
    """Where workers are about to collect the tests, the database they will copy is made meanwhile."""
    if config.getoption("numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ:
        ahead = subprocess.Popen([sys.executable, "-m", "tests.template"], cwd=template.ROOT, stderr=subprocess.DEVNULL)
        _started.append(lambda: (ahead.terminate(), ahead.wait()))


def pytest_unconfigure() -> None:
    for stop in reversed(_started):
        stop()
