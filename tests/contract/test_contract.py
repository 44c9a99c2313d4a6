"""Every operation of the published API, called for real, and every answer held against the contract's schemas."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract import check_answer, operations, ours, resolved, success_of
from tests.contract.calls import CALLS, Call
from tests.contract.world import World, basic
from tests.sdk.stage import Project

WRONG_KEY = {"organization": "project", "project": "organization", "scores": "organization"}
NOBODY = "nobody-has-this-id"
FALSE_VALUES = {"integer": "many", "number": "much", "boolean": "perhaps", "date-time": "yesterday"}


def each(calls: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("call", [pytest.param(call, id=call.operation) for call in calls])


def document(call: Call) -> dict[str, Any]:
    """What the contract says of an operation; of one that it does not know, what our own document says."""
    return operations().get(call.operation) or ours.operations()[call.operation]


@each(CALLS)
def test_a_call_is_answered_as_the_contract_says(world: World, call: Call) -> None:
    answer = world.request(call)
    assert answer.status_code == call.status, answer.text[:2000]
    if call.status == 204:
        assert answer.content == b""
    else:
        ours.check_answer(call.operation, answer.status_code, answer.json())
        if call.operation in operations():
            check_answer(call.operation, answer.json())
        for empty in (empty for empty in _lists(answer.json()) if call.needs):
            pytest.fail(f"An empty {empty} proves nothing.")


def _lists(answer: Any) -> Iterator[str]:
    """The names of empty lists of rows at the top."""
    names = ("data", "memberships", "apiKeys", "Resources")
    return (name for name in names if isinstance(answer, dict) and answer.get(name) == [])


@each(call for call in CALLS if call.operation in operations())
def test_another_success_than_the_contracts_has_a_reason(call: Call) -> None:
    assert (call.status != success_of(call.operation)) == bool(call.because)
    if call.because:
        assert "description" in ours.operations()[call.operation], "Say it in the room's operations.py, too."


@each(call for call in CALLS if call.key != "none")
def test_a_request_without_a_good_key_is_refused(world: World, call: Call) -> None:
    wrong = basic(Project("", world.home.public_key, "sk-lf-wrong"))
    for headers in ({}, wrong, {"Authorization": "Basic"}, {"Authorization": "Token abc"}):
        answer = world.request(_unarranged(call), path=_strange_path(call), headers=headers)
        _is_refusal(call, answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@each(call for call in CALLS if call.key != "none")
def test_a_key_of_the_wrong_kind_is_refused(world: World, call: Call) -> None:
    kinds = [WRONG_KEY[call.key], *(["public"] if call.key != "scores" else [])]
    for kind in kinds:
        answer = world.request(_unarranged(call), path=_strange_path(call), headers=world.headers(kind))
        _is_refusal(call, answer, 403)


@each(call for call in CALLS if "{" in call.path)
def test_what_nobody_has_is_not_found(world: World, call: Call) -> None:
    assert (call.unknown != 404) == bool(call.unknown_because)
    answer = world.request(call, path=_strange_path(call))
    if call.unknown == 404:
        _is_refusal(call, answer, 404)
    else:
        assert answer.status_code == call.unknown, answer.text


def _false_parameters(call: Call) -> dict[str, str]:
    """Parameters of the query whose type a value can miss, with such a value."""
    found = {}
    for parameter in document(call).get("parameters", []):
        schema = parameter["schema"] if call.operation not in operations() else resolved(parameter["schema"])
        kind = schema.get("format") or schema.get("type")
        if parameter["in"] == "query" and kind in ("integer", "boolean", "date-time"):
            found[parameter["name"]] = FALSE_VALUES[kind]
        elif parameter["in"] == "query" and kind in ("double", "number"):
            found[parameter["name"]] = FALSE_VALUES["number"]
        elif parameter["in"] == "query" and "enum" in schema:
            found[parameter["name"]] = "NONE_OF_THESE"
    return found


@each(call for call in CALLS if _false_parameters(call))
def test_parameters_of_the_wrong_type_are_refused_by_name(world: World, call: Call) -> None:
    good = world.filled(dict(call.query))
    path = world.path(call)
    for name, value in _false_parameters(call).items():
        if call.operation == "GET /v2/scores" and name == "value":
            good["operator"] = "="
        answer = world.request(call, path=path, query={**good, name: value})
        _is_refusal(call, answer, 400)
        assert name in answer.text


def _required_parameters(call: Call) -> list[str]:
    parameters = document(call).get("parameters", [])
    return [one["name"] for one in parameters if one.get("required") and one["in"] == "query"]


@each(call for call in CALLS if _required_parameters(call))
def test_parameters_that_are_needed_are_asked_for(world: World, call: Call) -> None:
    good = world.filled(dict(call.query))
    for name in _required_parameters(call):
        answer = world.request(call, query=_without(good, name))
        _is_refusal(call, answer, 400)
        assert name in answer.text


@each(call for call in CALLS if call.body is not None)
def test_a_body_without_what_is_required_is_refused(world: World, call: Call) -> None:
    schema = _body_schema(call)
    body, path = world.filled(call.body), world.path(call)
    for name in schema.get("required", []):
        if name not in call.not_required:
            answer = world.request(call, path=path, body=_without(body, name))
            _is_refusal(call, answer, 400)
            assert name in answer.text
    for name in call.not_required:
        answer = world.request(call, path=path, body=_without(world.filled(call.body), name))
        assert answer.status_code == call.status, answer.text


def _body_schema(call: Call) -> dict[str, Any]:
    schema = document(call)["requestBody"]["content"]["application/json"]["schema"]
    return resolved(schema) if call.operation in operations() else ours.resolved(schema)


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


@each(call for call in CALLS if call.body is not None)
def test_a_body_that_is_no_object_is_refused(world: World, call: Call) -> None:
    path = world.path(call)
    for body in ("text", 7, None, [7]):
        if call.operation == "POST /scores" and isinstance(body, list):
            continue  # a list of scores, as SDK 5 sends it: answered 207
        _is_refusal(call, world.request(call, path=path, body=body), 400)
    headers = {**world.headers(call.key), "Content-Type": "application/json"}
    answer = world.client.request(call.method, f"/api/public{path}", content=b'{"broken', headers=headers)
    _is_refusal(call, answer, 400)


def _unarranged(call: Call) -> Call:
    """The request with nothing made for it: it is refused before anything is looked up."""
    return Call(call.method, call.path, key=call.key, body=None if call.body is None else {})


def _strange_path(call: Call) -> str:
    parts = call.path.split("/")
    return "/".join(("7" if "ersion}" in part else NOBODY) if part.startswith("{") else part for part in parts)


def _is_refusal(call: Call, answer: httpx.Response, status: int) -> None:
    """A refusal as our document tells it: plain, structured (v2 evaluators, unstable) or as RFC 7644 says (SCIM)."""
    told = f"{answer.request.method} {answer.request.url} {answer.request.content[:300]!r}: {answer.status_code}"
    assert answer.status_code == status, f"{told} {answer.text[:1000]}"
    body = answer.json()
    ours.check_answer(call.operation, status, body)
    assert body.get("message") or body.get("detail"), told
