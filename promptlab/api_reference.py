"""The API reference: what `/api/public/openapi.yml` tells programs, told to people; an operation opens on demand."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from common.pages import Page

DEEPEST = 3  # levels of an object that are shown; deeper ones are named only
WHO = {
    "project": "-u $LANGFUSE_PUBLIC_KEY:$LANGFUSE_SECRET_KEY",
    "organization": "-u $ORGANIZATION_PUBLIC_KEY:$ORGANIZATION_SECRET_KEY",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a described object; `depth` tells how far in it stands."""

    depth: int
    name: str
    type: str
    required: bool
    about: str


class Reference(Page):
    """All operations, or those that hold what was searched for."""

    template = "api_reference.html"
    part = "operations"
    section = "settings"

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("q", "").strip()
        groups = {title: [row for row in rows if _matches(row, title, wanted)] for title, rows in _grouped().items()}
        shown = {title: rows for title, rows in groups.items() if rows}
        return self.render({"groups": shown, "search": wanted})


class Operation(Page):
    """One operation: parameters, body, answers, and how to call it."""

    template = "api_operation.html"
    part = "operation"
    section = "settings"

    def get(self, request: HttpRequest, operation_id: str) -> HttpResponse:
        row = _by_id().get(operation_id)
        if row is None:
            raise Http404("There is no such operation.")
        return self.render({"row": row, **_told(row)})


def _matches(row: dict[str, Any], title: str, wanted: str) -> bool:
    text = f"{title} {row['method']} {row['path']} {row['summary']}".lower()
    return all(word in text for word in wanted.lower().split())


@cache
def _grouped() -> dict[str, list[dict[str, Any]]]:
    from promptlab.api_operations import GROUPS, openapi

    paths = openapi()["paths"]
    return {
        group.title: [
            {
                **paths[f"/api/public{one.path}"][one.method.lower()],
                "method": one.method,
                "path": f"/api/public{one.path}",
                "state": one.state.value,
                "key": one.key,
                "differs": one.differs,
            }
            for one in group.operations
        ]
        for group in GROUPS
    }


@cache
def _by_id() -> dict[str, dict[str, Any]]:
    return {row["operationId"]: row for rows in _grouped().values() for row in rows}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    from promptlab.api_operations import openapi

    schemas = openapi()["components"]["schemas"]
    body = row.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    good = {status: answer for status, answer in row["responses"].items() if status < "300"}
    return {
        "parameters": [
            {**one, "type": _type(one["schema"], schemas), "required": one.get("required", False)}
            for one in row.get("parameters", ())
        ],
        "body": _listed(body, schemas) if body else [],
        "answers": [
            {"status": status, "when": answer["description"], "fields": _listed(_schema(answer), schemas)}
            for status, answer in good.items()
        ],
        "refusals": {status: one["description"] for status, one in row["responses"].items() if status >= "300"},
        "call": _call(row, body, schemas),
    }


def _schema(answer: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    resolved: dict[str, Any] = schemas[name] if name else schema
    return resolved


def _listed(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Field]:
    """The fields, once each: of a thing or a list of such things both tell the same."""
    return list(dict.fromkeys(_fields(schema, schemas)))


def _fields(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> Iterator[Field]:
    """The fields of an object, those of objects in it below them; a list's are those of its rows."""
    schema = _resolved(schema, schemas)
    for choice in schema.get("anyOf", ()):
        yield from _fields(choice, schemas, depth)
    if "items" in schema:
        yield from _fields(schema["items"], schemas, depth)
    for name, inner in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield Field(depth, name, _type(inner, schemas), required, inner.get("description", ""))
        if depth + 1 < DEEPEST:
            yield from _fields(inner, schemas, depth + 1)


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A type in words of JSON: "string", "list of Score", "number or null"."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(choice, schemas) for choice in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}), schemas)}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _call(row: dict[str, Any], body: dict[str, Any] | None, schemas: dict[str, Any]) -> str:
    """The call for a shell, with the required fields."""
    method = "" if row["method"] == "GET" else f" -X {row['method']}"
    lines = [f"curl{method} {settings.PUBLIC_URL}{row['path']}"]
    if row["key"] in WHO or row["key"] == "scores":
        lines.append(WHO.get(row["key"], WHO["project"]))
    if body:
        needed = ", ".join(f'"{one.name}": …' for one in _listed(body, schemas) if one.required and one.depth == 0)
        lines += ["-H 'Content-Type: application/json'", f"-d '{{{needed}}}'"]
    return " \\\n  ".join(lines)
