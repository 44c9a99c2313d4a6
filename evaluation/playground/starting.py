"""How a playground begins: empty, with a version of a prompt, or with what an observation was asked."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _

from common.content import read_content
from common.errors import Invalid, NotFound
from datasets.items import current_item
from datasets.jsontext import to_value
from evaluation.playground.state import Column, Message, Said, State, pretty, rows_of, typed
from llm.connections import of_project
from llm.defaults import usual, usual_model
from prompts import composition, history, templates
from prompts.examples import as_text
from prompts.models import Kind
from tracing.records import Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery


def blank(project_id: str) -> State:
    """One column with the project's default model."""
    rows = [Message(role="system"), Message(role="user")]
    return State(columns=[_with_model(project_id, Column(messages=rows))])


def from_version(project_id: str, name: str, version: int | None) -> Column:
    """A column with a prompt's version (None: the newest), its model and settings from its config. Raises NotFound."""
    found = history.find_version(history.find_prompt(project_id, name), version)
    kind, rows = rows_of(found.body)
    column = Column(kind=kind, messages=rows, prompt=name, version=found.version)
    config = found.settings if isinstance(found.settings, dict) else {}
    return _with_model(project_id, _with_settings(column, config))


def content_of(project_id: str, name: str, version: int) -> Any:
    """What a version says, in the spelling of a column that shows it. Raises NotFound, Invalid."""
    kind, rows = rows_of(history.find_version(history.find_prompt(project_id, name), version).body)
    return Column(kind=kind, messages=rows).content


def variables_inside(project_id: str, tags: Sequence[str]) -> dict[str, list[str]]:
    """By tag (`@@@langfusePrompt:…@@@`), the variables of the prompt that it puts in, of those that can be put in."""
    found: dict[str, list[str]] = {}
    for tag in tags:
        with suppress(Invalid):  # what is wrong with it is said when the column is asked
            resolved = composition.resolve(project_id, composition.Node("", "", 0, Kind.TEXT.value, tag))
            found[tag] = templates.variables(resolved.content)
    return found


def from_observation(project_id: str, trace_id: str, observation_id: str) -> State:
    """What an observation was asked, with its model and parameters; what it answered stands below. Raises NotFound."""
    observation = _observation(project_id, trace_id, observation_id)
    column = Column(messages=_messages(observation.input), model=observation.model or "")
    parameters = to_value(observation.model_parameters)
    asked = to_value(observation.input)
    beside = {key: asked.get(key) for key in ("tools", "response_format")} if isinstance(asked, dict) else {}
    column = _with_settings(column, (parameters if isinstance(parameters, dict) else {}) | beside)
    column.said = Said(text=read_content(observation.output).text or observation.output_preview)
    return State(columns=[_with_model(project_id, column)])


def variables_of_item(project_id: str, item_id: str, names: list[str]) -> dict[str, str]:
    """The variables that an item fills: by its input's fields; a plain input fills the only one. Raises NotFound."""
    given = to_value(current_item(project_id, item_id).input)
    if isinstance(given, dict):
        return {name: _said(given[name]) for name in names if name in given} or _only(names, as_text(given))
    return _only(names, _said(given))


def variables_of_traced(project_id: str, trace_id: str, observation_id: str, names: list[str]) -> dict[str, str]:
    """The variables that the input of a trace, or of an observation in it, fills, likewise. Raises NotFound."""
    if observation_id:
        asked = _observation(project_id, trace_id, observation_id).input
    else:
        asked = _trace(project_id, trace_id).input
    given = to_value(asked)
    if isinstance(given, dict) and (found := {name: _said(given[name]) for name in names if name in given}):
        return found
    messages = _messages(asked)
    return _only(names, messages[-1].content if messages else "")


def _only(names: list[str], text: str) -> dict[str, str]:
    return {names[0]: text} if len(names) == 1 else {}


def _said(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _observation(project_id: str, trace_id: str, observation_id: str) -> Observation:
    rows: tuple[Observation, ...] | list[Observation] = ()
    if "\0" not in trace_id + observation_id:
        query = ObservationQuery(
            project_id=project_id,
            ids=(observation_id,),
            trace_ids=(trace_id,),
            with_bodies=True,
            window=Cursor(limit=1),
        )
        rows = store().observations(query).rows
    if not rows:
        raise NotFound(_("There is no such observation."))
    return rows[0]


def _trace(project_id: str, trace_id: str) -> Trace:
    query = TraceQuery(project_id=project_id, ids=(trace_id,), with_bodies=True, window=Cursor(limit=1))
    rows = () if "\0" in trace_id else store().traces(query).rows
    if not rows:
        raise NotFound(_("There is no such trace."))
    return rows[0]


def _messages(asked: str | None) -> list[Message]:
    content = read_content(asked)
    if content.kind != "messages":
        return [Message(content=content.text or (asked or ""))]
    rows = []
    for message in content.messages:
        more: dict[str, Any] = {"tool_call_id": message.answers} if message.answers else {}
        if message.calls:
            more["tool_calls"] = [
                {"id": f"call_{at}", "type": "function", "function": _function(call.name, call.arguments)}
                for at, call in enumerate(message.calls, 1)
            ]
        rows.append(Message(role=message.role, content=message.text, more=pretty(more) if more else ""))
    return rows


def _function(name: str, arguments: Any) -> dict[str, str]:
    return {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def _with_settings(column: Column, given: Mapping[str, Any]) -> Column:
    settings = {key: value for key, value in given.items() if key not in ("model", "tools", "response_format")}
    for name, text in typed(settings).items():
        setattr(column, name, text)
    if not column.model and isinstance(given.get("model"), str):
        column.model = given["model"]
    if isinstance(given.get("tools"), list) and given["tools"]:
        column.tools = pretty(given["tools"])
    if isinstance(given.get("response_format"), dict):
        column.response_format = pretty(given["response_format"])
    return column


def _with_model(project_id: str, column: Column) -> Column:
    """The connection that lists the column's model; else, and where none was named, the project's default."""
    connections = list(of_project(project_id))
    chosen = next((one for one in connections if column.model in one.custom_models), None) or usual(connections)
    if chosen:
        column.connection = chosen.pk
        column.model = column.model or usual_model(chosen)
    return column
