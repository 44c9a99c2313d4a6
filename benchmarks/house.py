"""A PromptLab of one's own to measure: `manage.py up` on a temporary data folder and a free port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "benchmark"
EMAIL, PASSWORD = "benchmark@example.com", "measure-what-matters"
PUBLIC_KEY, SECRET_KEY = "pk-lf-benchmark", "sk-lf-benchmark"
PATIENCE = 120.0  # seconds to start
_OURS = ("PROMPTLAB_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of all processes together, in megabytes. `shared_once` counts a page that n processes share as one (PSS)."""

    shared_once: float
    resident: float
    processes: int


class House:
    """One data folder, started and stopped as often as wanted. Databases are durable, as for everybody.

    A folder that is named is kept for the next run.
    """

    def __init__(self, data: Path | None = None) -> None:
        self.kept = data is not None
        self.data = (data or Path(tempfile.mkdtemp(prefix="promptlab-benchmark-"))).resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o711)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds from the command to the first answer."""
        started = time.perf_counter()
        with (self.data / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", "--with-parent"],
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        while time.perf_counter() - started < PATIENCE:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api/public/health", timeout=5):
                return time.perf_counter() - started
            time.sleep(0.02)
        sys.exit(f"PromptLab did not start:\n{(self.data / 'up.log').read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def remove(self) -> None:
        """Delete what was measured, the databases wherever they were put; unless it is to be kept."""
        if self.kept:
            return
        home = self._home()
        for folder in {self.data, home}:
            shutil.rmtree(folder, ignore_errors=True)

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def memory(self) -> Memory:
        shared_once = resident = count = 0
        for process in self.processes():
            with contextlib.suppress(OSError, psutil.Error):
                text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                sizes = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
                shared_once += sizes["Pss:"]
                resident += sizes["Rss:"]
                count += 1
        return Memory(shared_once / 1024, resident / 1024, count)

    def cpu_seconds(self) -> float:
        """What all its processes have used until now, in user and kernel mode."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def bytes_on_disk(self) -> int:
        """Of the database's tables and indexes; the write-ahead log is recycled and does not grow with them."""
        files = (self._home() / "postgres" / "base").rglob("*")
        return sum(file.stat().st_blocks * 512 for file in files if file.is_file())

    def fetch(self, sql: str) -> list[tuple]:
        """Rows of the running database, for what no door tells."""
        from promptlab.places import SOCKETS_POINTER

        pointer = self.data / SOCKETS_POINTER
        folder = pointer.read_text().strip() if pointer.exists() else str(self._home() / "run")
        with psycopg.connect(host=folder, user="promptlab", dbname="promptlab") as connection:
            return connection.execute(sql).fetchall()

    def _home(self) -> Path:
        from promptlab.places import POINTER

        pointer = self.data / POINTER
        return Path(pointer.read_text().strip()) if pointer.exists() else self.data

    def _environment(self) -> dict[str, str]:
        """Ours without any wishes for another PromptLab."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return environment | {
            "PROMPTLAB_DATA": str(self.data),
            "PROMPTLAB_BIND": "127.0.0.1",
            "PORT": str(self.port),
            "PROMPTLAB_DEMO": "0",
            "PROMPTLAB_PRIVATE_HOSTS": "127.0.0.1",  # the models that are measured with
            "PROMPTLAB_INIT_PROJECT_ID": PROJECT,
            "PROMPTLAB_INIT_PROJECT_PUBLIC_KEY": PUBLIC_KEY,
            "PROMPTLAB_INIT_PROJECT_SECRET_KEY": SECRET_KEY,
            "PROMPTLAB_INIT_USER_EMAIL": EMAIL,
            "PROMPTLAB_INIT_USER_PASSWORD": PASSWORD,
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
