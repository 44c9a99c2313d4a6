"""The floors, the migrations and the settings hold."""

import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


def test_every_room_imports_only_what_stands_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.django_db
def test_no_model_changed_without_a_migration() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert "No changes detected" in out.getvalue()


def test_the_type_checker_needs_no_secrets() -> None:
    """Who has just cloned this may call `make lint`."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["django-stubs"]
    command = [sys.executable, "-c", f"import {options['django_settings_module']}"]
    assert subprocess.run(command, cwd=ROOT, env={}, check=False).returncode == 0
