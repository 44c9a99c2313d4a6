"""What can be in the way of a start is told in one sentence, with the remedy, and no traceback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.running import free_port, temporary_folder, up


@pytest.fixture
def data() -> Iterator[Path]:
    folder = temporary_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def the_sentence(**environment: str) -> str:
    refused = up(**environment)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1, refused.stderr
    return refused.stderr.strip()


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1"])
def test_a_port_that_is_none(data: Path, port: str) -> None:
    expected = f"PORT is {port!r}: set it to a number between 1 and 65535."
    assert the_sentence(PORT=port, PROMPTLAB_DATA=str(data)) == expected


def test_a_data_folder_that_is_a_file(data: Path) -> None:
    file = data / "file"
    file.touch()
    assert the_sentence(PROMPTLAB_DATA=str(file)).startswith(f"The data folder {file} cannot be written to (")


def test_an_address_of_another_machine(data: Path) -> None:
    sentence = the_sentence(PROMPTLAB_DATA=str(data), PORT=str(free_port()), PROMPTLAB_BIND="192.0.2.1")
    assert sentence == "PROMPTLAB_BIND is '192.0.2.1', which is no address of this machine."


def test_a_database_that_does_not_answer(data: Path) -> None:
    sentence = the_sentence(
        PROMPTLAB_DATA=str(data),
        PORT=str(free_port()),
        DATABASE_URL=f"postgresql://u:p@127.0.0.1:{free_port()}/x",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}",
    )
    assert sentence.startswith("The database of DATABASE_URL cannot be reached: ")


def test_a_database_address_that_is_none(data: Path) -> None:
    sentence = the_sentence(PROMPTLAB_DATA=str(data), PORT=str(free_port()), DATABASE_URL="nonsense", REDIS_URL="x")
    assert sentence.startswith("DATABASE_URL ")


def test_secrets_that_cannot_be_read(data: Path) -> None:
    (data / "secrets.json").write_text("half a fi")
    sentence = the_sentence(PROMPTLAB_DATA=str(data), PORT=str(free_port()))
    assert sentence.startswith(f"The secrets in {data / 'secrets.json'} cannot be read (")
