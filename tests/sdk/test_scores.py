"""Scores of every type from every SDK."""

from typing import Any

from tests.sdk.scripts import story
from tests.sdk.telling import PYTHONS, Told, told_by


def _scores(told: Told, **query: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in told.get("/v2/scores", limit=100, **query)["data"]}


def test_each_type_reads_back_as_what_it_is(told: Told) -> None:
    scores = _scores(told, traceId=told.tale["trace"]["trace"])
    assert (scores["numeric"]["dataType"], scores["numeric"]["value"]) == ("NUMERIC", story.NUMERIC)
    assert (scores["boolean"]["dataType"], scores["boolean"]["value"]) == ("BOOLEAN", 1)
    assert scores["boolean"]["stringValue"] == "True"
    assert (scores["category"]["dataType"], scores["category"]["stringValue"]) == ("CATEGORICAL", story.CATEGORY)
    if told.sdk != "py2":  # has no texts
        assert (scores["text"]["dataType"], scores["text"]["stringValue"]) == ("TEXT", story.TEXT)
    assert {score["source"] for score in scores.values()} == {"API"}


@told_by(*PYTHONS)
def test_an_untyped_boolean_is_a_number(told: Told) -> None:
    score = _scores(told, traceId=told.tale["trace"]["trace"])["untyped boolean"]
    assert (score["dataType"], score["value"]) == ("NUMERIC", 1)


def test_comments_are_kept(told: Told) -> None:
    assert _scores(told, traceId=told.tale["trace"]["trace"])["numeric"]["comment"] == story.COMMENT


def test_a_score_of_an_observation_says_which(told: Told) -> None:
    score = _scores(told, traceId=told.tale["trace"]["trace"])["of the generation"]
    assert score["observationId"] == told.tale["trace"]["generation"]


def test_the_trace_shows_its_scores(told: Told) -> None:
    names = {score["name"] for score in told.trace("trace")["scores"]}
    assert {"numeric", "boolean", "category", "of the generation"} <= names


@told_by("py3", "py4", "py5", "js3", "js5")
def test_a_session_can_be_scored(told: Told) -> None:
    lesson = _scores(told, sessionId=told.names["session"])["lesson"]
    assert (lesson["value"], lesson["sessionId"], lesson["metadata"]) == (5, told.names["session"], {"by": "teacher"})
    assert lesson["traceId"] is None


def test_no_score_came_twice(told: Told) -> None:
    rows = told.get("/v2/scores", limit=100, traceId=told.tale["trace"]["trace"])["data"]
    assert len(rows) == len({row["name"] for row in rows})


def test_the_newest_route_lists_them_too(told: Told) -> None:
    rows = told.get("/v3/scores", traceId=told.tale["trace"]["trace"])["data"]
    values = {row["name"]: row["value"] for row in rows}
    assert values["numeric"] == story.NUMERIC
    assert values["category"] == story.CATEGORY
