"""Makes the environments in which the official SDKs run, one for each generation, below `.venvs/`.

    python -m tests.sdk.environments [NAME …]

Every environment is pinned whole (`requirements/*.txt`, `js*/package-lock.json`) and made again only when its pins or
the Python change. Two are made at a time: more would only wait for each other. The JavaScript ones need node and npm;
where these are missing their tests are skipped, and say so.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent / ".venvs"
PYTHONS = ("py5", "py2", "py4", "py3")
NODES = ("js3", "js5")
AT_A_TIME = 2


class NotMade(Exception):
    """An environment could not be made; the text says why and what to do."""


def main(names: list[str]) -> int:
    unknown = set(names) - {*PYTHONS, *NODES}
    if unknown:
        print(f"No such environment: {', '.join(sorted(unknown))}. There are {', '.join(PYTHONS + NODES)}.")
        return 2
    wanted = [name for name in PYTHONS + NODES if name in names or not names]
    failures = 0
    with _alone(), ThreadPoolExecutor(AT_A_TIME) as workers:
        for line, good in workers.map(_report, wanted):
            failures += not good
            if line:
                print(line, flush=True)
    return 1 if failures else 0


def command(name: str) -> list[str]:
    """How to run a script in an environment: `[*command("py2"), "script.py"]`."""
    return [str(ROOT / name / "bin" / "python")] if name in PYTHONS else ["node"]


def folder(name: str) -> Path:
    return ROOT / name


def is_ready(name: str) -> bool:
    stamp = ROOT / name / ".made"
    return stamp.is_file() and stamp.read_text() == _fingerprint(name)


def why_impossible(name: str) -> str:
    """Why an environment cannot be had on this machine; empty when it can."""
    if name in NODES and not (shutil.which("node") and shutil.which("npm")):
        return f"{name}: node and npm are not installed, so the JavaScript SDK is not tested here."
    return ""


def _report(name: str) -> tuple[str, bool]:
    if reason := why_impossible(name):
        return reason, True
    if is_ready(name):
        return "", True
    started = time.monotonic()
    try:
        _make(name)
    except NotMade as error:
        return str(error), False
    return f"{name}: made in {time.monotonic() - started:.0f} s.", True


def _make(name: str) -> None:
    target = ROOT / name
    shutil.rmtree(target, ignore_errors=True)
    if name in PYTHONS:
        _run(name, [sys.executable, "-m", "venv", "--without-pip", str(target)])
        requirements = ["--no-compile", "--no-input", "--requirement", str(HERE / "requirements" / f"{name}.txt")]
        _run(name, [sys.executable, "-m", "pip", "--python", command(name)[0], "install", "--quiet", *requirements])
    else:
        shutil.copytree(HERE / name, target)
        _run(name, ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], target)
    (target / ".made").write_text(_fingerprint(name))


def _run(name: str, arguments: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(arguments, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        what = " ".join(arguments[:4])
        raise NotMade(f"{name}: {what} … failed ({done.returncode}):\n{(done.stderr or done.stdout).strip()[-3000:]}")


def _fingerprint(name: str) -> str:
    """What an environment was made from: another value, and it is made again."""
    if name in PYTHONS:
        pins, maker = HERE / "requirements" / f"{name}.txt", f"{sys.version} {sys.base_prefix}"
    else:
        pins, maker = HERE / name / "package-lock.json", "npm ci"
    return hashlib.sha256(pins.read_bytes() + maker.encode()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two makers at once (a second terminal, CI) would delete each other's work: the later one waits."""
    ROOT.mkdir(exist_ok=True)
    with (ROOT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
