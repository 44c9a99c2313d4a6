"""Answers are checked against the published API description (`openapi.yml` beside this file)."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

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
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": {"schemas": _schemas()}})


@cache
def _schemas() -> dict[str, Any]:
    text = (Path(__file__).parent / "openapi.yml").read_text()
    document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {name: _json_schema(schema) for name, schema in document["components"]["schemas"].items()}


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
