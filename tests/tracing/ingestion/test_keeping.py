"""An empty text never takes the place of one that an earlier batch brought."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tracing.ingestion import making
from tests.tracing.ingestion.conftest import Doors

pytestmark = pytest.mark.django_db
EMPTY = ["", 0, False, None]


def event(kind: str, **body: Any) -> dict[str, Any]:
    return making.event(kind, body)


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("said", ["Рим", {}, [], True, 7, {"a": None}])
def test_what_was_said_stays(doors: Doors, said: Any, empty: Any) -> None:
    doors.accept(event("trace-create", id="t", input=said, output=said))
    doors.accept(event("span-create", id="o", traceId="t", input=said, output=said))
    doors.accept(
        event("trace-create", id="t", input=empty, output=empty, name="later"),
        event("span-update", id="o", traceId="t", input=empty, output=empty, name="later"),
    )
    for found in (doors.trace("t"), doors.observation("o")):
        assert (found["input"], found["output"], found["name"]) == (said, said, "later")


@pytest.mark.parametrize("empty", ["", 0, False])
def test_an_empty_one_counts_where_there_is_no_other(doors: Doors, empty: Any) -> None:
    doors.accept(event("trace-create", id="t"), event("span-create", id="o", traceId="t"))
    doors.accept(event("trace-create", id="t", output=empty), event("span-update", id="o", output=empty))
    for found in (doors.trace("t"), doors.observation("o")):
        assert (found["input"], found["output"]) == (None, empty)
    doors.accept(event("trace-create", id="t", output="said"), event("span-update", id="o", output="said"))
    assert (doors.trace("t")["output"], doors.observation("o")["output"]) == ("said", "said")


def test_sides_stand_for_themselves(doors: Doors) -> None:
    doors.accept(event("span-create", id="o", traceId="t", input="asked"))
    doors.accept(event("span-update", id="o", traceId="t", input="", output=False))
    found = doors.observation("o")
    assert (found["input"], found["output"]) == ("asked", False)


def test_batches_without_anything_empty_ask_nothing(doors: Doors) -> None:
    def asked(*events: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            doors.accept(*events)
        return len(queries)

    doors.accept(event("trace-create", id="t"))
    full = [event("trace-create", id="t", output=f"{number}") for number in range(3)]
    empty = [event("trace-create", id="t", output="") for _ in range(3)]
    assert asked(*empty) == asked(*full) + 1
