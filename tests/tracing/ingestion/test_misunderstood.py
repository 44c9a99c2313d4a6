"""What was accepted and not wholly understood comes out of the translation as values."""

import json
from typing import Any

import msgspec
import pytest

from tests.tracing.ingestion.making import NOON_NS, SPAN_ID, event, source, span
from tracing.ingestion import events, spans
from tracing.ingestion.misunderstood import Misunderstood


def faults_of_span(attributes: dict[str, Any], **fields: Any) -> list[Misunderstood]:
    found: list[Misunderstood] = []
    spans.translate([source(span(attributes, **fields), scope="any")], found)
    return found


def faults_of_event(kind: str, body: dict[str, Any]) -> list[Misunderstood]:
    (outcome,) = events.translate([msgspec.Raw(json.dumps(event(kind, body)).encode())]).outcomes
    assert outcome.status == 201, outcome.message
    return outcome.misunderstood


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"langfuse.observation.type": "nonsense"}, "langfuse.observation.type"),
        ({"langfuse.observation.level": "LOUD"}, "langfuse.observation.level"),
        ({"langfuse.observation.usage_details": "many"}, "langfuse.observation.usage_details"),
        ({"langfuse.observation.usage_details": '{"input": -1}'}, "input"),
        ({"langfuse.observation.cost_details": '{"total": "dear"}'}, "total"),
        ({"langfuse.observation.model.parameters": "hot"}, "langfuse.observation.model.parameters"),
        ({"langfuse.observation.completion_start_time": "soon"}, "langfuse.observation.completion_start_time"),
        ({"langfuse.observation.type": "generation", "langfuse.observation.prompt.name": "p"}, "prompt"),
        ({"langfuse.environment": "Bad Name"}, "environment"),
        ({"langfuse.user.id": "x" * 900}, "user_id"),
        ({"gen_ai.usage.input_tokens": "many"}, "gen_ai.usage.input_tokens"),
        ({"gen_ai.usage.cost": "dear"}, "gen_ai.usage.cost"),
        ({"ai.response.msToFirstChunk": "soon"}, "ai.response.msToFirstChunk"),
    ],
)
def test_a_part_of_a_span_that_makes_no_sense_is_told(attributes: dict[str, Any], name: str) -> None:
    (fault,) = faults_of_span(attributes)
    assert fault.where == f"span {SPAN_ID}: {name}"
    assert fault.reason.endswith(".")


def test_times_that_cannot_be_are_told() -> None:
    (fault,) = faults_of_span({}, end=NOON_NS - 1)
    assert fault.where == f"span {SPAN_ID}: endTimeUnixNano"
    assert [fault.where[-17:] for fault in faults_of_span({}, start=0)] == ["startTimeUnixNano"]


def test_of_a_sound_span_nothing_is_told() -> None:
    sound = {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": '{"input": 1}'}
    assert faults_of_span({**sound, "langfuse.environment": "default", "unknown.name": "kept"}) == []


def test_nobody_has_to_listen() -> None:
    assert spans.translate([source(span({"langfuse.observation.level": "LOUD"}))]).observations


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"usageDetails": {"input": "many"}}, "body.usageDetails.input"),
        ({"usageDetails": {"input_tokens_details": {"cached": -1}}}, "body.usageDetails.input_tokens_details.cached"),
        ({"costDetails": {"total": -1}}, "body.costDetails.total"),
        ({"usage": {"input": 1.5, "unit": "TOKENS"}}, "body.usage.input"),
        ({"usage": {"totalCost": "dear"}}, "body.usage.total"),
        ({"environment": "Bad Name"}, "body.environment"),
    ],
)
def test_a_part_of_an_event_that_makes_no_sense_is_told(body: dict[str, Any], where: str) -> None:
    (fault,) = faults_of_event("generation-create", {"id": "g", **body})
    assert fault.where == where


def test_of_a_sound_event_nothing_is_told() -> None:
    usage = {"promptTokens": 1, "completionTokens": 2, "totalTokens": 3, "unit": "TOKENS", "input": None}
    assert faults_of_event("generation-create", {"id": "g", "usage": usage, "environment": "Production"}) == []
