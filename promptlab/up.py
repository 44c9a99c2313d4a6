"""`manage.py up`: everything in one command.

The order: one house per data folder (a lock), no leftovers of a killed predecessor, a free port, the servers, the web,
which first sees to the database's tables and the first user; then, while people can already sign in, the worker and the
demo project. Runs without Django, which would cost this process 80 MB to do nothing with, and which needs
settings that are only made here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from promptlab import embedded, places, processes
from promptlab.places import Refusal
from promptlab.supervisor import Child, Stop, Supervisor

ROOT = Path(__file__).resolve().parent.parent
SECRETS = ("SECRET_KEY", "PROMPTLAB_ENCRYPTION_KEY")
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (every address, and the one by which we reach ourselves)


@dataclass(frozen=True)
class Wishes:
    """What the environment asks for."""

    data: Path
    host: str
    port: int
    url: str
    demo: bool


def main(arguments: Sequence[str]) -> int:
    """Run PromptLab until a signal ends it. Returns the exit code."""
    parser = ArgumentParser(prog="manage.py up", description="Start PromptLab and all it needs.")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    options = parser.parse_args(arguments)
    parent = os.getppid()

    supervisor = Supervisor(say)
    _listen_to_signals()
    try:
        wishes = read_wishes(os.environ)
        data = places.make_data_folder(wishes.data)
        with contextlib.ExitStack() as locks:
            _lock(locks, data, wishes)
            try:
                _bring_up(supervisor, locks, data, wishes)
                supervisor.watch(lambda: not options.with_parent or os.getppid() == parent)
            finally:
                _close_ears()
                supervisor.stop()
    except Refusal as refusal:
        say(str(refusal), to=sys.stderr)
        return 1
    except Stop:
        pass
    say("PromptLab has stopped.")
    return 0


def read_wishes(environment: Mapping[str, str]) -> Wishes:
    """Read the variables that `up` itself obeys. Raises Refusal."""
    port = environment.get("PORT", "").strip() or "3000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Refusal(f"PORT is {port!r}: set it to a number between 1 and 65535.")
    return Wishes(
        data=Path(environment.get("PROMPTLAB_DATA", "").strip() or ROOT / "data"),
        # A team reaches it from other machines.
        host=_numeric(environment.get("PROMPTLAB_BIND", "").strip() or "0.0.0.0"),  # noqa: S104
        port=int(port),
        url=(environment.get("PROMPTLAB_URL", "").strip() or f"http://localhost:{port}").rstrip("/"),
        demo=environment.get("PROMPTLAB_DEMO", "").strip().lower() not in {"0", "no", "false", "off"},
    )


def _numeric(host: str) -> str:
    """The address behind a name, as granian wants it. Raises Refusal."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Refusal(f"PROMPTLAB_BIND is {host!r}, which is no address of this machine.") from error


def say(text: str, *, to: TextIO | None = None) -> None:
    """Tell the person who started us; whether anybody still listens (`| head`) must not matter."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=to or sys.stdout, flush=True)


# --- The order of things ---------------------------------------------------------------------------


def _bring_up(supervisor: Supervisor, locks: contextlib.ExitStack, data: Path, wishes: Wishes) -> None:
    processes.end_all(processes.marked(str(data)), signal.SIGTERM, 5)
    check_port(wishes.host, wishes.port)
    environment = _environment(data, wishes)
    home = _home(locks, data, wishes, environment)
    alone = ["--alone"] if "REDIS_URL" in _missing(environment) else []  # nobody else knows our Valkey
    environment |= _start_servers(supervisor, home, environment) if home else {}

    web_log, worker_log, demo_log = (data / "logs" / f"{name}.log" for name in ("web", "worker", "demo"))
    answer = data / "prepared.json"
    answer.unlink(missing_ok=True)
    web = Child("The web server", web_log, lambda: _start_web(web_log, environment, wishes, "--prepare", str(answer)))
    try:
        supervisor.add(web)
    except Refusal as refusal:
        raise _refused(answer) or refusal from None
    web.start = lambda: _start_web(web_log, environment, wishes)  # from now on it is only started again
    prepared = json.loads(answer.read_text())
    answer.unlink()
    supervisor.show(web_log)
    say(_welcome(data, wishes, prepared["first_start"]))

    worker = [sys.executable, "-m", "promptlab.worker", "--schedule", str(data / "scheduler" / "last-runs"), *alone]
    supervisor.add(Child("The worker", worker_log, lambda: _spawn(worker, worker_log, environment)))
    if wishes.demo and prepared["demo_wanted"]:
        demo = _manage("demo", "--base-url", f"http://{_reachable(wishes.host)}:{wishes.port}")
        supervisor.add(Child("The demo project", demo_log, lambda: _spawn(demo, demo_log, environment), once=True))


def _environment(data: Path, wishes: Wishes) -> dict[str, str]:
    """What every child is given: ours, the generated secrets, and what we decided."""
    return {
        **_generated_secrets(data),
        **{name: value for name, value in os.environ.items() if value},
        "PROMPTLAB_DATA": str(data),
        "PROMPTLAB_URL": wishes.url,
        "PROMPTLAB_EMBEDDED": "1",
        "PORT": str(wishes.port),
        "PYTHONUNBUFFERED": "1",
        processes.MARK: str(data),
    }


def _generated_secrets(data: Path) -> dict[str, str]:
    """Made once: whoever loses them loses every session, API key and sealed provider key."""
    file = data / "secrets.json"
    if not file.exists():
        places.write_private(file, json.dumps({name: secrets.token_hex(32) for name in SECRETS}, indent=1))
    try:
        found: dict[str, str] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Refusal(f"The secrets in {file} cannot be read ({error}): restore the file from a backup.") from error
    return found


def _home(
    locks: contextlib.ExitStack, data: Path, wishes: Wishes, environment: Mapping[str, str]
) -> places.Places | None:
    """Where our own servers live, or None when both are brought."""
    if not _missing(environment):
        return None
    home = places.settle(data)
    if home.home != data:  # a copy of the data folder would lead to the same databases
        _lock(locks, home.home, wishes)
    for notice in home.notices:
        say(notice)
    return home


def _missing(environment: Mapping[str, str]) -> list[str]:
    """The addresses of servers that nobody gave us, directly or in a file."""
    names = ("DATABASE_URL", "REDIS_URL")
    return [name for name in names if not environment.get(name) and not environment.get(f"{name}_FILE")]


def _start_servers(supervisor: Supervisor, home: places.Places, environment: Mapping[str, str]) -> dict[str, str]:
    """Start what nobody brought; returns its addresses."""
    addresses = {}
    for name in _missing(environment):
        server = embedded.Postgres(home) if name == "DATABASE_URL" else embedded.Valkey(home)
        addresses[name] = server.url
        server.end_leftovers()
        supervisor.add(
            Child(
                server.title,
                server.log,
                server.start,
                stop_signal=server.stop_signal,
                server=True,
                clean=server.end_leftovers,
            )
        )
    return addresses


def _refused(answer: Path) -> Refusal | None:
    """Why the preparation refused, when it could say so in a sentence."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return Refusal(json.loads(answer.read_text())["refusal"])
    return None


def _start_web(log: Path, environment: Mapping[str, str], wishes: Wishes, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "promptlab.web", "--host", wishes.host, "--port", str(wishes.port), *more]
    process = _spawn(command, log, environment)
    patience = 600 if more else 60  # migrations of a large database take their time
    if not processes.comes_up(process, lambda: _answers(wishes), patience=patience, number=signal.SIGTERM):
        raise Refusal(f"The web server did not start; its reasons are in {log}.")
    return process


def _answers(wishes: Wishes) -> bool:
    connection = http.client.HTTPConnection(_reachable(wishes.host), wishes.port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("HEAD", "/api/public/health")
        return connection.getresponse().status == 200
    return False


def _spawn(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return processes.spawn(command, log=log, cwd=ROOT, environment=environment)


def _manage(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *words]


def _welcome(data: Path, wishes: Wishes, first_start: str) -> str:
    """What a person needs now. The password is told once, and kept in a file for whoever scrolled past it."""
    lines = ["", f"PromptLab runs at {wishes.url}", "", *first_start.splitlines()]
    if first_start:
        lines += ["", f"This is kept in {data / places.FIRST_SIGN_IN}."]
    elif (data / places.FIRST_SIGN_IN).exists():
        lines.append(f"The first user's password and keys are in {data / places.FIRST_SIGN_IN}.")
    lines += [f"Data and logs are in {data}. Ctrl-C stops PromptLab.", ""]
    return "\n".join(f"  {line}".rstrip() for line in lines)


# --- One at a time -----------------------------------------------------------------------------------


def _lock(locks: contextlib.ExitStack, folder: Path, wishes: Wishes) -> None:
    """Hold the folder until `locks` closes; the kernel lets go of it however we end. Raises Refusal."""
    lock = locks.enter_context((folder / "lock").open("a+"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        where = lock.read().strip()
        raise Refusal(f"PromptLab already runs on the data in {folder}{where and f', at {where}'}.") from error
    lock.truncate(0)
    lock.write(f"{wishes.url} (process {os.getpid()})\n")
    lock.flush()


def check_port(host: str, port: int) -> None:
    """Whether we can listen there. Raises Refusal."""
    busy = f"Port {port} is used by another program: stop it or choose another port, e.g. PORT={port + 1} make run."
    # A program that listens on one of localhost's two addresses only would still be met by half of all browsers.
    if host in _ANY and any(_accepts(address, port) for address in ("127.0.0.1", "::1")):
        raise Refusal(busy)
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError as error:
        raise Refusal(f"Port {port} needs more rights than we have: choose one above 1023, e.g. PORT=3000.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refusal(busy) from error
        raise Refusal(f"PROMPTLAB_BIND is {host!r}, which is no address of this machine.") from error


def _accepts(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def _reachable(host: str) -> str:
    """Where we reach ourselves."""
    return _ANY.get(host, host)


# --- Signals -------------------------------------------------------------------------------------------


def _listen_to_signals() -> None:
    """Also to SIGINT where a shell has us ignore it: in the background a person still means it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup
        signal.signal(signal.SIGHUP, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    _close_ears()
    raise Stop


def _close_ears() -> None:
    """Stopping has begun; a second Ctrl-C must not leave half of it undone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
