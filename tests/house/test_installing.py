"""What people see while requirements are installed: real pip in a venv of its own, packages from a folder."""

import os
import pty
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

INSTALLING = Path(__file__).resolve().parents[2] / "promptlab" / "installing.py"


def wheel(folder: Path, name: str, needs: str = "") -> None:
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + (f"Requires-Dist: {needs}\n" if needs else "")
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}.py", "")
        made.writestr(f"{info}/METADATA", metadata)
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv's Python, as `make` has it."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True, symlinks=True)
    return home / "bin" / "python"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Asks for `alpha`, which needs `beta`, from a folder."""
    wheel(tmp_path, "alpha", needs="beta")
    wheel(tmp_path, "beta")
    file = tmp_path / "requirements.txt"
    file.write_text(f"--no-index\n--find-links {tmp_path}\nalpha==1.0\n")
    return file


def install(python: Path, file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-P", str(INSTALLING), str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_without_a_terminal_a_step_is_a_line(python: Path, requirements: Path) -> None:
    done = install(python, requirements)
    assert (done.returncode, done.stdout, done.stderr) == (0, "  2 packages found, unpacking them…\n", "")
    assert subprocess.run([python, "-c", "import alpha, beta"]).returncode == 0
    again = install(python, requirements)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_on_a_terminal_one_line_counts_along_and_goes(python: Path, tmp_path: Path) -> None:
    wheel(tmp_path, "gamma", needs="delta")
    wheel(tmp_path, "delta")
    file = tmp_path / "requirements.txt"
    file.write_text(f"--no-index\n--find-links {tmp_path}\ngamma\n")
    ours, theirs = pty.openpty()
    done = subprocess.run([str(python), "-P", str(INSTALLING), str(file)], stdout=theirs, stderr=theirs, timeout=60)
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "1 packages, gamma" in seen and "2 packages, delta" in seen and "unpacking" in seen
    assert "\n" not in seen
    assert seen.endswith("\r")


def test_what_cannot_be_installed_is_told_and_fails(python: Path, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"--no-index\n--find-links {tmp_path}\nnowhere==1.0\n")
    failed = install(python, file)
    assert failed.returncode == 1
    assert "No matching distribution found for nowhere==1.0" in failed.stderr
    assert install(python, tmp_path / "missing.txt").returncode == 1
