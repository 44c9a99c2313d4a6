"""The case rule of the wire, in one place: Python names inside, camelCase outside.

Bodies are declared as msgspec structs (`class Body(WireStruct): commit_message: str | None = None`) and read with
`read_body(raw, Body)`, or as DRF serializers that inherit `CamelSerializer`.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from rest_framework import exceptions, serializers

from common.errors import Invalid

Body = TypeVar("Body")
_AT = re.compile(r" - at `\$(?:\.)?(?P<path>[^`]*)`$")


class WireStruct(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A body on the wire; unknown keys are ignored unless a subclass sets `forbid_unknown_fields=True`."""


def convert(data: Any, shape: type[Body]) -> Body:
    """Check parsed JSON against a struct; raises Invalid with the dotted path of the first fault."""
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        path = found["path"] if found else ""
        message = text[: found.start()] if found else text
        if not path and (missing := re.search(r"missing required field `(\w+)`$", message)):
            path = missing[1]
        raise Invalid(f"{path or 'body'}: {message}.", path or "body") from None


def camel(name: str) -> str:
    """`commit_message` -> `commitMessage`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def camel_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with its own keys (not nested ones) in camelCase."""
    return {camel(name): value for name, value in values.items()}


class CamelSerializer(serializers.Serializer):
    """A serializer whose fields are Python names and whose wire is camelCase."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise exceptions.ValidationError({"body": ["Expected a JSON object."]})
        wire = {camel(str(name)): str(name) for name in self.fields}
        try:
            return super().to_internal_value({wire.get(key, key): value for key, value in data.items()})
        except exceptions.ValidationError as error:
            detail = error.detail
            raise exceptions.ValidationError(camel_keys(detail) if isinstance(detail, dict) else detail) from None

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return camel_keys(super().to_representation(instance))
