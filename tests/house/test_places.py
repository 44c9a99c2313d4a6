"""Where the embedded servers live: short sockets, private folders, and as root no door opened for them.

Each test holds for whoever runs it. Root gives files to others and keeps databases for them; an ordinary user, who
can do neither, must end where the same sentence leads him.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from promptlab import embedded, places
from tests.house.running import temporary_folder

ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = temporary_folder()
    yield folder
    folder.chmod(0o711)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ordinary_owner(folder: Path) -> Iterator[None]:
    """For root: what is inside is done by an ordinary user, whose the folder becomes."""
    if not ROOT:
        yield
        return
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that only its owner enters, as `/root` and many homes are."""
    monkeypatch.setattr(places, "OUTSIDE", folder / "outside")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    return closed


def test_sockets_of_a_long_path_stand_in_a_short_private_folder(folder: Path) -> None:
    data = folder / ("a" * 60) / ("b" * 60)
    data.parent.mkdir(mode=0o711)
    chosen = places.settle(data)
    try:
        assert len(str(chosen.sockets / places.POSTGRES_SOCKET)) < 50
        assert stat.S_IMODE(chosen.sockets.stat().st_mode) == 0o700
        assert places.settle(data).sockets == chosen.sockets
    finally:
        shutil.rmtree(chosen.sockets)


def test_a_socket_folder_that_others_can_enter_is_not_used_again(folder: Path) -> None:
    data = folder / ("a" * 60) / ("b" * 60)
    data.parent.mkdir(mode=0o711)
    first = places.settle(data).sockets
    first.chmod(0o755)
    second = places.settle(data).sockets
    shutil.rmtree(first)
    shutil.rmtree(second)
    assert second != first


def test_a_cluster_cut_short_while_it_was_made_is_made_again(folder: Path) -> None:
    unfinished = folder / "data" / "postgres.unfinished"
    unfinished.mkdir(parents=True, mode=0o711)
    unfinished.parent.chmod(0o711)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded.running(folder / "data", durable=False) as services:
        with psycopg.connect(services.database_url) as connection:
            row = connection.execute("SELECT lower('ПРИВЕТ'), current_setting('listen_addresses')").fetchone()
        assert row == ("привет", "")
    assert not unfinished.exists()


def test_closed_folders_stay_closed_and_root_keeps_the_databases_elsewhere(folder: Path, closed: Path) -> None:
    chosen = places.settle(closed / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    if ROOT:
        assert chosen.home.parent == folder / "outside"
        assert f"they live in {chosen.home}." in chosen.notices[0]
    else:
        assert (chosen.home, chosen.notices) == (closed / "data", ())
    again = places.settle(closed / "data")
    assert (again.home, again.notices) == (chosen.home, ())


def test_a_new_data_folder_never_meets_the_databases_of_a_deleted_one(closed: Path) -> None:
    (places.settle(closed / "data").home / "postgres").mkdir()
    shutil.rmtree(closed / "data")
    assert not (places.settle(closed / "data").home / "postgres").exists()


def test_a_database_runs_as_the_ordinary_user_whose_it_is(folder: Path) -> None:
    owner = 1 if ROOT else os.geteuid()
    (folder / "data" / "postgres").mkdir(parents=True)
    os.chown(folder / "data" / "postgres", owner, -1)
    account = places.settle(folder / "data").account
    assert (account.uid if account else os.geteuid()) == owner


def test_a_database_behind_a_door_closed_since_is_refused_with_the_remedy(folder: Path) -> None:
    data = folder / "data"
    places.settle(data)
    (data / "postgres").mkdir()
    if ROOT:
        os.chown(data / "postgres", NOBODY, NOBODY)
        folder.chmod(0o700)
        remedy = "cannot enter that folder: let that user pass"
    else:
        folder.chmod(0)
        remedy = "cannot be written to .*: make it writable"
    with pytest.raises(places.Refusal, match=remedy):
        places.settle(data)


def test_an_ordinary_user_is_told_whose_database_it_is(folder: Path) -> None:
    (folder / "postgres").symlink_to("/")  # stands for a database of root's, which only root could make
    with (
        ordinary_owner(folder),
        pytest.raises(places.Refusal, match=f"belongs to user {Path('/').owner()}: start PromptLab as that user"),
    ):
        places.settle(folder)
