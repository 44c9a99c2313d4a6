"""What was accepted and could not be wholly understood: told to whoever keeps such things, never in silence.

A thing refused is not among them: a refusal names its reason itself (`events.Outcome`, `otlp_wire.Export`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """A part of an accepted event or span that was left out or replaced.

    `where` names the part as its sender would: `body.usageDetails.input`, or for a span
    `span b7ad6b7169203331: langfuse.observation.level`. `reason` is a sentence.
    """

    where: str
    reason: str


Note = Callable[[str, str], None]  # (where, reason): how a reader of values tells what it could not use


def unheard(where: str, reason: str) -> None:
    """For callers who do not want to know."""


def shown(value: object) -> str:
    """A value inside a reason: short, on one line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def told(faults: Sequence[Misunderstood], most: int = 10) -> str:
    """Some of them in one text, for people."""
    parts = [f"{fault.where}: {fault.reason}" for fault in faults[:most]]
    if len(faults) > most:
        parts.append(f"And {len(faults) - most} more.")
    return " ".join(parts)
