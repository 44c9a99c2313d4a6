"""Child processes that do not outlive us, and the finding of those that did all the same.

Every child gets a session of its own, so that Ctrl-C in a terminal reaches only the supervisor, which then stops the
children in the right order, and so that what a dead child leaves behind (web workers, the scheduler) is one group to
end. On Linux the kernel sends each child a signal when we die; elsewhere `leftovers` finds it at the next start.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MARK = "PROMPTLAB_SUPERVISED"  # the environment variable by which a child says whose it is
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL and Valkey run under when we are root."""

    name: str
    uid: int
    gid: int


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    account: Account | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    when_we_die: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` with its output appended to `log`.

    Call it from the main thread: the kernel sends `when_we_die` when the thread that started the child ends.
    Raises OSError when the command cannot be started.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 (our own commands)
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            umask=0o077,  # mails, media and logs are nobody else's to read
            preexec_fn=die_with(os.getpid(), when_we_die),
            **as_account(account),
        )


def as_account(account: Account | None) -> dict[str, Any]:
    """The arguments that make `subprocess` run a command under `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What a child calls right after its fork, so that the kernel sends it `number` when its `parent` ends."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)  # loaded before the fork: between fork and exec as little as possible may happen

    def after_fork() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it ended before it could be watched
            os._exit(1)

    return after_fork


def stop(process: subprocess.Popen[bytes], number: signal.Signals, patience: float) -> None:
    """Ask a child to end by `number`; after `patience` seconds end it by force."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    finish(process, patience)


def finish(process: subprocess.Popen[bytes], patience: float) -> None:
    """Wait `patience` seconds for a child that was asked to end, then end it and all of its group by force."""
    try:
        process.wait(max(patience, 0.1))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End whatever a dead child left behind in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def marked(mark: str) -> list[psutil.Process]:
    """Running processes that carry `mark` in their environment, ourselves left out."""
    return [process for process in _others() if _environment(process).get(MARK) == mark]


def servers_in(name: str, folder: Path) -> list[psutil.Process]:
    """Running processes of program `name` that work in `folder`.

    PostgreSQL and Valkey write their titles over their environment, but both work inside their data folder.
    """
    found = []
    for process in _others():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith(name) and Path(process.cwd()) == folder:
                found.append(process)
    return found


def _others() -> Iterable[psutil.Process]:
    return (process for process in psutil.process_iter() if process.pid != os.getpid())


def _environment(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):  # another user's, or gone meanwhile
        return {}


def end_all(processes: Sequence[psutil.Process], number: signal.Signals, patience: float) -> None:
    """End processes that are not our children: by `number`, after `patience` seconds by force."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
    _, alive = psutil.wait_procs(processes, timeout=patience)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def comes_up(
    process: subprocess.Popen[bytes], answers: Callable[[], bool], *, patience: float, number: signal.Signals
) -> bool:
    """Wait until a new child answers. One that ends or does not within `patience` seconds is stopped by `number`."""
    deadline = time.monotonic() + patience
    try:
        while time.monotonic() < deadline and process.poll() is None:
            if answers():
                return True
            time.sleep(0.03)
    except BaseException:  # we are to end ourselves, and nobody else knows of this child yet
        stop(process, number, 5)
        raise
    stop(process, number, 5)
    return False
