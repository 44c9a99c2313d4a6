"""A whole PromptLab, started as a person starts it, on a free port and a data folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil

from promptlab.processes import MARK

ROOT = Path(__file__).resolve().parents[2]
# What this process was given for the tests must not reach the house.
OURS = ("PROMPTLAB_", "DJANGO_", "PYTEST_", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PORT", "MAKE")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def temporary_folder() -> Path:
    """As root the servers run under another account, which pytest's own folders keep out."""
    folder = Path(tempfile.mkdtemp(prefix="promptlab-house-"))
    folder.chmod(0o711)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def up(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py up` where it is expected to refuse."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "up"],
        env={**CLEAN, "PROMPTLAB_DEMO": "0", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


class House:
    """`manage.py up`; `start` and `stop` may be repeated on the same data."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.folder = temporary_folder()
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {"PROMPTLAB_BIND": "127.0.0.1", "PROMPTLAB_DEMO": "0", **(environment or {})}
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.output = ""

    def start(self) -> None:
        log = self.folder / "output"
        with log.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                env={**CLEAN, **self.environment, "PROMPTLAB_DATA": str(self.data), "PORT": str(self.port)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for(lambda: "Ctrl-C stops PromptLab" in self.told(), "the welcome")

    def told(self) -> str:
        """What it has printed since its last start."""
        return (self.folder / "output").read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.supervisor is not None
        self.supervisor.send_signal(number)
        return self.supervisor.wait(20)

    def remove(self) -> None:
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self, path: str = "/api/public/ready") -> int:
        """0 while nobody answers."""
        try:
            return httpx.get(self.url + path, timeout=10).status_code
        except httpx.TransportError:
            return 0

    def wait_for(self, condition, what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            assert self.supervisor is None or self.supervisor.poll() is None, self.told()
            time.sleep(0.05)
        raise AssertionError(f"No {what} after {seconds} s: {self.told()}")

    def processes(self, word: str = "") -> list[psutil.Process]:
        """Everything that belongs to the house, the supervisor left out, oldest first."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get(MARK) == str(self.data) or (
                    process.name().startswith(("postgres", "valkey")) and self.data in Path(process.cwd()).parents
                )
                if ours and word in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return sorted(found, key=lambda process: (process.create_time(), process.pid))

    def kill(self, word: str) -> None:
        """`kill -9` the oldest process whose command line holds `word`, and wait until another one has its place."""
        before = {process.pid for process in self.processes(word)}
        self.processes(word)[0].kill()

        def replaced() -> bool:
            # Its children may live, and even answer, a moment longer than it does.
            now = {process.pid for process in self.processes(word)}
            return bool(now) and not (now & before) and self.status() == 200

        self.wait_for(replaced, f"new {word}")
