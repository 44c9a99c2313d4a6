"""JSON Schemas of a dataset: are they sound, and which values break them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import exceptions
from jsonschema.protocols import Validator
from jsonschema.validators import Draft7Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from common.errors import Invalid
from datasets.bounded_schemas import Endless, check_patterns, errors_of, kind_of
from datasets.jsontext import to_value
from datasets.models import Dataset

MAX_VIOLATIONS = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a value breaks its schema; `field` is a dotted path, `item_id` the item (empty for one just sent)."""

    field: str
    message: str
    item_id: str = ""


class SchemaViolation(Invalid):
    """Values break the dataset's schemas; `violations` holds the first ten."""

    def __init__(self, violations: list[Violation]) -> None:
        first = violations[0]
        super().__init__(f"{first.field}: {first.message}", first.field)
        self.violations = violations


@dataclass(frozen=True, slots=True)
class Schemas:
    """The two validators of a dataset, None where it has no schema."""

    input: Validator | None
    expected_output: Validator | None

    @property
    def any(self) -> bool:
        return self.input is not None or self.expected_output is not None

    def violations(self, input_text: str | None, expected_text: str | None, item_id: str = "") -> Iterator[Violation]:
        """What is wrong with one item."""
        yield from _violations(self.input, "input", input_text, item_id)
        yield from _violations(self.expected_output, "expectedOutput", expected_text, item_id)


def schemas_of(dataset: Dataset) -> Schemas:
    """The validators of a stored dataset, whose schemas were checked when they were set."""
    return Schemas(_validator(dataset.input_schema), _validator(dataset.expected_output_schema))


def check_schema(schema: Any, field: str) -> None:
    """Raises Invalid when `schema` is no JSON Schema."""
    if not isinstance(schema, (dict, bool)):
        raise Invalid(_("%(field)s must be a JSON Schema: an object.") % {"field": field}, field)
    kind = validator_for(schema, default=Draft7Validator)
    try:
        kind.check_schema(schema)  # type: ignore[arg-type]
    except exceptions.SchemaError as error:
        place = [str(step) for step in error.absolute_path]
        told = {"field": ".".join([field, *place]), "error": error.message}
        raise Invalid(_("%(field)s is not a valid JSON Schema: %(error)s.") % told, field) from error
    check_patterns(schema, field)


def require(violations: Iterable[Violation]) -> None:
    """Raises SchemaViolation with the first ten, when there are any."""
    found = list(islice(violations, MAX_VIOLATIONS))
    if found:
        raise SchemaViolation(found)


def _validator(text: str | None) -> Validator | None:
    if text is None:
        return None
    schema = json.loads(text)
    kind = kind_of(schema, Draft7Validator)
    # An empty registry: a `$ref` to another host must not make this server fetch it.
    return kind(schema, registry=Registry())  # type: ignore[call-arg]


def _violations(validator: Validator | None, field: str, text: str | None, item_id: str) -> Iterator[Violation]:
    if validator is None:
        return
    try:
        for error in errors_of(validator, to_value(text), MAX_VIOLATIONS):
            place = ".".join([field, *(str(step) for step in error.absolute_path)])
            yield Violation(place, _short(error.message), item_id)
    except Unresolvable as error:
        yield Violation(field, _("the schema refers to what cannot be found: %(error)s.") % {"error": error}, item_id)
    except (RecursionError, Endless):
        yield Violation(field, _("the schema refers to itself without end."), item_id)


def _short(message: str, limit: int = 300) -> str:
    return message if len(message) <= limit else f"{message[:limit]}…"
