"""Every public method of every SDK's client, called against the running server; the scripts tell what they forgot.

Here the Python SDKs that speak OpenTelemetry; the others are in test_surfaces_py2.py and test_surfaces_js.py.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sdk.stage import Stage
from tests.sdk.telling import HERE, PATIENT, tell

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
