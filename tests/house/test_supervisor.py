"""The supervisor on its own, with children that are small but real."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from promptlab import processes, supervisor
from promptlab.places import Refusal
from promptlab.supervisor import Child, Supervisor


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def house(said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(supervisor, "TICK", 0.01)
    house = Supervisor(said.append)
    yield house
    house.stop()


def child(tmp_path: Path, script: str, title: str = "The child", **more: object) -> Child:
    log = tmp_path / f"{title}.log"
    return Child(title, log, lambda: processes.spawn(["/bin/sh", "-c", script], log=log), **more)  # type: ignore[arg-type]


def until(condition) -> "object":
    deadline = time.monotonic() + 10
    return lambda: time.monotonic() < deadline and not condition()


def test_a_child_that_ends_is_started_again_and_told_of_in_a_sentence(
    house: Supervisor, said: list[str], tmp_path: Path
) -> None:
    mark = tmp_path / "second"
    script = f'if [ -e "{mark}" ]; then exec sleep 60; fi; touch "{mark}"; exit 3'
    house.add(one := child(tmp_path, script))
    house.watch(until(lambda: said and one.process is not None))
    assert said == [f"The child ended by itself (exit code 3) and is started again; its log is {one.log}."]
    assert one.process is not None
    assert one.process.poll() is None


def test_a_child_that_keeps_ending_ends_the_house_with_the_path_of_its_log(
    house: Supervisor, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DELAYS", (0, 0, 0, 0))
    house.add(one := child(tmp_path, "echo no; exit 1"))
    with pytest.raises(Refusal, match=f"The child ended 5 times within a minute; its reasons are in {one.log}"):
        house.watch(lambda: True)
    assert one.log.read_text() == "no\n" * 5


def test_what_a_dead_child_leaves_behind_is_ended(house: Supervisor, said: list[str], tmp_path: Path) -> None:
    house.add(one := child(tmp_path, "sleep 61 & echo $!; wait"))
    assert one.process is not None
    while not one.log.read_text():
        time.sleep(0.01)
    orphan = psutil.Process(int(one.log.read_text()))
    one.process.kill()
    house.watch(until(lambda: said))
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_what_does_its_work_once_is_not_started_again(house: Supervisor, said: list[str], tmp_path: Path) -> None:
    house.add(child(tmp_path, "exit 0", title="Fine", once=True))
    house.add(failing := child(tmp_path, "exit 4", title="The other", once=True))
    house.watch(until(lambda: not house.children))
    assert said == [f"The other ended by itself (exit code 4); its reasons are in {failing.log}."]


def test_programs_end_before_the_servers_that_they_need(house: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = f'trap "sleep 0.2; echo $0 >> {order}; exit" TERM; echo up; while :; do sleep 0.05; done'
    children = [
        Child(
            title,
            log := tmp_path / title,
            lambda title=title, log=log: processes.spawn(["/bin/sh", "-c", script, title], log=log),
            server=server,
        )
        for title, server in (("server", True), ("program", False))
    ]
    for one in children:
        house.add(one)
    while not all(one.log.read_text() for one in children):
        time.sleep(0.01)
    house.stop()
    assert order.read_text().split() == ["program", "server"]


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    if not psutil.LINUX:
        pytest.skip("Only Linux tells a child that its parent has died.")
    script = (
        "import sys, time, pathlib; from promptlab import processes;"
        "print(processes.spawn(['sleep', '62'], log=pathlib.Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [processes.sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, _ = psutil.wait_procs([orphan], timeout=5)
    assert gone


def test_a_long_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 100)
    log = tmp_path / "log"
    with log.open("ab") as still_open:
        still_open.write(b"a" * 101)
        still_open.flush()
        supervisor.keep_short(log)
        still_open.write(b"b")
    assert log.read_text() == "b"
    assert (tmp_path / "log.1").read_text() == "a" * 101


def test_news_in_a_shown_log_are_repeated(house: Supervisor, said: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    house.show(log)
    with log.open("a") as still_open:
        still_open.write("Traceback: boom\n")
    house.watch(until(lambda: said))
    assert said == ["Traceback: boom"]
