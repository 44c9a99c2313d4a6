"""Spans as OpenTelemetry means them, whatever their encoding was, and where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tracing.environments import environment_name
from tracing.ingestion import fields, jsontext
from tracing.ingestion.dialects.langfuse import SDK_SCOPE
from tracing.ingestion.dialects.shape import Attributes
from tracing.ingestion.meaning import NOBODY, Meaning, read
from tracing.ingestion.misunderstood import shown
from tracing.records import JsonText


@dataclass(slots=True)
class SpanEvent:
    """Something that happened during a span. `time` in nanoseconds since 1970."""

    name: str
    attributes: Attributes
    time: int = 0


@dataclass(slots=True)
class Span:
    """Ids are lower-case hex; times as in `SpanEvent`."""

    trace_id: str
    id: str
    parent_id: str | None
    name: str
    start: int
    end: int
    attributes: Attributes
    events: Sequence[SpanEvent] = ()
    status_code: int = 0
    status_message: str = ""


@dataclass
class Source:
    """Where spans come from: a resource (the process) and a scope (the instrumentation)."""

    resource: Attributes = field(default_factory=dict)
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: Attributes = field(default_factory=dict)
    spans: Sequence[Span] = ()

    @cached_property
    def is_sdk(self) -> bool:
        return self.scope_name.startswith(SDK_SCOPE)

    @cached_property
    def metadata(self) -> dict[str, JsonText]:
        """What every observation and trace from here carries in its metadata."""
        scope = {"name": self.scope_name, "version": self.scope_version, "attributes": self.scope_attributes}
        return {"resourceAttributes": jsontext.dump(self.resource), "scope": jsontext.dump(scope)}

    @cached_property
    def meaning(self) -> Meaning:
        return read(self.resource)

    @cached_property
    def release(self) -> str | None:
        return fields.short(self.meaning.text("release"))

    @cached_property
    def version(self) -> str | None:
        return fields.short(self.meaning.text("service_version"))

    def environment(self, span: Meaning) -> str | None:
        """The environment of a span: by the most telling name; of the same name, its own before its process's."""
        best = span.ranks.get("environment", NOBODY) <= self.meaning.ranks.get("environment", NOBODY)
        sent = (span if best else self.meaning).text("environment")
        if not sent:
            return None
        name = environment_name(sent)
        if name == "default" != sent.lower():
            span.fault("environment", f"{shown(sent)} is no name of an environment; it became 'default'.")
        return name
