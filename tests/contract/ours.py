"""Answers held against our own OpenAPI document, which has to be exact: a field that it does not name is a fault."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from promptlab.api_operations import GROUPS, openapi
from tests.contract import METHODS, MOMENT


@cache
def operations() -> dict[str, dict[str, Any]]:
    """The operations of our document by "GET /traces/{traceId}"."""
    return {
        f"{method.upper()} {path.removeprefix('/api/public')}": operation
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def states() -> dict[str, str]:
    return {operation.name: operation.state.value for group in GROUPS for operation in group.operations}


def check_answer(operation: str, status: int, value: Any) -> None:
    """Fail where an answer is another one than the document tells for this status."""
    responses = operations()[operation]["responses"]
    assert str(status) in responses, f"{operation} answers {status}, of which the document says nothing"
    content = responses[str(status)].get("content")
    assert content, f"{operation} answers {status} with a body, of which the document says nothing"
    faults = sorted(
        _validator(json.dumps(content["application/json"]["schema"])).iter_errors(value),
        key=lambda fault: list(map(str, fault.absolute_path)),
    )
    assert not faults, "\n".join(
        f"our document, {operation} at {'/'.join(map(str, fault.absolute_path)) or '(top)'}: {fault.message[:300]}"
        for fault in faults
    )


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, looked up when it is a reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return openapi()["components"]["schemas"][name] if name else schema


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": _components()})


@cache
def _components() -> dict[str, Any]:
    return {"schemas": {name: _exact(schema) for name, schema in openapi()["components"]["schemas"].items()}}


def _exact(node: Any) -> Any:
    if isinstance(node, list):
        return [_exact(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _exact(value) for key, value in node.items()}
    if inner.get("format") == "date-time":
        inner["pattern"] = MOMENT
    if "properties" in inner and inner.get("type") == "object":
        inner.setdefault("additionalProperties", False)
    return inner
