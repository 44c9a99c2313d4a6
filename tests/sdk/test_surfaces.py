"""Every public method of every SDK's client, called against the running server; the scripts tell what they forgot."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.endpoint.server import Endpoint
from tests.sdk.stage import Stage
from tests.sdk.telling import HERE, PATIENT, script_of, tell

OTEL = ("py3", "py4", "py5")
KINDS = ("span", "generation", "agent", "tool", "chain", "embedding", "evaluator", "retriever", "guardrail")
# An event is over when it is made: the SDK refuses to update it.
REFUSED = {"LangfuseEvent.update"}

pytestmark = [pytest.mark.sdk, PATIENT]


@pytest.fixture(scope="module", params=OTEL)
def surface(request: pytest.FixtureRequest, stage: Stage) -> Iterator[tuple[str, dict[str, Any], httpx.Client]]:
    sdk = request.param
    tale = tell("contract", sdk, HERE / "scripts" / "surface_otel.py", stage, "http://127.0.0.1:9")
    with stage.api("contract") as api:
        yield sdk, tale, api


Surface = tuple[str, dict[str, Any], httpx.Client]


def test_every_public_method_was_called(surface: Surface) -> None:
    assert set(surface[1]["never"]) - REFUSED == set()


def test_prompts_come_from_the_cache_until_it_is_cleared(surface: Surface) -> None:
    prompts = surface[1]["prompts"]
    assert (prompts["first"], prompts["cached"], prompts["fresh"]) == ("Hi A", "Hi A", "Hello A")
    assert prompts["fallback"] == ["Bye A", True]
    assert prompts["langchain"] == ["Hi {name}", [["user", "Hi {name}"]]]


def test_what_was_masked_never_arrived(surface: Surface) -> None:
    _, tale, api = surface
    rows = api.get("/v2/observations", params={"traceId": tale["tracing"]["trace"], "fields": "core,basic,io"}).json()
    texts = {row["name"]: f"{row['input']} {row['output']}" for row in rows["data"]}
    assert "my ******" in texts["root"]
    assert "****** answer" in texts["inner"]
    assert not [name for name, text in texts.items() if "secret" in text]


def test_observations_of_every_type_arrived(surface: Surface) -> None:
    _, tale, api = surface
    rows = api.get("/v2/observations", params={"traceId": tale["tracing"]["trace"], "limit": 100}).json()["data"]
    types = {row["name"]: row["type"] for row in rows}
    for kind in KINDS:
        assert types[kind] == kind.upper()
    assert types["event"] == "EVENT"
    assert {row["userId"] for row in rows if row["name"] == "root"} == {"u"}


def test_scores_of_every_kind_arrived(surface: Surface) -> None:
    _, tale, api = surface
    rows = api.get("/v3/scores", params={"traceId": tale["tracing"]["trace"], "limit": 100}).json()["data"]
    values = {row["name"]: row["value"] for row in rows}
    wanted = {"number": 0.75, "flag": True, "word": "good", "text": "A sentence.", "again": 2, "of trace": 0.5}
    wanted |= {"current span": True, "current trace": "good", "of inner": 0.25, "judged later": 1}
    assert values == wanted
    of_session = api.get("/v3/scores", params={"sessionId": f"surface-{surface[0]}-session"}).json()["data"]
    assert [row["name"] for row in of_session] == ["of session"]


def test_experiments_ran_on_a_dataset_and_on_local_data(surface: Surface) -> None:
    sdk, tale, api = surface
    told = tale["evaluations"]
    assert told["formatted"]
    assert told["local"] == [6]
    if sdk == "py5":
        assert told["ci"] == 2
        return
    assert "run 1" in told["runs"]
    assert told["run items"] == 2
    left = api.get(f"/datasets/{told['dataset'].replace('/', '%2F')}/runs").json()["data"]
    assert "run 1" not in [run["name"] for run in left]


def test_what_is_traced_can_be_evaluated_later(surface: Surface) -> None:
    assert surface[1]["batch"]["processed"] >= 1
    assert surface[1]["batch"]["scores"] == surface[1]["batch"]["processed"]


def test_async_functions_and_generators_are_traced(surface: Surface) -> None:
    _, tale, api = surface
    told = tale["decorated"]
    assert (told["answer"], told["letters"]) == ("ABC", list("xyzxyz"))
    rows = api.get("/v2/observations", params={"traceId": told["trace"]}).json()["data"]
    assert {row["name"]: row["type"] for row in rows} == {"asked": "GENERATION", "plain": "SPAN"}


def test_media_are_resolved(surface: Surface) -> None:
    sdk, tale, _ = surface
    assert tale["media"]["parsed"] == "image/png"
    assert tale["media"]["resolved"].startswith("data:image/png;base64,")
    assert tale["media"].get("fetched", sdk == "py3")


# --- The second generation ----------------------------------------------------------------------------

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


Second = tuple[dict[str, Any], httpx.Client]


def test_every_public_method_of_the_second_generation_was_called(second: Second) -> None:
    assert set(second[0]["never"]) == LLAMA_INDEX | BEFORE
    assert second[0]["auth"] == [True, True]


def test_the_second_generation_compiles_and_falls_back(second: Second) -> None:
    *compiled, langchain, chat = second[0]["prompts"]
    assert compiled == ["Hi A", "Hi A", [{"role": "user", "content": "Hi A"}], "Bye A"]
    assert (langchain, chat) == ("Hi {name}", [["user", "Hi {name}"]])


def test_the_second_generation_reads_what_it_wrote(second: Second) -> None:
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


def test_the_second_generation_traces_async_functions(second: Second) -> None:
    tale, api = second
    assert tale["decorated"].startswith("ABC")
    trace = api.get("/traces/surface-py2-decorated").json()
    assert trace["sessionId"] == "surface-py2-session"
    assert {score["name"] for score in trace["scores"]} == {"of the current", "of the current trace"}


def test_the_second_generation_runs_through_datasets_and_media(second: Second) -> None:
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


def test_all_of_the_second_generation_for_llama_index_was_called(llama: Second) -> None:
    assert llama[0]["never"] == []
    assert llama[0]["handler"]["auth"]
    assert llama[0]["handler"]["answer"] == llama[0]["instrumentor"]["answer"] == "Rome."


def test_a_handler_tells_of_queries_as_trees(llama: Second) -> None:
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


def test_a_handler_takes_parameters_and_a_root(llama: Second) -> None:
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


def test_an_answer_whose_end_comes_after_its_trace_is_whole(llama: Second) -> None:
    tale, api = llama
    assert tale["handler"]["streamed"] == tale["instrumentor"]["streamed"] == "Madrid"
    (asked,) = api.get(f"/traces/{tale['handler']['chat']}").json()["observations"]
    assert asked["output"] == {"role": "assistant", "blocks": [{"block_type": "text", "text": "Madrid"}]}
    assert asked["endTime"]


def test_an_instrumentor_tells_of_every_step(llama: Second) -> None:
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


def test_what_nobody_instruments_is_not_told(llama: Second) -> None:
    found = llama[1].get("/traces", params={"limit": 100}).json()["data"]
    assert "SimpleChatEngine" in [one["name"] for one in found]
    assert not [one for one in found if "Nobody hears this." in str(one["input"])]


def test_items_of_datasets_are_asked_through_llama_index(llama: Second) -> None:
    tale, api = llama
    first, second = (api.get(f"/traces/{trace_id}").json() for trace_id in tale["items"]["traces"])
    for trace, run in ((first, "run 1"), (second, "run 2")):
        assert trace["metadata"]["run_name"] == run
        assert trace["output"] == "Rome."
        assert "openai_llm" in [one["name"] for one in trace["observations"]]


# --- OpenTelemetry alone ------------------------------------------------------------------------------


def test_opentelemetry_alone_is_understood(stage: Stage) -> None:
    tale = tell("contract", "py5", HERE / "scripts" / "otel_alone.py", stage, "http://127.0.0.1:9")
    assert tale["flushed"]
    with stage.api("contract") as api:
        trace = api.get(f"/traces/{tale['trace']}").json()
    assert (trace["name"], trace["sessionId"], trace["userId"]) == ("work", "otel-session", "u")
    assert trace["environment"] == "surface"
    seen = {one["name"]: one for one in trace["observations"]}
    chat = seen["chat"]
    assert (chat["type"], chat["model"], chat["usage"]["total"]) == ("GENERATION", "gpt-4o-mini", 9)
    assert chat["modelParameters"] == {"temperature": 0.5}
    assert chat["costDetails"]["total"] > 0
    assert "Spain?" in str(chat["input"])
    assert "Madrid" in str(chat["output"])
    assert (seen["fails"]["level"], "no answer" in seen["fails"]["statusMessage"]) == ("ERROR", True)


# --- JavaScript, third generation -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def third(stage: Stage) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    tale = tell("contract", "js3", script_of("js3", "surface_js3"), stage, "http://127.0.0.1:9")
    with stage.api("contract") as api:
        yield tale, api


def test_every_public_method_of_javascript_3_was_called(third: Second) -> None:
    assert third[0]["never"] == []
    assert third[0]["watched"] >= 65  # a script that watches fewer has lost its way


def test_javascript_3_compiles_and_caches_prompts_and_falls_back(third: Second) -> None:
    told = third[0]["prompts"]
    assert told["compiled"] == ["Hi A", "Hi A", "Hi A", "Hello A", "Bye A"]
    assert told["chat"] == [{"role": "user", "content": "Hi A"}, {"role": "assistant", "content": "Hello"}]
    assert told["langchain"][0] == "Hi {name}"
    placeholder = {"variableName": "history", "optional": False}
    assert told["langchain"][1] == [{"role": "user", "content": "Hi {name}"}, placeholder]
    assert told["json"] == ["surface-js3/text", "surface-js3/chat"]
    assert told["stateless"] == ["success", ["reviewed", "production", "latest"]]


def test_what_javascript_3_traced_hangs_where_it_was_made(third: Second) -> None:
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


def test_javascript_3_scores_in_every_way(third: Second) -> None:
    tale, api = third
    rows = api.get("/v3/scores", params={"traceId": tale["tracing"]["trace"]}).json()["data"]
    values = sorted((row["name"], row["value"]) for row in rows)
    of_each = [("of each", 0.5)] * 4
    assert values == [("flag", True), ("number", 0.75), *of_each, ("of the reader", 1), ("word", "good")]
    of_session = api.get("/v3/scores", params={"sessionId": "surface-js3-session"}).json()["data"]
    assert [(row["name"], row["value"]) for row in of_session] == [("of the session", 5)]


def test_javascript_3_reads_what_it_wrote(third: Second) -> None:
    told, trace_id = third[0]["reading"], third[0]["tracing"]["trace"]
    assert (told["traces"], told["trace"], told["generation"]) == ([trace_id], "root", "gpt-4o-mini")
    assert len(told["observations"]) == 15
    assert "surface-js3-session" in told["sessions"]


def test_javascript_3_runs_through_datasets(third: Second) -> None:
    assert third[0]["evaluations"] == {
        "description": "changed",
        "items": [1, 2, 3],
        "item": 2,
        "linked": "run 2",
        "run": 3,
        "runs": ["run 1", "run 2"],
    }


def test_javascript_3_resolves_media(third: Second) -> None:
    told = third[0]["media"]
    assert told == {
        "resolved": "data:image/png;base64,",
        "same": True,
        "contentType": "image/png",
        "whole": True,
        "version": "string",
    }


def test_javascript_3_sends_the_rest_when_it_ends(third: Second) -> None:
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


def test_javascript_caches_prompts_and_falls_back(script: Second) -> None:
    told = script[0]["prompts"]
    assert told["compiled"] == ["Hi A", "Hi A", "Hello A", "Bye A"]
    assert told["isFallback"]
    assert told["gone"]
    assert told["langchain"][0] == "Hi {name}"


def test_javascript_masks_and_names_every_type(script: Second) -> None:
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


def test_javascript_scores_in_every_way(script: Second) -> None:
    tale, api = script
    rows = api.get("/v3/scores", params={"traceId": tale["tracing"]["trace"]}).json()["data"]
    values = {row["name"]: row["value"] for row in rows}
    assert values == {"active observation": 1, "active trace": "good", "trace": 0.5, "observation": True}


def test_javascript_runs_experiments_on_local_data_and_resolves_media(script: Second) -> None:
    assert script[0]["experiments"] == {"outputs": [6], "formatted": True}
    assert script[0]["media"] == "data:image/png;base64,"
