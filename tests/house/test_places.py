"""Where the embedded servers live: short sockets, private folders, and as root no door opened for them."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from promptlab import embedded, places
from tests.house.running import temporary_folder

root_only = pytest.mark.skipif(
    os.geteuid() != 0,
    reason="This is about files of several users, which only root can make: it runs where the tests run as root, as in "
    "a container. All else in this file holds for every user.",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = temporary_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


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


@root_only
def test_root_leaves_closed_folders_closed_and_keeps_the_databases_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "OUTSIDE", folder / "outside")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    chosen = places.settle(closed / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert chosen.home.parent == folder / "outside"
    assert f"they live in {chosen.home}." in chosen.notices[0]
    again = places.settle(closed / "data")
    assert (again.home, again.notices) == (chosen.home, ())


@root_only
def test_a_new_data_folder_never_meets_the_databases_of_a_deleted_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "OUTSIDE", folder / "outside")
    (folder / "closed").mkdir(mode=0o700)
    first = places.settle(folder / "closed" / "data").home
    shutil.rmtree(folder / "closed" / "data")
    assert places.settle(folder / "closed" / "data").home != first


@root_only
def test_root_runs_an_ordinary_users_database_as_that_user(folder: Path) -> None:
    (folder / "data" / "postgres").mkdir(parents=True)
    os.chown(folder / "data" / "postgres", 1, 1)
    chosen = places.settle(folder / "data")
    assert chosen.account is not None
    assert chosen.account.uid == 1


@root_only
def test_a_database_behind_a_door_closed_since_is_refused_with_the_remedy(folder: Path) -> None:
    data = folder / "data"
    places.settle(data)
    (data / "postgres").mkdir()
    os.chown(data / "postgres", 65534, 65534)
    folder.chmod(0o700)
    with pytest.raises(places.Refusal, match="cannot enter that folder: let that user pass"):
        places.settle(data)


@root_only
def test_an_ordinary_user_is_told_whose_database_it_is(folder: Path) -> None:
    (folder / "postgres").mkdir()
    os.chown(folder, 65534, 65534)
    os.seteuid(65534)
    try:
        with pytest.raises(places.Refusal, match="belongs to user root: start PromptLab as that user"):
            places.settle(folder)
    finally:
        os.seteuid(0)
