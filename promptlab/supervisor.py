"""Keeping a few processes alive.

Children come in two kinds. *Servers* (PostgreSQL, Valkey) are started first and stopped last; *programs* (web, worker,
the demo) need them. `watch` looks at all of them a few times a second, in that order, so that a dead server is back
before the programs that miss it are started again. A child that dies is started again at once, then ever later; one
that dies `TOO_OFTEN` times within `WHILE` seconds ends the house, because something is wrong that a start cannot mend.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from promptlab import processes
from promptlab.places import Refusal

TICK = 0.3  # seconds between two looks
DELAYS = (0, 1, 2, 4)  # seconds before a child is started again, by how often it has died lately
TOO_OFTEN = len(DELAYS) + 1
WHILE = 60.0
LOG_LIMIT = 10_000_000  # bytes; the part before is kept once, as <name>.1
PROGRAMS_PATIENCE, SERVERS_PATIENCE = 5.0, 5.0  # seconds to end by themselves; together Docker's ten


class Stop(BaseException):
    """A signal asked us to end. Not an Exception: no error handler may swallow it."""


@dataclass
class Child:
    """A process to keep alive. `start` returns when the child answers, and raises Refusal when it does not."""

    title: str
    log: Path
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    server: bool = False
    once: bool = False  # it has one thing to do and is not started again
    clean: Callable[[], None] | None = None  # done before it is started again
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    not_before: float = 0.0


class Supervisor:
    """The children of one house."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self.shown: dict[Path, int] = {}  # logs whose news are repeated here, and how far they were read

    def add(self, child: Child) -> None:
        """Start a child for the first time. Raises Refusal."""
        self.children.append(child)
        child.process = child.start()

    def show(self, log: Path) -> None:
        """Repeat from now on what is written to `log`."""
        self.shown[log] = log.stat().st_size

    def watch(self, still_wanted: Callable[[], bool]) -> None:
        """Keep all children alive until `still_wanted` denies or Stop is raised. Raises Refusal when it is hopeless."""
        while still_wanted():
            for child in sorted(self.children, key=lambda child: not child.server):
                self._look_after(child)
            for log in self.shown:
                self._repeat_news(log)
            for child in self.children:
                keep_short(child.log)
            time.sleep(TICK)

    def stop(self) -> None:
        """End all children, programs before servers. Takes ten seconds at most."""
        for server, patience in ((False, PROGRAMS_PATIENCE), (True, SERVERS_PATIENCE)):
            asked = [child for child in self.children if child.server is server and child.process is not None]
            for child in asked:
                with contextlib.suppress(ProcessLookupError):
                    _process(child).send_signal(child.stop_signal)
            deadline = time.monotonic() + patience
            for child in asked:
                processes.finish(_process(child), deadline - time.monotonic())

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            if child.process.poll() is None:
                return
            processes.end_group(child.process)
            code, child.process = child.process.returncode, None
            if child.once:
                self._part_with(child, code)
                return
            self._note_death(child, now, f"{child.title} {how(code)} and is started again; its log is {child.log}.")
        if now < child.not_before:
            return
        if child.clean is not None:
            child.clean()
        try:
            child.process = child.start()
        except Refusal as refusal:
            self._note_death(child, time.monotonic(), f"{refusal} It is tried again.")

    def _note_death(self, child: Child, now: float, sentence: str) -> None:
        child.deaths = [death for death in child.deaths if now - death < WHILE] + [now]
        if len(child.deaths) >= TOO_OFTEN:
            raise Refusal(f"{child.title} ended {TOO_OFTEN} times within a minute; its reasons are in {child.log}.")
        child.not_before = now + DELAYS[len(child.deaths) - 1]
        self.say(sentence)

    def _part_with(self, child: Child, code: int) -> None:
        self.children.remove(child)
        if code != 0:
            self.say(f"{child.title} {how(code)}; its reasons are in {child.log}.")

    def _repeat_news(self, log: Path) -> None:
        size = log.stat().st_size
        if size > self.shown[log]:
            with log.open("rb") as file:
                file.seek(self.shown[log])
                self.say(file.read(100_000).decode(errors="replace").rstrip("\n"))
        self.shown[log] = size


def how(code: int) -> str:
    """How a process ended, as the rest of a sentence."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended by itself (exit code {code})"


def keep_short(log: Path) -> None:
    """Move a log's content aside when it has grown too long. Lines written meanwhile may be lost; it is a log."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)  # children hold it open for appending


def _process(child: Child) -> subprocess.Popen[bytes]:
    assert child.process is not None
    return child.process
