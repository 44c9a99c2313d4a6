"""Which contents a batch mentions: texts may be copied from trace to trace without anybody promising the bytes anew."""

from collections.abc import Iterator

from common.content import MEDIA_MARK
from tracing.media import Place, note_mentions
from tracing.media_references import mentioned
from tracing.records import Changes, ObservationChange, TraceChange


def note_mentions_of(project_id: str, changes: Changes) -> None:
    """Note them; where no text mentions anything (the usual case) it costs a look at each text and no query."""
    noted = [(media_id, place) for change in changes.traces if _mentions(change) for media_id, place in _of(change, "")]
    for step in changes.observations:
        if _mentions(step):
            # Without a trace it stands in one of its own id.
            noted += _of(step, step.id, step.trace_id or step.id)
    note_mentions(project_id, noted)


def _mentions(change: TraceChange | ObservationChange) -> bool:
    for text in (change.input, change.output):
        if text is not None and MEDIA_MARK in text:
            return True
    return any(MEDIA_MARK in text for text in change.metadata.values()) if change.metadata else False


def _of(
    change: TraceChange | ObservationChange, observation_id: str, trace_id: str = ""
) -> Iterator[tuple[str, Place]]:
    texts = {"input": (change.input,), "output": (change.output,), "metadata": (change.metadata or {}).values()}
    for field, said in texts.items():
        for media_id in mentioned(said):
            yield media_id, Place(field=field, trace_id=trace_id or change.id, observation_id=observation_id)
