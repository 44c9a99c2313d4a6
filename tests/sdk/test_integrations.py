"""Wrapped clients: OpenAI plain and streamed, decorators, LangChain; media."""

import base64
from datetime import datetime, timedelta

import pytest

from tests.sdk.scripts import story
from tests.sdk.telling import PYTHONS, Told, told_by


def test_decorators_name_the_trace_and_its_people(told: Told) -> None:
    trace = told.trace("decorated")
    assert trace["name"] == "decorated"
    assert trace["userId"] == story.USER
    assert trace["sessionId"] == told.names["session"]
    assert told.tale["decorated"]["answer"] == "Рим"


@pytest.mark.parametrize("call", ["plain call", "streamed call"])
def test_an_openai_call_is_a_generation_with_usage_and_cost(told: Told, call: str) -> None:
    generation = told.observations("decorated")[call]
    assert generation["type"] == "GENERATION"
    assert generation["model"] == story.MODEL
    assert (generation["usage"]["input"], generation["usage"]["output"], generation["usage"]["total"]) == (18, 2, 20)
    assert generation["costDetails"]["total"] == pytest.approx(18 * 0.15e-6 + 2 * 0.60e-6)
    assert "Рим" in str(generation["output"])
    assert "Италия" in str(generation["input"])


def test_a_streamed_call_tells_when_it_began_to_answer(told: Told) -> None:
    generation = told.observations("decorated")["streamed call"]
    start, first = (datetime.fromisoformat(generation[name]) for name in ("startTime", "completionStartTime"))
    assert first >= start - timedelta(milliseconds=5)  # the JavaScript SDK takes them from two clocks
    assert generation["completionStartTime"] <= generation["endTime"]
    assert generation["timeToFirstToken"] >= 0


@told_by(*PYTHONS)
def test_calls_hang_below_the_function_that_made_them(told: Told) -> None:
    seen = told.observations("decorated")
    assert seen["plain call"]["parentObservationId"] == seen["complete"]["id"]
    if told.sdk != "py2":  # there the outermost decorated function is the trace itself
        assert seen["complete"]["parentObservationId"] == seen["ask"]["id"]
    assert seen["complete"]["input"]["args"] == ["Италия"]


@told_by(*PYTHONS)
def test_a_known_model_without_usage_is_counted_by_the_server(told: Told) -> None:
    if told.sdk == "py2":
        (generation,) = told.get(f"/traces/{told.tale['decorated']['counted']}")["observations"]
    else:
        generation = told.observations("decorated")["counted by the server"]
    assert generation["usageDetails"]["input"] > 10
    assert 1 <= generation["usageDetails"]["output"] <= 6
    assert generation["costDetails"]["total"] > 0


@told_by(*PYTHONS, "js5")
def test_langchain_runs_are_traces_with_a_generation(told: Told) -> None:
    assert told.tale["langchain"]["output"]
    generations = [one for one in told.trace("langchain")["observations"] if one["name"] == "ChatOpenAI"]
    (generation,) = generations
    assert generation["type"] == "GENERATION"
    assert generation["model"] == story.MODEL
    assert (generation["usage"]["input"], generation["usage"]["output"]) == (30, 2)
    assert generation["parentObservationId"]
    assert generation["output"]["content"] == told.tale["langchain"]["output"]


def test_a_reference_to_media_stays_in_the_text(told: Told) -> None:
    assert told.trace("media")["input"]["picture"].startswith("@@@langfuseMedia:type=image/png|id=")


def test_the_bytes_of_media_make_the_round_trip(told: Told) -> None:
    data = base64.b64encode(bytes.fromhex(story.PIXEL)).decode()
    assert told.tale["media"]["resolved"] == f"data:image/png;base64,{data}"


@told_by("py4", "py5")
def test_items_of_datasets_bring_their_media_with_them(told: Told) -> None:
    item = told.tale["media"]["item"]
    assert item["input"] == item["expected"] == story.PIXEL + b"of an item".hex()
