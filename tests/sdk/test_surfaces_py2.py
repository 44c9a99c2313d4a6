"""Every public method of the second generation of the Python SDK, alone and with LlamaIndex."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.endpoint.server import Endpoint
from tests.sdk.stage import Stage
from tests.sdk.telling import HERE, PATIENT, tell

pytestmark = [pytest.mark.sdk, PATIENT]

Tale = tuple[dict[str, Any], httpx.Client]

# Called by a script of their own, below.
LLAMA_INDEX = {
    "DatasetItemClient.get_llama_index_handler",
    "DatasetItemClient.observe_llama_index",
    "LangfuseDecorator.get_current_llama_index_handler",
}
# Bound when the SDK is imported, before anything can watch it; the script decorates with it.
BEFORE = {"LangfuseDecorator.observe"}


@pytest.fixture(scope="module")
def second(stage: Stage) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    tale = tell("contract", "py2", HERE / "scripts" / "surface_py2.py", stage, "http://127.0.0.1:9")
    with stage.api("contract") as api:
        yield tale, api


def test_every_public_method_of_the_second_generation_was_called(second: Tale) -> None:
    assert set(second[0]["never"]) == LLAMA_INDEX | BEFORE
    assert second[0]["auth"] == [True, True]


def test_the_second_generation_compiles_and_falls_back(second: Tale) -> None:
    *compiled, langchain, chat = second[0]["prompts"]
    assert compiled == ["Hi A", "Hi A", [{"role": "user", "content": "Hi A"}], "Bye A"]
    assert (langchain, chat) == ("Hi {name}", [["user", "Hi {name}"]])


def test_the_second_generation_reads_what_it_wrote(second: Tale) -> None:
    tale, api = second
    told, trace_id = tale["reading"], tale["tracing"]["trace"]
    assert told["one"] == [trace_id, trace_id]
    assert told["generations"] == ["generation", "generation of a generation", "generation of the trace", "loose"]
    assert told["models"] == ["gpt-4o-mini", "gpt-4o-mini"]
    assert told["observations"] == [12, 1]
    assert "surface-py2-session" in told["sessions"]
    trace = api.get(f"/traces/{trace_id}").json()
    assert trace["input"] == "my ******"
    assert "secret" not in str([one["output"] for one in trace["observations"]])
    assert sorted(score["name"] for score in trace["scores"]) == ["flag", "number", *["of each"] * 3, "word"]


def test_the_second_generation_traces_async_functions(second: Tale) -> None:
    tale, api = second
    assert tale["decorated"].startswith("ABC")
    trace = api.get("/traces/surface-py2-decorated").json()
    assert trace["sessionId"] == "surface-py2-session"
    assert {score["name"] for score in trace["scores"]} == {"of the current", "of the current trace"}


def test_the_second_generation_runs_through_datasets_and_media(second: Tale) -> None:
    tale = second[0]
    assert tale["evaluations"] == {"same": True, "runs": ["run 1", "run 2", "run 3"], "items": 1}
    assert tale["media"] == {"type": "image/png", "resolved": "data:image/png;base64,", "same": True}


# --- The second generation with LlamaIndex ---------------------------------------------------------------


@pytest.fixture(scope="module")
def llama(stage: Stage, openai_endpoint: Endpoint) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    script = HERE / "scripts" / "surface_py2_llama_index.py"
    tale = tell("contract", "py2", script, stage, openai_endpoint.url)
    with stage.api("contract") as api:
        yield tale, api


def test_all_of_the_second_generation_for_llama_index_was_called(llama: Tale) -> None:
    assert llama[0]["never"] == []
    assert llama[0]["handler"]["auth"]
    assert llama[0]["handler"]["answer"] == llama[0]["instrumentor"]["answer"] == "Rome."


def test_a_handler_tells_of_queries_as_trees(llama: Tale) -> None:
    tale, api = llama
    trace = api.get(f"/traces/{tale['handler']['query']}").json()
    assert (trace["name"], trace["userId"], trace["tags"]) == ("LlamaIndex_query", "u", ["a"])
    assert (trace["input"], trace["output"]) == ("What is the capital of Italy?", "Rome.")
    names = {one["id"]: one["name"] for one in trace["observations"]}
    below = {(names.get(one["parentObservationId"]), one["name"]) for one in trace["observations"]}
    assert ("synthesize", "openai_llm") in below
    (asked,) = [one for one in trace["observations"] if one["type"] == "GENERATION" and one["name"] == "openai_llm"]
    assert (asked["model"], asked["usage"]["total"]) == ("gpt-4o-mini", asked["usage"]["input"] + 2)
    assert asked["costDetails"]["total"] > 0
    assert "Rome." in str(asked["output"])


def test_a_handler_takes_parameters_and_a_root(llama: Tale) -> None:
    tale, api = llama
    named = api.get(f"/traces/{tale['handler']['named']}").json()
    assert (named["name"], named["userId"], named["metadata"]) == ("named", "v", {"k": "v"})
    assert tale["handler"]["url"].endswith(f"/trace/{named['id']}")
    root = api.get(f"/traces/{tale['handler']['root']}").json()
    assert root["name"] == "root"
    seen = {one["name"]: one for one in root["observations"]}
    assert seen["query"]["parentObservationId"] == seen["step"]["id"]
    decorated = api.get(f"/traces/{tale['decorated']}").json()
    assert decorated["name"] == "decorated"
    assert "openai_llm" in [one["name"] for one in decorated["observations"]]


def test_an_answer_whose_end_comes_after_its_trace_is_whole(llama: Tale) -> None:
    tale, api = llama
    assert tale["handler"]["streamed"] == tale["instrumentor"]["streamed"] == "Madrid"
    (asked,) = api.get(f"/traces/{tale['handler']['chat']}").json()["observations"]
    assert asked["output"] == {"role": "assistant", "blocks": [{"block_type": "text", "text": "Madrid"}]}
    assert asked["endTime"]


def test_an_instrumentor_tells_of_every_step(llama: Tale) -> None:
    tale, api = llama
    trace = api.get(f"/traces/{tale['instrumentor']['observed']}").json()
    assert (trace["name"], trace["userId"], trace["tags"], trace["output"]) == ("observed", "u", ["a"], "Rome.")
    assert [score["name"] for score in trace["scores"]] == ["right"]
    names = {one["id"]: one["name"] for one in trace["observations"]}
    seen = {one["name"]: one for one in trace["observations"]}
    assert seen["OpenAI.chat"]["model"] == "gpt-4o-mini"
    assert seen["OpenAI.chat"]["usage"]["output"] == 2
    assert names[seen["OpenAI.chat"]["parentObservationId"]] == "OpenAI.predict"
    assert seen["OpenAIEmbedding.get_query_embedding"]["model"] == "text-embedding-3-small"
    (failed,) = api.get(f"/traces/{tale['instrumentor']['failed']}").json()["observations"]
    assert (failed["level"], failed["statusMessage"]) == ("ERROR", "Connection error.")


def test_what_nobody_instruments_is_not_told(llama: Tale) -> None:
    found = llama[1].get("/traces", params={"limit": 100}).json()["data"]
    assert "SimpleChatEngine" in [one["name"] for one in found]
    assert not [one for one in found if "Nobody hears this." in str(one["input"])]


def test_items_of_datasets_are_asked_through_llama_index(llama: Tale) -> None:
    tale, api = llama
    first, second = (api.get(f"/traces/{trace_id}").json() for trace_id in tale["items"]["traces"])
    for trace, run in ((first, "run 1"), (second, "run 2")):
        assert trace["metadata"]["run_name"] == run
        assert trace["output"] == "Rome."
        assert "openai_llm" in [one["name"] for one in trace["observations"]]
