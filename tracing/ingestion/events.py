"""The JSON door's meaning: events of `POST /api/public/ingestion` become changes (api.md, section 3; wire notes, 2).

Each event is judged alone. A refused one says which field was wrong and why; its neighbours are stored. The ids of
bodies without one are derived from the event's id, because SDKs resend whole batches.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from common.errors import Invalid
from tracing import scores
from tracing.ingestion import fields, jsontext, merging
from tracing.ingestion.event_bodies import Event
from tracing.ingestion.event_decoding import EVENT, PLACED, decode, id_of, too_deep
from tracing.ingestion.event_readers import reader
from tracing.ingestion.misunderstood import Misunderstood
from tracing.records import Changes, ObservationChange, TraceChange
from tracing.scores import ScoreInput

# js3 tells its users that the server rejects these, and tests that it does; everybody else's are made to fit.
STRICT_ENVIRONMENT = re.compile(r"^(?!langfuse)[a-z0-9_-]+$|^langfuse-prompt-experiment$")
STRICT_SDKS = frozenset({"langfuse-js"})

# What a public key alone may send (api.md, section 1).
SCORE_EVENTS = frozenset({"score-create", "sdk-log"})


@dataclass(slots=True)
class Outcome:
    """What became of one event: stored, or refused with a status and a reason.

    `misunderstood`: parts of a stored event that had to be left out.
    """

    id: str
    status: int = 201
    message: str = ""
    misunderstood: list[Misunderstood] = field(default_factory=list)

    def refuse(self, message: str, status: int = 400) -> None:
        self.status, self.message = status, message

    def note(self, where: str, reason: str) -> None:
        self.misunderstood.append(Misunderstood(where, reason))


@dataclass(slots=True)
class Batch:
    """A translated batch. Scores still have to be held against their configs: see `settle_scores`."""

    changes: Changes = field(default_factory=Changes)
    outcomes: list[Outcome] = field(default_factory=list)
    scores: list[tuple[Outcome, ScoreInput]] = field(default_factory=list)

    def settle_scores(self, project_id: str) -> None:
        """Check the scores; the good ones join the changes, the others are refused."""
        answers = scores.resolve(project_id, [given for _, given in self.scores]) if self.scores else []
        accepted = {}
        for (outcome, _), answer in zip(self.scores, answers, strict=True):
            if isinstance(answer, Invalid):
                outcome.refuse(f"body.{answer.field}: {answer.message}" if answer.field else answer.message)
            else:
                accepted[answer.id] = answer  # the same score twice in a batch: the later one holds
        self.changes.scores.extend(accepted.values())


def translate(events: Sequence[msgspec.Raw], *, only: Collection[str] | None = None, sdk: str = "") -> Batch:
    """Read the events of a batch; `outcomes` tells of each, in the order sent.

    `only` restricts the types of events; others are refused with 401. `sdk` is the client's name for itself.
    """
    batch = Batch()
    read: list[tuple[bool, datetime, TraceChange | ObservationChange]] = []
    for raw in events:
        outcome = Outcome("")
        batch.outcomes.append(outcome)
        try:
            event = decode(EVENT, raw)
            outcome.id = event.id
            _check(event, raw, strict=sdk in STRICT_SDKS)
            if only is not None and event.type not in only:
                outcome.refuse("Access Scope Denied", 401)
                continue
            change = reader(event.type)(event, outcome.note)
        except Invalid as refusal:
            outcome.id = outcome.id or id_of(raw)
            outcome.refuse(refusal.message)
            continue
        if isinstance(change, ScoreInput):
            batch.scores.append((outcome, change))
        elif change is not None:
            read.append((event.type.endswith("-update"), event.timestamp, change))
    # Updates come last whatever their clocks say; within both halves time decides, and equal times keep their order.
    read.sort(key=lambda item: item[:2])
    batch.changes.traces = merging.merged(change for *_, change in read if isinstance(change, TraceChange))
    batch.changes.observations = merging.merged(change for *_, change in read if isinstance(change, ObservationChange))
    for change in batch.changes.observations:
        if change.start_time and change.end_time and change.end_time < change.start_time:
            change.end_time = change.start_time
    return batch


def _check(event: Event, raw: msgspec.Raw, *, strict: bool) -> None:
    fields.identifier(event.id, "id")
    if not event.id:
        raise Invalid("id: an event needs an id.", "id")
    event.timestamp = fields.moment(event.timestamp, "timestamp") or event.timestamp
    # The wrapper around the body is two levels deep.
    if jsontext.deeper_than(bytes(memoryview(raw)), jsontext.MAX_DEPTH + 2):
        place = too_deep(event.body)
        raise Invalid(
            f"{place}: a value is nested deeper than {jsontext.MAX_DEPTH} levels. Send it as a string.", place
        )
    if strict:
        _check_environment(decode(PLACED, event.body, "body").environment)


def _check_environment(sent: Any) -> None:
    if isinstance(sent, str) and not STRICT_ENVIRONMENT.match(sent):
        raise Invalid(
            f"body.environment: '{sent[:100]}' is no environment. Use lower-case letters, digits, '-' and '_', "
            "and do not start with 'langfuse'.",
            "body.environment",
        )
