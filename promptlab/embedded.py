"""PostgreSQL and Valkey from wheels, for those who bring none of their own.

Both listen on Unix sockets in a private folder and on no network address. `start` is all that tests need; the
supervisor of `manage.py up` keeps and restarts the same two servers by itself. Nothing here needs Django.

    with embedded.running(Path("data")) as services:
        services.database_url, services.redis_url
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from promptlab import processes
from promptlab.places import POSTGRES_SOCKET, VALKEY_SOCKET, Places, Refusal, give, settle, valkey_program

NAME = "promptlab"  # of the database and of its owner

# For one machine that also runs the web: small, but safe against a power cut.
_POSTGRES = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "wal_level": "minimal",  # nobody replicates from it
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_max_workers": "2",
    "io_method": "sync",  # three I/O workers less
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
}
_FAST_BUT_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}

_VALKEY = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": "64",  # the tests use one each
    "appendfsync": "everysec",
    "save": "",  # the append-only file is enough
    # Only what has a time to live, the cache, may be dropped for want of room; never a queued task.
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
    "daemonize": "no",
    "logfile": "",
    "loglevel": "warning",
}


class Postgres:
    """The PostgreSQL of one house."""

    title: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": open transactions are rolled back

    def __init__(self, places: Places, *, durable: bool = True) -> None:
        self.places = places
        self.settings = _POSTGRES | ({} if durable else _FAST_BUT_FORGETFUL)
        self.durable = durable
        self.log = places.logs / "postgres.log"
        self.url = f"postgresql://{NAME}@{quote(str(places.sockets), safe='')}/{NAME}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers. Raises Refusal."""
        if not self.places.postgres.exists():
            self._create()
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        process = processes.spawn(
            [self._program("postgres"), "-D", self.places.postgres, "-k", self.places.sockets, *options],
            log=self.log,
            account=self.places.account,
            cwd=self.places.postgres,
            environment=self._environment(),
            when_we_die=self.stop_signal,
        )
        # After a crash it replays up to max_wal_size before it answers.
        if not processes.comes_up(process, partial(self._is_ready, process.pid), patience=300, number=self.stop_signal):
            raise Refusal(f"PostgreSQL did not start; its reasons are in {self.log}.")
        return process

    def end_leftovers(self) -> None:
        """End what a killed predecessor left running on these files."""
        # SIGQUIT ends single backends, too, whose postmaster was killed; the log makes good what they left half done.
        processes.end_all(processes.servers_in("postgres", self.places.postgres), signal.SIGQUIT, 5)
        # Its process number may belong to somebody else by now, and PostgreSQL would wait for that one.
        for name in (self.places.postgres / "postmaster.pid", self.places.sockets / f"{POSTGRES_SOCKET}.lock"):
            name.unlink(missing_ok=True)

    def _create(self) -> None:
        """Make the cluster under another name first, so that one cut short is never taken for a whole one."""
        unfinished = self.places.home / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give(unfinished, self.places.account)
        # Builtin C.UTF-8: sorted by code point, the same on every machine, and yet Cyrillic has upper and lower case.
        # Trust: whoever is let into the sockets' private folder is us.
        options = f"--username={NAME} --auth=trust --encoding=UTF8 --no-locale --no-instructions"
        options += " --locale-provider=builtin --builtin-locale=C.UTF-8" + ("" if self.durable else " --no-sync")
        self._run("initdb", *options.split(), folder=unfinished)
        self._run("postgres", "--single", "postgres", folder=unfinished, says=f"CREATE DATABASE {NAME}")
        unfinished.rename(self.places.postgres)

    def _run(self, program: str, *options: str, folder: Path, says: str = "") -> None:
        mode = options[:1] if "--single" in options else ()  # which PostgreSQL wants to read first
        with self.log.open("ab") as log:
            done = subprocess.run(
                [self._program(program), *mode, "-D", folder, *options[len(mode) :]],
                input=says.encode(),
                stdout=log,
                stderr=log,
                cwd=folder,
                env=self._environment(),
                check=False,
                **processes.as_account(self.places.account),
            )
        if done.returncode != 0:
            raise Refusal(f"The database could not be created; the reasons are in {self.log}.")

    def _program(self, name: str) -> Path:
        return self.places.programs / "pginstall18" / "bin" / name

    def _environment(self) -> dict[str, str]:
        """Ours, without what would steer PostgreSQL elsewhere."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}

    def _is_ready(self, pid: int) -> bool:
        """As pg_ctl asks: the eighth line of the server's pid file."""
        with contextlib.suppress(OSError):
            lines = (self.places.postgres / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
        return False


class Valkey:
    """The Valkey of one house: the broker, whose queue outlives a crash, and the cache."""

    title: ClassVar[str] = "Valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, places: Places, *, durable: bool = True) -> None:
        self.places = places
        self.durable = durable
        self.log = places.logs / "valkey.log"
        self.socket = places.sockets / VALKEY_SOCKET
        self.url = f"unix://{quote(str(self.socket))}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers. Raises Refusal."""
        places = self.places
        if not places.valkey.exists():
            places.valkey.mkdir(mode=0o700)
            give(places.valkey, places.account)
        self.socket.unlink(missing_ok=True)
        copied = places.programs / "valkey-server"
        settings = {
            **_VALKEY,
            "unixsocket": str(self.socket),
            "dir": str(places.valkey),
            "appendonly": "yes" if self.durable else "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        process = processes.spawn(
            [copied if copied.exists() else valkey_program(), *options],
            log=self.log,
            account=places.account,
            cwd=places.valkey,
            when_we_die=self.stop_signal,
        )
        if not processes.comes_up(process, self._answers, patience=60, number=self.stop_signal):
            raise Refusal(f"Valkey did not start; its reasons are in {self.log}.")
        return process

    def end_leftovers(self) -> None:
        """End what a killed predecessor left running on these files."""
        processes.end_all(processes.servers_in("valkey-server", self.places.valkey), self.stop_signal, 5)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")  # "-LOADING" while it reads its file
        return False


@dataclass(frozen=True)
class Services:
    """Both servers, running."""

    database_url: str
    redis_url: str
    postgres: subprocess.Popen[bytes]
    valkey: subprocess.Popen[bytes]

    def stop(self) -> None:
        processes.stop(self.valkey, Valkey.stop_signal, 5)
        processes.stop(self.postgres, Postgres.stop_signal, 20)


def start(data: Path, *, durable: bool = True) -> Services:
    """Start both servers on the folder `data` and wait until they answer.

    `durable=False` is for tests: faster, and a power cut may lose everything. Call it from the main thread. One
    caller per folder: a predecessor's servers that still run on it are ended. Raises Refusal.
    """
    places = settle(data)
    postgres, valkey = Postgres(places, durable=durable), Valkey(places, durable=durable)
    postgres.end_leftovers()
    valkey.end_leftovers()
    database = postgres.start()
    try:
        broker = valkey.start()
    except BaseException:
        processes.stop(database, Postgres.stop_signal, 20)
        raise
    return Services(postgres.url, valkey.url, database, broker)


@contextlib.contextmanager
def running(data: Path, *, durable: bool = True) -> Iterator[Services]:
    """Both servers for the length of a `with` block."""
    services = start(data, durable=durable)
    try:
        yield services
    finally:
        services.stop()
