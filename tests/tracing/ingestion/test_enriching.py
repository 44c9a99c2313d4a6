"""What the server adds: prompt links, prices, and tokens nobody counted; also when a call comes in several batches."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llm import pricing
from llm.models import ModelDefinition
from tests.conftest import Api, Keys
from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import SPAN_ID, at, child, event, export, span

pytestmark = pytest.mark.django_db

CALL = {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "usageDetails": {"input": 1_000_000, "output": 1_000_000}}


@pytest.fixture(autouse=True)
def _fresh_books() -> Iterator[None]:
    pricing._books.clear()
    yield
    pricing._books.clear()


@pytest.fixture
def yandexgpt(project: Keys) -> ModelDefinition:
    """A model that only this project has priced: a dollar per input token, two per output token."""
    prices = {"input": 1, "output": 2}
    tier = {"id": "d", "name": "Standard", "isDefault": True, "priority": 0, "conditions": [], "prices": prices}
    return ModelDefinition.objects.create(
        project=project.project,
        model_name="yandexgpt",
        match_pattern="(?i)^yandexgpt$",
        tiers=[tier],
        tokenizer_id="openai",
    )


def test_a_known_model_is_priced(doors: Doors) -> None:
    doors.accept(event("generation-create", CALL))
    call = doors.observation("g")
    assert call["usageDetails"] == {"input": 1_000_000, "output": 1_000_000, "total": 2_000_000}
    assert set(call["costDetails"]) == {"input", "output", "total"}
    assert call["calculatedTotalCost"] == pytest.approx(sum(call["costDetails"][side] for side in ("input", "output")))
    assert call["calculatedTotalCost"] > 0
    assert doors.trace("t")["totalCost"] == call["calculatedTotalCost"]


def test_an_unknown_model_keeps_its_usage_and_has_no_cost(doors: Doors) -> None:
    doors.accept(event("generation-create", {**CALL, "model": "nobody-knows-this"}))
    call = doors.observation("g")
    assert (call["usageDetails"]["total"], call["calculatedTotalCost"], call["costDetails"]) == (2_000_000, None, {})


def test_the_projects_own_definition_wins(doors: Doors, yandexgpt: ModelDefinition) -> None:
    doors.accept(event("generation-create", {**CALL, "model": "YandexGPT", "usageDetails": {"input": 3, "output": 2}}))
    call = doors.observation("g")
    assert (call["calculatedTotalCost"], call["modelId"]) == (7, yandexgpt.pk)


def test_a_definition_of_another_project_does_not_count(other_api: Api, yandexgpt: ModelDefinition) -> None:
    doors = Doors(other_api)
    doors.accept(event("generation-create", {**CALL, "model": "yandexgpt"}))
    assert doors.observation("g")["calculatedTotalCost"] is None


def test_a_cost_that_was_given_is_left_alone(doors: Doors) -> None:
    doors.accept(event("generation-create", {**CALL, "costDetails": {"input": 0.5, "output": 0.25}}))
    call = doors.observation("g")
    assert call["costDetails"] == {"input": 0.5, "output": 0.25, "total": 0.75}
    assert call["calculatedTotalCost"] == 0.75


def test_the_legacy_usage_brings_its_costs(doors: Doors) -> None:
    usage = {"input": 10, "output": 5, "unit": "TOKENS", "totalCost": 0.3}
    doors.accept(event("generation-create", {"id": "g", "traceId": "t", "model": "m", "usage": usage}))
    call = doors.observation("g")
    assert (call["usage"]["total"], call["calculatedTotalCost"]) == (15, 0.3)


def test_tokens_nobody_counted_are_counted(doors: Doors) -> None:
    body = {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "input": "Where is Rome?", "output": "In Italy."}
    doors.accept(event("generation-create", body))
    call = doors.observation("g")
    assert 0 < call["usageDetails"]["output"] < 6
    assert call["usageDetails"]["total"] == call["usageDetails"]["input"] + call["usageDetails"]["output"]
    assert call["calculatedTotalCost"] > 0


@pytest.mark.parametrize(
    "fields",
    [{"level": "ERROR"}, {"model": "nobody-knows-this"}, {"costDetails": {"total": 1}}, {"model": None}],
)
def test_tokens_are_not_counted_without_reason(doors: Doors, fields: dict[str, Any]) -> None:
    body = {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "input": "q", "output": "a", **fields}
    doors.accept(event("generation-create", body))
    assert doors.observation("g")["usageDetails"] == {}


def test_of_an_embedding_only_the_input_is_counted(doors: Doors) -> None:
    body = {"id": "e", "traceId": "t", "model": "text-embedding-ada-002", "input": "Rome", "output": [0.5] * 100}
    doors.accept(event("embedding-create", body))
    usage = doors.observation("e")["usageDetails"]
    assert usage["input"] == usage["total"] < 5


def test_a_running_call_is_not_counted_before_it_has_answered(doors: Doors) -> None:
    doors.accept(event("generation-create", {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "input": "Where?"}))
    assert doors.observation("g")["usageDetails"] == {}
    doors.accept(event("generation-update", {"id": "g", "traceId": "t", "output": "There.", "endTime": at(1)}))
    usage = doors.observation("g")["usageDetails"]
    assert usage["input"] > 0 and usage["output"] > 0


HALVES = [
    ({"model": "gpt-4o-mini"}, {"usageDetails": {"input": 10, "output": 5}}),
    ({"usageDetails": {"input": 10, "output": 5}}, {"model": "gpt-4o-mini"}),
    ({"model": "gpt-4o-mini", "input": "q"}, {"usage": {"promptTokens": 10, "completionTokens": 5}}),
]


@pytest.mark.parametrize(("first", "second"), HALVES)
@pytest.mark.parametrize("kinds", [("create", "update"), ("update", "create")])
def test_model_and_usage_may_come_in_different_batches(
    doors: Doors, first: dict[str, Any], second: dict[str, Any], kinds: tuple[str, str]
) -> None:
    whole = {"id": "w", "traceId": "other", "model": "gpt-4o-mini", "usageDetails": {"input": 10, "output": 5}}
    doors.accept(event("generation-create", whole))
    for kind, half in zip(kinds, (first, second), strict=True):
        doors.accept(event(f"generation-{kind}", {"id": "g", "traceId": "t", **half}))
    given, expected = doors.observation("g"), doors.observation("w")
    for field in ("usageDetails", "costDetails", "calculatedTotalCost", "modelId"):
        assert given[field] == expected[field]
    assert doors.trace("t")["totalCost"] == expected["calculatedTotalCost"]


def test_usage_that_comes_late_replaces_what_was_counted(doors: Doors) -> None:
    doors.accept(event("generation-create", {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "output": "x"}))
    doors.accept(event("generation-update", {"id": "g", "traceId": "t", "usageDetails": {"input": 7, "output": 9}}))
    assert doors.observation("g")["usageDetails"] == {"input": 7, "output": 9, "total": 16}


def test_an_update_without_usage_leaves_it_alone(doors: Doors) -> None:
    doors.accept(event("generation-create", CALL))
    before = doors.observation("g")
    doors.accept(event("generation-update", {"id": "g", "traceId": "t", "output": "more"}))
    after = doors.observation("g")
    for field in ("usageDetails", "costDetails", "calculatedTotalCost", "model"):
        assert after[field] == before[field]


def test_a_span_is_priced_and_counted_in_one_piece(doors: Doors) -> None:
    known = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o-mini"}
    doors.export(
        export(
            span({**known, "langfuse.observation.usage_details": '{"input": 10, "output": 5}'}),
            child({**known, "langfuse.observation.input": "q", "langfuse.observation.output": "a"}),
        )
    )
    steps = doors.trace(span().trace_id)["observations"]
    assert all(step["calculatedTotalCost"] > 0 for step in steps)


def test_a_tier_may_depend_on_metadata_that_came_before(doors: Doors, yandexgpt: ModelDefinition) -> None:
    condition = {"source": "metadata", "key": "plan", "values": ["night"]}
    night = {"id": "n", "name": "Night", "isDefault": False, "priority": 1, "conditions": [condition]}
    ModelDefinition.objects.filter(pk=yandexgpt.pk).update(
        tiers=[*yandexgpt.tiers, {**night, "prices": {"input": 0.5}}]
    )
    doors.accept(
        event("generation-create", {"id": "g", "traceId": "t", "model": "yandexgpt", "metadata": {"plan": "night"}})
    )
    doors.accept(event("generation-update", {"id": "g", "traceId": "t", "usageDetails": {"input": 4}}))
    assert doors.observation("g")["calculatedTotalCost"] == 2


@pytest.fixture
def prompt(api: Api) -> dict[str, Any]:
    return api.post("v2/prompts", {"name": "столица", "prompt": "{{country}}?", "labels": ["production"]}).json()


def test_a_generation_is_linked_to_its_prompt(doors: Doors, prompt: dict[str, Any]) -> None:
    doors.accept(event("generation-create", {"id": "g", "traceId": "t", "promptName": "столица", "promptVersion": 1}))
    linked = doors.observation("g")
    assert (linked["promptName"], linked["promptVersion"], linked["promptId"]) == ("столица", 1, prompt["id"])


def test_a_span_is_linked_to_its_prompt(doors: Doors, prompt: dict[str, Any]) -> None:
    attributes = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.prompt.name": "столица",
        "langfuse.observation.prompt.version": 1,
    }
    doors.export(export(span(attributes)))
    assert doors.observation(SPAN_ID)["promptId"] == prompt["id"]


def test_a_prompt_that_does_not_exist_is_not_linked(doors: Doors, prompt: dict[str, Any]) -> None:
    doors.accept(
        event("generation-create", {"id": "a", "traceId": "t", "promptName": "столица", "promptVersion": 2}),
        event("generation-create", {"id": "b", "traceId": "t", "promptName": "nobody", "promptVersion": 1}),
    )
    for id in ("a", "b"):
        assert (doors.observation(id)["promptName"], doors.observation(id)["promptId"]) == (None, None)


def test_the_number_of_queries_does_not_grow_with_the_batch(doors: Doors, prompt: dict[str, Any]) -> None:
    def queries(size: int, prefix: str) -> int:
        link = {"promptName": "столица", "promptVersion": 1}
        calls = [{**CALL, **link, "id": f"{prefix}{n}", "traceId": f"{prefix}{n % 3}"} for n in range(size)]
        halves = [{"id": f"{prefix}h{n}", "traceId": "t", "model": "gpt-4o-mini", "input": "q"} for n in range(size)]
        scores = [{"traceId": "t", "name": "right", "value": n} for n in range(size)]
        events = [event("generation-create", body) for body in (*calls, *halves)]
        events += [event("score-create", body) for body in scores]
        with CaptureQueriesContext(connection) as captured:
            doors.accept(*events)
        return len(captured)

    queries(1, "warm")
    few, many = queries(2, "few"), queries(60, "many")
    assert many <= few <= 14, json.dumps([few, many])
