"""`/observations`, the first generation."""

import json

import pytest

from tests.contract import check, check_list
from tests.tracing.api.conftest import at, generation, ids, observation, trace

pytestmark = pytest.mark.django_db


def test_a_generation_shows_usage_cost_and_prices_under_all_their_names(api, write) -> None:
    write(trace("t1"), generation("g", "t1", prompt_id="p", prompt_name="geo", prompt_version=3))
    answer = api.get("observations/g")
    assert answer.status_code == 200
    body = answer.json()
    check(body, "ObservationsView")
    assert body["usageDetails"] == {"input": 6, "input_cached_tokens": 4, "output": 5, "total": 15}
    assert body["usage"] == {
        "unit": "TOKENS",
        "input": 10,
        "output": 5,
        "total": 15,
        "inputCost": 0.7,
        "outputCost": 0.3,
        "totalCost": 1.0,
    }
    assert (body["promptTokens"], body["completionTokens"], body["totalTokens"], body["unit"]) == (10, 5, 15, "TOKENS")
    assert (body["calculatedInputCost"], body["calculatedOutputCost"], body["calculatedTotalCost"]) == (0.7, 0.3, 1.0)
    assert (body["modelId"], body["inputPrice"], body["outputPrice"]) == ("openai:gpt-4o", 2.5e-6, 1e-5)
    assert (body["latency"], body["timeToFirstToken"]) == (2.0, 0.5)
    assert (body["promptId"], body["promptName"], body["promptVersion"]) == ("p", "geo", 3)
    assert (body["modelParameters"], body["metadata"]) == ({"temperature": 0}, {"plan": "gold", "n": 1})
    assert body["output"] == "Париж"


def test_a_bare_span_has_no_figures_but_all_keys(api, write) -> None:
    write(observation("o", "t1", type="SPAN"))
    body = api.get("observations/o").json()
    check(body, "ObservationsView")
    assert body["usage"]["total"] == body["totalTokens"] == 0
    assert (body["usageDetails"], body["costDetails"], body["metadata"]) == ({}, {}, {})
    absent = ("latency", "timeToFirstToken", "inputPrice", "calculatedTotalCost", "input", "output", "modelParameters")
    assert {body[key] for key in absent} == {None}


def test_prices_are_those_of_the_project_s_definition(api, write) -> None:
    model = api.post("models", {"modelName": "mine", "matchPattern": "^mine$", "inputPrice": 0.5}).json()
    write(generation("g", "t1", model="mine", model_id=model["id"]))
    assert api.get("observations/g").json()["inputPrice"] == 0.5
    api.delete(f"models/{model['id']}")
    assert api.get("observations/g").json()["inputPrice"] is None


def test_an_unknown_observation_is_not_found(api) -> None:
    answer = api.get("observations/nope")
    assert answer.status_code == 404
    assert answer.json()["error"] == "LangfuseNotFoundError"


def test_the_list_carries_whole_rows_newest_first(api, write) -> None:
    write(generation("a", "t1"), generation("b", "t1", start_time=at(1)))
    body = api.get("observations").json()
    check_list(body, "ObservationsView")
    assert [row["id"] for row in body["data"]] == ["b", "a"]
    assert body["data"][0]["output"] == "Париж"
    assert body["meta"] == {"page": 1, "limit": 50, "totalItems": 2, "totalPages": 1}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"name": "answer"}, ["g"]),
        ({"userId": "u1"}, ["s", "g"]),
        ({"type": "GENERATION"}, ["g"]),
        ({"type": "generation"}, ["g"]),
        ({"traceId": "t2"}, ["e"]),
        ({"level": "ERROR"}, ["e"]),
        ({"parentObservationId": "s"}, ["g"]),
        ({"environment": ["prod"]}, ["e"]),
        ({"version": "v2"}, ["s"]),
        ({"fromStartTime": at(5).isoformat()}, ["e"]),
        ({"toStartTime": at(5).isoformat()}, ["s", "g"]),
        ({"filter": json.dumps([{"type": "number", "column": "totalCost", "operator": ">=", "value": 1}])}, ["g"]),
    ],
)
def test_the_list_is_filtered(api, write, params: dict, found: list[str]) -> None:
    write(
        trace("t1", user_id="u1"),
        trace("t2", user_id="u2"),
        observation("s", "t1", type="SPAN", version="v2", start_time=at(1)),
        generation("g", "t1", parent_observation_id="s"),
        observation("e", "t2", type="EVENT", level="ERROR", environment="prod", start_time=at(9)),
    )
    assert ids(api.get("observations", **params)) == found


@pytest.mark.parametrize(("name", "value"), [("level", "LOUD"), ("fromStartTime", "x"), ("limit", "1000")])
def test_it_refuses_parameters_it_cannot_read(api, name: str, value: str) -> None:
    answer = api.get("observations", **{name: value})
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [name]


def test_a_page_takes_three_queries_for_rows_texts_and_count(api, write, django_assert_num_queries) -> None:
    write(*(generation(f"g{n}", "t") for n in range(60)))
    api.get("observations")
    with django_assert_num_queries(3):
        assert len(ids(api.get("observations"))) == 50


def test_strangers_see_nothing(other_api, write) -> None:
    write(generation("g", "t"))
    assert other_api.get("observations/g").status_code == 404
    assert ids(other_api.get("observations")) == []
    assert ids(other_api.get("v2/observations")) == []
