"""Which contents a batch mentions: texts may be copied from trace to trace without anybody promising the bytes anew."""

from collections.abc import Iterator

from tracing.media import Place, note_mentions
from tracing.media_references import mentioned
from tracing.records import Changes, JsonText, ObservationChange, TraceChange


def note_mentions_of(project_id: str, changes: Changes) -> None:
    """Note them; where no text mentions anything (the usual case) it costs a look at each text and no query."""
    note_mentions(project_id, [*_of_traces(changes), *_of_observations(changes)])


def _of_traces(changes: Changes) -> Iterator[tuple[str, Place]]:
    for change in changes.traces:
        for field, texts in _texts(change):
            for media_id in mentioned(texts):
                yield media_id, Place(field=field, trace_id=change.id)


def _of_observations(changes: Changes) -> Iterator[tuple[str, Place]]:
    for change in changes.observations:
        # Without a trace it stands in one of its own id.
        trace_id = change.trace_id or change.id
        for field, texts in _texts(change):
            for media_id in mentioned(texts):
                yield media_id, Place(field=field, trace_id=trace_id, observation_id=change.id)


def _texts(change: TraceChange | ObservationChange) -> Iterator[tuple[str, tuple[JsonText | None, ...]]]:
    yield "input", (change.input,)
    yield "output", (change.output,)
    if change.metadata:
        yield "metadata", tuple(change.metadata.values())
