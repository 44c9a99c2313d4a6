"""What a model is asked about an item: variables filled from the item's fields, examples put in, messages made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from datasets.jsontext import to_value
from datasets.models import DatasetItem
from evaluation.mapping import Mapped
from evaluation.models.experiments import ModelArm
from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.parts import part
from llm.calls import ChatRequest
from prompts import examples, templates

# What fills a variable: source -> the item's column.
SOURCES: Mapping[str, str] = {"input": "input", "expected_output": "expected_output", "metadata": "metadata"}
# Parameters that stand beside the others in a request.
_BESIDE = ("tools", "tool_choice", "response_format")


class Unfilled(Exception):
    """An item lacks what the prompt needs; `message` says what."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class ItemValues:
    """An item's fields as JSON values."""

    input: Any
    expected_output: Any
    metadata: Any


def values_of(item: DatasetItem) -> ItemValues:
    """The fields of an item."""
    return ItemValues(to_value(item.input), to_value(item.expected_output), to_value(item.metadata))


class Template:
    """A prompt of an experiment: text or messages (`content`), and where its variables come from.

    A variable without a mapping takes what stands under its name in the item's input; where the input is no object, the
    prompt's only variable takes all of it.
    """

    def __init__(self, project_id: str, content: Any, mapping: Sequence[Mapped]) -> None:
        self.project_id = project_id
        self.content = content
        self.variables = templates.variables(content)
        self.placeholders = templates.placeholders(content)
        self.has_examples = examples.stand_in(content)
        self._mapping = {one.variable: one for one in mapping}

    @property
    def names(self) -> list[str]:
        """Variables and placeholders."""
        return [*self.variables, *self.placeholders]

    def messages(self, item: ItemValues) -> list[dict[str, Any]]:
        """The messages about an item. Raises Unfilled."""
        values = {name: self._value(name, item) for name in self.names}
        texts = {name: value if name in self.placeholders else _text(value) for name, value in values.items()}
        content = self.content
        if self.has_examples:
            try:
                content = examples.fill(self.project_id, content, examples.as_text(item.input), literal=True)
            except Invalid as error:
                raise Unfilled(error.message) from None
        compiled = templates.compile_prompt(content, texts)
        return [{"role": "user", "content": compiled}] if isinstance(compiled, str) else compiled

    def _value(self, name: str, item: ItemValues) -> Any:
        mapped = self._mapping.get(name)
        if mapped is not None:
            source = getattr(item, SOURCES[mapped.source])
            try:
                found = part(source, mapped.json_path)
            except ScoringFailed as error:
                raise Unfilled(error.message) from None
            if found is None:
                raise Unfilled(
                    _("The variable “%(name)s” is empty: the item has nothing at %(place)s.")
                    % {"name": name, "place": f"{mapped.source} {mapped.json_path or ''}".strip()}
                )
            return found
        if isinstance(item.input, dict) and name in item.input:
            return item.input[name]
        if item.input is not None and not isinstance(item.input, dict) and self.names == [name]:
            return item.input
        raise Unfilled(
            _("Nothing fills the variable “%(name)s”: the item's input has no field of that name. Map it.")
            % {"name": name}
        )


def request_of(arm: ModelArm, messages: Sequence[Mapping[str, Any]], repetition: int = 0) -> ChatRequest:
    """The messages as a request to the arm's model with its parameters.

    A `seed` is counted up by the repetition (0 for the first): with one seed all repetitions would be one answer.
    """
    beside = {name: arm.parameters[name] for name in _BESIDE if arm.parameters.get(name) is not None}
    parameters = {name: value for name, value in arm.parameters.items() if name not in _BESIDE}
    if isinstance(seed := parameters.get("seed"), int):
        parameters["seed"] = seed + repetition
    return ChatRequest(model=arm.model, messages=messages, parameters=parameters, **beside)


def _text(value: Any) -> Any:
    """Objects and lists are said to a model as JSON, not as Python writes them."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
