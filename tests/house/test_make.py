"""The Makefile, in a copy of its own without Python, with too old a Python, and called from elsewhere."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "awk", "touch", "rm", "make", "sleep", "cat")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """With a PATH folder that holds no Python, unless a test puts one there."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def make(checkout: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "bin" / "make"), *words],
        cwd=cwd or checkout,
        env={"PATH": str(checkout / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def put(checkout: Path, name: str, script: str) -> None:
    file = checkout / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_missing_python_is_one_sentence(checkout: Path) -> None:
    refused = make(checkout, "run")
    assert refused.returncode != 0
    assert refused.stderr.startswith("PromptLab needs Python 3.11 or newer, and found none: install it from ")
    assert len(refused.stderr.splitlines()) == 2  # the second is make's own


def test_an_old_python_and_a_shim_that_leads_nowhere_count_as_none(checkout: Path) -> None:
    put(checkout, "python3", "exit 1")
    put(checkout, "python3.13", "echo 'python3.13: command not found'; exit 127")
    assert make(checkout, "run").stderr.startswith("PromptLab needs Python 3.11 or newer, and found none")


def test_a_python_without_venv_is_one_sentence(checkout: Path) -> None:
    put(checkout, "python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    assert make(checkout, "run").stderr.startswith("Python lacks its venv module: install it (on Debian")


def test_help_lists_the_commands_from_any_folder(checkout: Path) -> None:
    at_home = make(checkout).stdout
    assert "make run " in at_home
    assert "make test " in at_home
    elsewhere = make(checkout, "--no-print-directory", "-f", f"{checkout}/Makefile", "help", cwd=Path("/"))
    assert elsewhere.stdout == at_home
