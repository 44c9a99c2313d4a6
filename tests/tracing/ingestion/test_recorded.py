"""What SDKs and instrumentations really sent (`tests/recorded`), and what is stored of it.

Everything stored is compared with `stored.json` beside the bytes; write them anew with WRITE_GOLDEN=1, and look at the
difference before you commit it. The SDKs of all generations tell the same story, so the same must be read back.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Api
from tests.sdk.instrumentations.record import SCRIPTS
from tests.sdk.scripts import story
from tests.tracing.ingestion.conftest import Doors

pytestmark = pytest.mark.django_db

RECORDED = Path(__file__).parents[2] / "recorded"
STORIES = ["py2", "py3", "py4", "py5", "js3", "js5"]
CLIENTS = [*STORIES, "py2-tutorial", *SCRIPTS]
OURS = ("/api/public/ingestion", "/api/public/otel/v1/traces", "/api/public/scores", "/api/public/v2/prompts")


def requests(client: str) -> Iterator[dict[str, Any]]:
    """What the client wrote to the doors, and the prompts it linked its generations to."""
    for request in json.loads((RECORDED / client / "requests.json").read_text()):
        if request["body"] and request["path"].partition("?")[0].startswith(OURS):
            yield request


def replay(api: Api, client: str, *, prompts: bool = True) -> None:
    for request in requests(client):
        if "prompts" in request["path"] and not prompts:
            continue
        headers = {name.lower(): value for name, value in request["headers"].items()}
        extra = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in headers.items()
            if name not in ("content-type", "content-length", "transfer-encoding")
        }
        answer = api.client.generic(
            request["method"],
            request["path"],
            data=(RECORDED / client / request["body"]).read_bytes(),
            content_type=headers["content-type"],
            **extra,
        )
        assert answer.status_code == request["status"], answer.content
        assert b'"errors":[{' not in answer.content


def stored(doors: Doors) -> list[dict[str, Any]]:
    """The project's traces without what differs from run to run: ids, times, prices."""
    listed = doors.api.get("traces", limit=100).json()["data"]
    return sorted(map(_told, map(doors.trace, (trace["id"] for trace in listed))), key=json.dumps)


def _told(trace: dict[str, Any]) -> dict[str, Any]:
    names = {step["id"]: step["name"] for step in trace["observations"]}
    fields = ("name", "userId", "sessionId", "tags", "public", "environment", "release", "version", "input", "output")
    steps = [_step(step, names) for step in trace["observations"]]
    scores = [
        _pick(score, ("name", "dataType", "value", "stringValue", "comment", "source")) for score in trace["scores"]
    ]
    return {
        **_pick(trace, fields),
        "metadata": _metadata(trace["metadata"]),
        "observations": sorted(steps, key=json.dumps),
        "scores": sorted(scores, key=json.dumps),
    }


def _step(step: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    fields = (
        "type", "name", "level", "statusMessage", "environment", "version", "model", "modelParameters", "usageDetails",
        "promptName", "promptVersion", "input", "output",
    )  # fmt: skip
    return {
        **_pick(step, fields),
        "metadata": _metadata(step["metadata"]),
        "parent": names.get(step["parentObservationId"]),
        "priced": step["calculatedTotalCost"] is not None,
        "streamed": step["completionStartTime"] is not None,
    }


def _pick(row: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in fields if row[name] not in (None, {}, [])}


def _metadata(metadata: dict[str, Any] | None) -> dict[str, Any]:
    """Without the description of the process, which has its own test and a version in every line."""
    return {name: value for name, value in (metadata or {}).items() if name not in ("resourceAttributes", "scope")}


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_stored_is_what_was_stored_before(doors: Doors, client: str) -> None:
    replay(doors.api, client)
    told = json.dumps(stored(doors), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    golden = RECORDED / client / "stored.json"
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(told)
    assert json.loads(told) == json.loads(golden.read_text())


@pytest.mark.parametrize("client", CLIENTS)
def test_sending_everything_again_changes_nothing(doors: Doors, client: str) -> None:
    replay(doors.api, client)
    first = doors.everything()
    replay(doors.api, client, prompts=False)
    assert doors.everything() == first


# What an instrumentation cannot carry, or adds of its own.
WITHOUT_USER = {"google_adk", "mlflow_tracing", "genkit"}
WITHOUT_SESSION = {"mlflow_tracing", "genkit", "litellm_otel"}
WITHOUT_A_CHAT = {"openinference_crewai"}  # all it does is to call the tool
WITHOUT_PARAMETERS = {"strands_agents", "google_adk", "openinference_llama_index"}
MODELS = ("gpt-4o-mini", "text-embedding-3-small")  # some call an embedding a generation
OWN_PROMPTS = {"google_adk"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_instrumentation_tells_what_was_asked_and_answered(doors: Doors, name: str) -> None:
    replay(doors.api, name)
    traces = stored(doors)
    steps = [step for trace in traces for step in trace["observations"]]
    calls = [step for step in steps if step["type"] == "GENERATION"]
    assert all(call["model"].endswith(MODELS) and call["priced"] for call in calls)
    assert all(not step.get("usageDetails") for step in steps if step["type"] not in ("GENERATION", "EMBEDDING"))
    said = [json.dumps(call.get("output")) for call in calls]
    assert any("capital_of" in answer and "Japan" in answer for answer in said)
    assert any(trace.get("userId") == "pupil-7" for trace in traces) is (name not in WITHOUT_USER)
    assert any(trace.get("sessionId") == "lesson-3" for trace in traces) is (name not in WITHOUT_SESSION)
    if name in WITHOUT_A_CHAT:
        return
    chat = next(call for call in calls if "Italy" in json.dumps(call["input"]))
    assert "You are a geographer." in json.dumps(chat["input"]) and "Rome" in json.dumps(chat["output"])
    assert chat["usageDetails"]["output"] == 1
    assert name in OWN_PROMPTS or (chat["usageDetails"]["input"], chat["usageDetails"]["total"]) == (30, 31)
    assert name in WITHOUT_PARAMETERS or chat["modelParameters"]["temperature"] == 0.2


@pytest.mark.parametrize("client", STORIES)
def test_every_generation_tells_the_same_story(doors: Doors, client: str) -> None:
    replay(doors.api, client)
    trace = next(trace for trace in stored(doors) if trace.get("name") == story.TRACE_NAME)
    assert (trace["userId"], trace["sessionId"]) == (story.USER, f"{story.SESSION}-{client}")
    assert (sorted(trace["tags"]), trace["public"]) == (sorted(story.TAGS), True)
    assert (trace["environment"], trace["version"]) == (story.ENVIRONMENT, story.VERSION)
    assert (trace["input"], trace["output"]) == (story.QUESTION, story.ANSWER)
    # Only SDK 5 says of "12" that it is a text.
    lesson = "12" if client == "py5" else 12
    assert {name: trace["metadata"][name] for name in story.TRACE_METADATA} == {"class": "7B", "lesson": lesson}
    (call,) = (step for step in trace["observations"] if step["type"] == "GENERATION")
    assert (call["model"], call["usageDetails"], call["priced"]) == (story.MODEL, story.USAGE, True)
    assert (call["promptName"], call["promptVersion"]) == (f"{client}/capital-chat", 1)
    assert call["input"] == story.MESSAGES
    (broken,) = (step for step in trace["observations"] if step["level"] == "ERROR")
    assert (broken["name"], broken["statusMessage"]) == (story.BROKEN_NAME, story.BROKEN_MESSAGE)
    (event,) = (step for step in trace["observations"] if step["type"] == "EVENT")
    assert (event["name"], event["level"]) == (story.EVENT_NAME, "DEBUG")
