"""Traces and observations of every SDK, read back through the public API."""

import pytest

from tests.sdk.scripts import story
from tests.sdk.telling import Told, told_by


def test_the_trace_carries_what_was_said_of_it(told: Told) -> None:
    trace = told.trace("trace")
    assert trace["name"] == story.TRACE_NAME
    assert trace["userId"] == story.USER
    assert trace["sessionId"] == told.names["session"]
    assert sorted(trace["tags"]) == sorted(story.TAGS)
    assert trace["version"] == story.VERSION
    assert trace["release"] == story.RELEASE
    assert trace["environment"] == story.ENVIRONMENT
    assert trace["public"] is True
    assert trace["projectId"] == told.project_id
    assert trace["htmlPath"] == f"/project/{told.project_id}/traces/{trace['id']}"


def test_input_and_output_read_back_as_the_objects_they_were(told: Told) -> None:
    trace = told.trace("trace")
    assert trace["input"] == story.QUESTION
    assert trace["output"] == story.ANSWER


def test_metadata_reads_back_decoded(told: Told) -> None:
    """Generations before 5 send every value as text, which reads back decoded; 5 marks texts as texts."""
    lesson = "12" if told.sdk == "py5" else 12
    metadata = told.trace("trace")["metadata"]
    assert {key: metadata[key] for key in ("class", "lesson")} == {"class": "7B", "lesson": lesson}


def test_observations_form_the_tree_that_was_made(told: Told) -> None:
    seen, root = told.observations("trace"), told.tale["trace"].get("root")
    assert seen["retrieve"]["parentObservationId"] == root
    assert seen["think"]["parentObservationId"] == root
    assert seen[story.EVENT_NAME]["parentObservationId"] == seen["retrieve"]["id"]
    assert seen["call the model"]["parentObservationId"] == seen["think"]["id"]
    assert seen["call the model"]["id"] == told.tale["trace"]["generation"]
    assert len(seen) == (6 if root else 5)


def test_observations_have_their_types(told: Told) -> None:
    typed = told.sdk not in ("py2", "js3")  # these know spans, generations and events only
    types = {name: one["type"] for name, one in told.observations("trace").items()}
    assert types["retrieve"] == ("RETRIEVER" if typed else "SPAN")
    assert types[story.BROKEN_NAME] == ("TOOL" if typed else "SPAN")
    assert types["think"] == "SPAN"
    assert types[story.EVENT_NAME] == "EVENT"
    assert types["call the model"] == "GENERATION"


def test_a_span_keeps_its_texts_and_metadata(told: Told) -> None:
    span = told.observations("trace")["retrieve"]
    assert span["input"] == story.QUESTION
    assert span["output"] == story.RETRIEVED
    assert span["version"] == story.VERSION
    assert {key: span["metadata"][key] for key in story.SPAN_METADATA} == story.SPAN_METADATA
    assert span["startTime"] <= span["endTime"]
    assert told.observations("trace")["think"]["output"] == "thought"


def test_levels_and_status_messages_are_kept(told: Told) -> None:
    seen = told.observations("trace")
    assert seen[story.EVENT_NAME]["level"] == "DEBUG"
    assert seen[story.EVENT_NAME]["metadata"]["key"] == "Испания"
    assert (seen[story.BROKEN_NAME]["level"], seen[story.BROKEN_NAME]["statusMessage"]) == (
        "ERROR",
        story.BROKEN_MESSAGE,
    )


def test_a_generation_has_model_usage_and_cost(told: Told) -> None:
    generation = told.observations("trace")["call the model"]
    assert generation["model"] == story.MODEL
    parameters = story.MODEL_PARAMETERS | ({"temperature": "0.2"} if told.sdk == "py2" else {})  # it sends a text
    assert generation["modelParameters"] == parameters
    assert generation["input"] == story.MESSAGES
    assert generation["output"] == "Мадрид"
    assert {key: generation["usageDetails"][key] for key in story.USAGE} == story.USAGE
    assert {key: generation["usage"][key] for key in story.USAGE} == story.USAGE
    assert generation["costDetails"]["input"] == pytest.approx(46 * 0.15e-6)
    assert generation["costDetails"]["output"] == pytest.approx(3 * 0.60e-6)
    assert told.trace("trace")["totalCost"] == pytest.approx(46 * 0.15e-6 + 3 * 0.60e-6)


def test_a_generation_is_linked_to_its_prompt(told: Told) -> None:
    generation = told.observations("trace")["call the model"]
    assert generation["promptName"] == told.names["chat"]
    assert generation["promptVersion"] == told.tale["trace"]["chat_version"] == 1
    assert generation["promptId"]


def test_the_session_holds_its_traces(told: Told) -> None:
    session = told.get(f"/sessions/{told.names['session']}")
    assert {told.tale[part]["trace"] for part in ("trace", "decorated")} <= {one["id"] for one in session["traces"]}


def test_lists_find_the_trace_by_each_of_its_attributes(told: Told) -> None:
    wanted = told.tale["trace"]["trace"]
    for query in (
        {"name": story.TRACE_NAME},
        {"userId": story.USER, "name": story.TRACE_NAME},
        {"sessionId": told.names["session"]},
        {"tags": story.TAGS},
        {"version": story.VERSION, "release": story.RELEASE},
        {"environment": story.ENVIRONMENT, "orderBy": "timestamp.asc", "limit": 100},
    ):
        found = told.get("/traces", **query)["data"]
        assert wanted in [trace["id"] for trace in found], query


def test_the_new_observations_route_finds_the_generation(told: Told) -> None:
    rows = told.get(
        "/v2/observations", traceId=told.tale["trace"]["trace"], type="GENERATION", fields="core,basic,io,model,usage"
    )["data"]
    assert [row["name"] for row in rows] == ["call the model"]
    assert rows[0]["id"] == told.tale["trace"]["generation"]


def test_the_sdk_reads_the_trace_itself(told: Told) -> None:
    """Its client parses our answers into its own types, which is stricter than any comparison of ours."""
    read = told.tale["read"]
    assert read["name"] == story.TRACE_NAME
    assert read["observations"] == sorted(told.observations("trace"))
    assert read["scores"] == {"numeric": story.NUMERIC}
    assert read["usage"] == story.USAGE["total"]
    assert float(read["cost"]) == pytest.approx(46 * 0.15e-6 + 3 * 0.60e-6)
    assert told.tale["trace"]["trace"] in read["session"]
    assert told.names["session"] in read.get("sessions", [told.names["session"]])
    assert told.tale["trace"]["trace"] in read.get("listed", [told.tale["trace"]["trace"]])


@told_by("py3", "py4", "py5")  # in SDK 2 the outermost function is the trace, which has no level
def test_a_raised_exception_is_an_error_with_its_message(told: Told) -> None:
    (failed,) = told.get(f"/traces/{told.tale['decorated']['failed']}")["observations"]
    assert failed["level"] == "ERROR"
    assert story.BROKEN_MESSAGE in failed["statusMessage"]
