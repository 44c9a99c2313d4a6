"""Every public method of the JavaScript SDKs' clients."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sdk.stage import Stage
from tests.sdk.telling import PATIENT, script_of, tell

pytestmark = [pytest.mark.sdk, PATIENT]

Tale = tuple[dict[str, Any], httpx.Client]

# --- JavaScript, third generation -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def third(stage: Stage) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    tale = tell("contract", "js3", script_of("js3", "surface_js3"), stage, "http://127.0.0.1:9")
    with stage.api("contract") as api:
        yield tale, api


def test_every_public_method_of_javascript_3_was_called(third: Tale) -> None:
    assert third[0]["never"] == []
    assert third[0]["watched"] >= 65  # a script that watches fewer has lost its way


def test_javascript_3_compiles_and_caches_prompts_and_falls_back(third: Tale) -> None:
    told = third[0]["prompts"]
    assert told["compiled"] == ["Hi A", "Hi A", "Hi A", "Hello A", "Bye A"]
    assert told["chat"] == [{"role": "user", "content": "Hi A"}, {"role": "assistant", "content": "Hello"}]
    assert told["langchain"][0] == "Hi {name}"
    placeholder = {"variableName": "history", "optional": False}
    assert told["langchain"][1] == [{"role": "user", "content": "Hi {name}"}, placeholder]
    assert told["json"] == ["surface-js3/text", "surface-js3/chat"]
    assert told["stateless"] == ["success", ["reviewed", "production", "latest"]]


def test_what_javascript_3_traced_hangs_where_it_was_made(third: Tale) -> None:
    tale, api = third
    trace = api.get(f"/traces/{tale['tracing']['trace']}").json()
    assert (trace["name"], trace["input"], trace["output"]) == ("root", "my ******", "done")
    assert (trace["userId"], trace["sessionId"], trace["tags"]) == ("u", "surface-js3-session", ["a"])
    assert (trace["environment"], trace["version"], trace["release"]) == ("surface", "1", "r")
    seen = {one["name"]: one for one in trace["observations"] if one["name"] != "loose"}
    names = {one["id"]: one["name"] for one in trace["observations"]} | {None: "root"}
    below = {name: names[one["parentObservationId"]] for name, one in seen.items()}
    of_event = dict.fromkeys(("event of an event", "below an event", "generation of an event"), "event")
    of_span = dict.fromkeys(("event", "inner span", "generation"), "span")
    of_generation = ("below a generation", "event of a generation", "generation of a generation")
    of_trace = dict.fromkeys(("span", "event of the trace", "generation of the trace"), "root")
    assert below == of_event | of_span | dict.fromkeys(of_generation, "generation") | of_trace
    assert sorted(one["type"] for one in trace["observations"] if one["name"] == "loose") == [
        "EVENT",
        "GENERATION",
        "SPAN",
    ]
    assert (seen["generation"]["output"], seen["generation"]["usageDetails"]["total"]) == ("****** answer", 4)
    assert seen["inner span"]["output"] == "changed"
    alone = api.get(f"/traces/{tale['tracing']['alone']}").json()
    assert (alone["name"], len(alone["observations"])) == ("without a trace", 1)


def test_javascript_3_scores_in_every_way(third: Tale) -> None:
    tale, api = third
    rows = api.get("/v3/scores", params={"traceId": tale["tracing"]["trace"]}).json()["data"]
    values = sorted((row["name"], row["value"]) for row in rows)
    of_each = [("of each", 0.5)] * 4
    assert values == [("flag", True), ("number", 0.75), *of_each, ("of the reader", 1), ("word", "good")]
    of_session = api.get("/v3/scores", params={"sessionId": "surface-js3-session"}).json()["data"]
    assert [(row["name"], row["value"]) for row in of_session] == [("of the session", 5)]


def test_javascript_3_reads_what_it_wrote(third: Tale) -> None:
    told, trace_id = third[0]["reading"], third[0]["tracing"]["trace"]
    assert (told["traces"], told["trace"], told["generation"]) == ([trace_id], "root", "gpt-4o-mini")
    assert len(told["observations"]) == 15
    assert "surface-js3-session" in told["sessions"]


def test_javascript_3_runs_through_datasets(third: Tale) -> None:
    assert third[0]["evaluations"] == {
        "description": "changed",
        "items": [1, 2, 3],
        "item": 2,
        "linked": "run 2",
        "run": 3,
        "runs": ["run 1", "run 2"],
    }


def test_javascript_3_resolves_media(third: Tale) -> None:
    told = third[0]["media"]
    assert told == {
        "resolved": "data:image/png;base64,",
        "same": True,
        "contentType": "image/png",
        "whole": True,
        "version": "string",
    }


def test_javascript_3_sends_the_rest_when_it_ends(third: Tale) -> None:
    tale, api = third
    ended = api.get("/traces", params={"sessionId": "surface-js3-end"}).json()["data"]
    assert {one["id"] for one in ended} == {tale["last"], f"{tale['last']}-other"}
    assert tale["heard"]


# --- JavaScript, fifth generation -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def script(stage: Stage) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    tale = tell("contract", "js5", script_of("js5", "surface_js5"), stage, "http://127.0.0.1:9")
    with stage.api("contract") as api:
        yield tale, api


def test_javascript_caches_prompts_and_falls_back(script: Tale) -> None:
    told = script[0]["prompts"]
    assert told["compiled"] == ["Hi A", "Hi A", "Hello A", "Bye A"]
    assert told["isFallback"]
    assert told["gone"]
    assert told["langchain"][0] == "Hi {name}"


def test_javascript_masks_and_names_every_type(script: Tale) -> None:
    tale, api = script
    query = {"traceId": tale["tracing"]["trace"], "fields": "core,basic,io", "limit": 100}
    rows = {row["name"]: row for row in api.get("/v2/observations", params=query).json()["data"]}
    assert rows["root"]["input"] == "my ******"
    kinds = [
        "span",
        "generation",
        "agent",
        "tool",
        "chain",
        "embedding",
        "evaluator",
        "retriever",
        "guardrail",
        "event",
    ]
    assert {kind: rows[kind]["type"] for kind in kinds} == {kind: kind.upper() for kind in kinds}
    assert rows["observed"]["type"] == "TOOL"


def test_javascript_scores_in_every_way(script: Tale) -> None:
    tale, api = script
    rows = api.get("/v3/scores", params={"traceId": tale["tracing"]["trace"]}).json()["data"]
    values = {row["name"]: row["value"] for row in rows}
    assert values == {"active observation": 1, "active trace": "good", "trace": 0.5, "observation": True}


def test_javascript_runs_experiments_on_local_data_and_resolves_media(script: Tale) -> None:
    assert script[0]["experiments"] == {"outputs": [6], "formatted": True}
    assert script[0]["media"] == "data:image/png;base64,"
