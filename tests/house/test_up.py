"""`manage.py up`, the whole of it, as root or as an ordinary user: whoever runs the tests."""

import re
import signal
import stat
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.house.running import House, up

pytestmark = pytest.mark.house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House()
    try:
        house.start()
        yield house
    finally:
        house.remove()


@pytest.fixture(scope="module")
def first_words(house: House) -> str:
    return house.told()


@pytest.fixture(scope="module")
def keys(first_words: str) -> tuple[str, str]:
    return (
        re.findall(r"Public key +(pk-lf-\S+)", first_words)[0],
        re.findall(r"Secret key +(sk-lf-\S+)", first_words)[0],
    )


def test_the_first_start_tells_address_user_and_keys_that_work(
    house: House, first_words: str, keys: tuple[str, str]
) -> None:
    assert f"PromptLab runs at http://localhost:{house.port}" in first_words
    assert re.search(r"E-mail +\S+@\S+", first_words)
    assert re.search(r"Password +\S{12,}", first_words)
    answer = httpx.get(f"{house.url}/api/public/projects", auth=keys)
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 1


def test_passwords_and_secrets_are_kept_for_the_owners_eyes_only(house: House, first_words: str) -> None:
    for name in ("first-sign-in.txt", "secrets.json"):
        assert stat.S_IMODE((house.data / name).stat().st_mode) == 0o600
    assert re.findall(r"Password +(\S+)", first_words)[0] in (house.data / "first-sign-in.txt").read_text()
    secret = re.findall(r'"SECRET_KEY": "(\w+)"', (house.data / "secrets.json").read_text())[0]
    assert not any(secret in log.read_text() for log in (house.data / "logs").iterdir())


def test_only_the_web_listens_on_a_network_address(house: House) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in house.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", house.port)}


def test_a_second_start_on_the_same_data_is_one_sentence(house: House) -> None:
    refused = up(PROMPTLAB_DATA=str(house.data), PORT=str(house.port))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"PromptLab already runs on the data in {house.data}, at http://localhost:")
    assert refused.stderr.count("\n") == 1
    assert house.status() == 200


def test_a_busy_port_is_one_sentence(house: House) -> None:
    refused = up(PROMPTLAB_DATA=str(house.folder / "other"), PORT=str(house.port))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Port {house.port} is used by another program")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "sent", "status"), [("ingestion", 10, 401), ("observations", 10, 405), ("scores", 70, 413)]
)
def test_who_is_refused_while_sending_much_hears_why(
    house: House, keys: tuple[str, str], path: str, sent: int, status: int
) -> None:
    """Without reading the rest the connection would break, and clients would repeat what can never succeed."""
    auth = None if status == 401 else keys
    answer = httpx.post(f"{house.url}/api/public/{path}", content=b" " * sent * 1024 * 1024, auth=auth, timeout=60)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_readiness_tells_the_truth_about_valkey(house: House) -> None:
    (valkey,) = house.processes("valkey-server")
    valkey.suspend()
    try:
        answer = httpx.get(f"{house.url}/api/public/ready", timeout=10)
        assert answer.status_code == 503
        assert answer.json()["status"] == "Valkey not available"
        assert house.status("/api/public/health") == 200
        assert house.status("/api/public/health?failIfDatabaseUnavailable=true") == 503
    finally:
        valkey.resume()
    assert house.status() == 200


@pytest.mark.parametrize("word", ["promptlab.web", "promptlab.worker", "bin/postgres", "valkey-server"])
def test_a_killed_process_is_started_again_and_nothing_acknowledged_is_lost(
    house: House, keys: tuple[str, str], word: str
) -> None:
    trace_id = f"before-{word.replace('/', '-')}"
    event = {"id": trace_id, "type": "trace-create", "timestamp": "2026-01-01T00:00:00Z", "body": {"id": trace_id}}
    sent = httpx.post(f"{house.url}/api/public/ingestion", json={"batch": [event]}, auth=keys)
    assert sent.status_code == 207
    assert not sent.json()["errors"]
    house.kill(word)
    assert re.search(r"was ended by SIGKILL and is started again; its log is \S+\.log\.", house.told())
    assert httpx.get(f"{house.url}/api/public/traces/{trace_id}", auth=keys).status_code == 200


def test_a_killed_scheduler_is_noticed(house: House) -> None:
    house.wait_for(lambda: len(house.processes("promptlab.worker")) == 2, "worker and scheduler")
    worker, scheduler = house.processes("promptlab.worker")
    scheduler.kill()
    house.wait_for(lambda: worker not in house.processes(), "end of the worker without a scheduler")
    house.wait_for(lambda: len(house.processes("promptlab.worker")) == 2, "new worker and scheduler")


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(house: House, first_words: str) -> None:
    assert house.supervisor is not None
    house.supervisor.kill()
    house.supervisor.wait()
    house.start()
    assert house.status() == 200
    password = re.findall(r"Password +(\S+)", first_words)[0]
    assert password not in house.told()
    assert "The first user's password and keys are in" in house.told()


def test_it_stops_cleanly_and_quickly(house: House) -> None:
    began = time.monotonic()
    assert house.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 12
    assert house.processes() == []
    assert house.told().endswith("PromptLab has stopped.\n")
