"""The OpenAPI 3.1 document, made of the tables of operations (`common.api.describing`)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from common.api.describing import Group, Operation, Parameter, Refusals
from common.api.fields import WireStruct

Node = dict[str, Any]
REFERENCE = "#/components/schemas/"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
NUMBERS = frozenset({"version", "skillVersion"})
# kind of key -> security requirements, of which one suffices
SECURITY: Mapping[str, list[Node]] = {
    "project": [{"project": []}],
    "organization": [{"organization": []}],
    "scores": [{"project": []}, {"publicKey": []}],
    "none": [],
}
SCHEMES: Node = {
    "project": {"type": "http", "scheme": "basic", "description": "A project's public and secret key."},
    "organization": {"type": "http", "scheme": "basic", "description": "An organization's public and secret key."},
    "publicKey": {"type": "http", "scheme": "bearer", "description": "A project's public key alone, for browsers."},
}
# status -> when
REFUSED: Mapping[int, str] = {
    400: "A parameter or the body is wrong; the answer names it.",
    401: "The key is missing or wrong.",
    403: "The key is of another kind, or must not do this.",
    404: "There is no such thing in the key's project or organization.",
    405: "The route has no such method.",
    409: "It conflicts with what is there.",
    412: "It cannot be done as things are.",
    413: "The body is too large.",
    422: "It cannot be done as it is asked.",
    503: "The service is busy or cannot reach its database; Retry-After says when to try again.",
}


class Issue(WireStruct, frozen=True):
    """One thing wrong with the data; `path` leads to it."""

    code: str
    path: list[str | int]
    message: str


class Refusal(WireStruct, frozen=True):
    """What is wrong: the name of its class, or a list of issues with the data."""

    message: str
    error: str | list[Issue]


class StructuredRefusal(WireStruct, kw_only=True, frozen=True):
    """What is wrong, with a word for programs."""

    code: str
    message: str
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ScimRefusal(WireStruct, kw_only=True, frozen=True):
    """What is wrong, as RFC 7644 tells it."""

    schemas: list[str]
    detail: str
    status: str | int
    scim_type: str | msgspec.UnsetType = msgspec.UNSET


SHAPES: Mapping[Refusals, type] = {
    Refusals.PLAIN: Refusal,
    Refusals.STRUCTURED: StructuredRefusal,
    Refusals.SCIM: ScimRefusal,
}


def document(groups: Sequence[Group], title: str, version: str, about: str) -> Node:
    """The whole document, as JSON values."""
    operations = [operation for group in groups for operation in group.operations]
    schemas = _Schemas([*SHAPES.values(), *(kind for operation in operations for kind in _types(operation))])
    paths: dict[str, Node] = {}
    for group in groups:
        for operation in group.operations:
            methods = paths.setdefault(f"/api/public{operation.path}", {})
            methods[operation.method.lower()] = _operation(operation, group, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": about},
        "servers": [{"url": "/"}],
        "tags": [{"name": group.title} for group in groups],
        "paths": paths,
        "components": {"securitySchemes": SCHEMES, "schemas": schemas.components},
    }


def operation_id(operation: Operation) -> str:
    """A name for generated clients: `getTracesByTraceId`."""
    words = re.sub(PATH_PARAMETER, lambda found: f"by {found[1]}", operation.path)
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", words) if part]
    return operation.method.lower() + "".join(part[0].upper() + part[1:] for part in parts)


def _types(operation: Operation) -> Iterator[Any]:
    yield from (operation.answer, operation.body, *(kind for _when, kind in operation.also.values()))
    yield from (parameter.type for parameter in operation.query)


class _Schemas:
    """JSON schemas by Python type; structs stand in the components."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        asked = list(dict.fromkeys(kind for kind in kinds if kind is not None))
        found, components = msgspec.json.schema_components(asked, ref_template=f"{REFERENCE}{{name}}")
        self.components = dict(sorted((_tidy(name), _plain(schema)) for name, schema in components.items()))
        self._found = dict(zip(asked, map(_plain, found), strict=True))

    def of(self, kind: Any) -> Node:
        found: Node = self._found[kind]
        return found


def _tidy(name: str) -> str:
    """`Numbered_Trace_` -> `TracePage`; `llm.api.bodies.ItemBody`, one of several of that name -> `LlmItemBody`."""
    page = re.fullmatch(r"(?:Numbered|Stretch)_(\w+)_", name)
    if page:
        return f"{page[1]}Page"
    *modules, last = name.split(".")
    words = (word for module in modules if module not in ("api", "bodies") for word in module.split("_"))
    return "".join(word.capitalize() for word in words) + last


def _plain(schema: Any) -> Any:
    """Without the titles, which say nothing that the names do not, and without what docstrings tell programmers."""
    if isinstance(schema, list):
        return [_plain(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {**schema, "$ref": REFERENCE + _tidy(schema["$ref"].removeprefix(REFERENCE))}
    kept = {key: _plain(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    about = kept.get("description")
    if isinstance(about, str):
        kept["description"] = about.partition("\n\n")[0]
        if "openapi.yml" in about or "api.md" in about or about.startswith("`"):
            del kept["description"]
    return kept


def _operation(operation: Operation, group: Group, schemas: _Schemas) -> Node:
    told: Node = {
        "operationId": operation_id(operation),
        "tags": [group.title],
        "summary": operation.summary,
        "security": SECURITY[operation.key],
        "x-state": operation.state.value,
    }
    if operation.differs:
        told["description"] = operation.differs
    if operation.state == "legacy":
        told["deprecated"] = True
    if parameters := [*_in_path(operation.path), *(_in_query(one, schemas) for one in operation.query)]:
        told["parameters"] = parameters
    if operation.body is not None:
        content = {
            kind: {"schema": schemas.of(operation.body) if "json" in kind else {}} for kind in operation.media_types
        }
        told["requestBody"] = {"required": True, "content": content}
    told["responses"] = dict(_responses(operation, schemas))
    return told


def _in_path(path: str) -> Iterator[Node]:
    for name in PATH_PARAMETER.findall(path):
        schema: Node = {"type": "integer", "minimum": 1} if name in NUMBERS else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(parameter: Parameter, schemas: _Schemas) -> Node:
    told: Node = {"name": parameter.name, "in": "query", "description": parameter.about}
    if parameter.required:
        told["required"] = True
    return {**told, "schema": schemas.of(parameter.type)}


def _responses(operation: Operation, schemas: _Schemas) -> Iterator[tuple[str, Node]]:
    good = {operation.status: ("Done.", operation.answer), **operation.also}
    for status, (when, kind) in sorted(good.items()):
        answer: Node = {"description": when}
        if kind is not None:
            answer["content"] = {"application/json": {"schema": schemas.of(kind)}}
        yield str(status), answer
    shape = {"application/json": {"schema": schemas.of(SHAPES[operation.refusals])}}
    for status in _refused(operation):
        if status in good:
            continue
        yield str(status), {"description": REFUSED[status], "content": shape}


def _refused(operation: Operation) -> Iterator[int]:
    """Which refusals can come of an operation."""
    yield 400
    if operation.key != "none":
        yield from (401, 403)
    yield 404
    yield 405
    if operation.body is not None:
        yield from (409, 412, 413, 422)
    elif operation.method == "DELETE":
        yield 409
    yield 503
