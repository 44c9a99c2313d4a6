"""Answers are checked against the published API description (`openapi.yml` beside this file)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

METHODS = ("get", "post", "put", "patch", "delete")
MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"


def check(value: Any, schema: str) -> None:
    """Fail with every place where `value` (parsed JSON) breaks `#/components/schemas/<schema>`."""
    faults = sorted(_validator(schema).iter_errors(value), key=lambda fault: list(map(str, fault.absolute_path)))
    assert not faults, "\n".join(
        f"{schema} at {'/'.join(map(str, fault.absolute_path)) or '(top)'}: {fault.message[:300]}" for fault in faults
    )


def check_list(answer: Any, schema: str) -> None:
    """The same for each row of a page, of which there must be one at least."""
    assert answer["data"], "an empty page proves nothing"
    for row in answer["data"]:
        check(row, schema)


@cache
def operations() -> dict[str, dict[str, Any]]:
    """The contract's operations by "GET /traces/{traceId}"."""
    return {
        f"{method.upper()} {path.removeprefix('/api/public')}": operation
        for path, methods in _document()["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def check_answer(operation: str, value: Any) -> None:
    """Fail where the body of a success breaks the contract's schema; an operation that promises none may send any."""
    content = _success(operations()[operation]).get("content", {})
    if content:
        schema = json.dumps(content["application/json"]["schema"])
        faults = sorted(_inline(schema).iter_errors(value), key=lambda fault: list(map(str, fault.absolute_path)))
        assert not faults, "\n".join(
            f"{operation} at {'/'.join(map(str, fault.absolute_path)) or '(top)'}: {fault.message[:300]}"
            for fault in faults
        )


def success_of(operation: str) -> int:
    """The status that the contract promises."""
    return min(int(status) for status in operations()[operation]["responses"] if status < "300")


def _success(operation: dict[str, Any]) -> dict[str, Any]:
    return next(answer for status, answer in operation["responses"].items() if status < "300")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, looked up when it is a reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return _document()["components"]["schemas"][name] if name else schema


@cache
def _validator(schema: str) -> Draft202012Validator:
    return _inline(json.dumps({"$ref": f"#/components/schemas/{schema}"}))


@cache
def _inline(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**_json_schema(json.loads(schema)), "components": {"schemas": _schemas()}})


@cache
def _schemas() -> dict[str, Any]:
    return {name: _json_schema(schema) for name, schema in _document()["components"]["schemas"].items()}


@cache
def _document() -> dict[str, Any]:
    text = (Path(__file__).parent / "openapi.yml").read_text()
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _json_schema(node: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema: `nullable`, and formats as patterns."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _json_schema(value) for key, value in node.items() if key not in ("nullable", "discriminator")}
    if inner.get("format") == "date-time":
        inner["pattern"] = MOMENT
    return {"anyOf": [inner, {"type": "null"}]} if node.get("nullable") is True else inner
