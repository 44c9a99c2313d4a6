"""Reading a span: its attributes sorted by what they mean (`dialects`), each looked up once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tracing.ingestion import jsontext
from tracing.ingestion.dialects.index import EVENT_READERS, PLANS
from tracing.ingestion.dialects.order import FIELDS, READERS
from tracing.ingestion.dialects.shape import Attributes, Event, Fill, Sides
from tracing.ingestion.misunderstood import shown
from tracing.records import JsonText

NOBODY = 99  # a rank behind all others


@dataclass(slots=True)
class Meaning:
    """What the attributes of one span say."""

    attributes: Attributes
    values: dict[str, Any] = field(default_factory=dict)  # by field
    ranks: dict[str, int] = field(default_factory=dict)  # of the name that gave the value
    observation_metadata: dict[str, JsonText] = field(default_factory=dict)
    trace_metadata: dict[str, JsonText] = field(default_factory=dict)
    experiment: dict[str, str] | None = None
    parameters: dict[str, Any] | None = None
    readers: int = 0  # a bit for each reader that has something to read
    taken: int = 0  # the bit of the one that found the bodies
    foreign: bool = False  # some attribute is in another dialect than the SDKs'
    faults: list[tuple[str, str]] | None = None  # what could not be understood: (name, reason)

    def text(self, name: str) -> str | None:
        """The value of a field, as text."""
        value = self.values.get(name)
        return value if value is None or isinstance(value, str) else jsontext.dump(value)

    def fault(self, name: str, reason: str) -> None:
        """Note that something could not be understood."""
        if self.faults is None:
            self.faults = []
        self.faults.append((name, reason))

    def unusable(self, of: str, wanted: str) -> None:
        """Note that the value of a field is not what it should be."""
        name = FIELDS[of][self.ranks[of]] if of in self.ranks else of
        self.fault(name, f"must be {wanted}, not {shown(self.values[of])}; it was left out.")

    def bodies(self, events: Sequence[Event], scope: str) -> Sides:
        """The input and output in a foreign dialect: what the first reader finds that finds either."""
        asked = self.readers
        for name, _ in events:
            asked |= EVENT_READERS.get(name, 0)
        while asked:
            position = (asked & -asked).bit_length() - 1
            asked &= asked - 1
            reader = READERS[position]
            if reader.scope is None or reader.scope == scope:
                sides = reader.read(self.attributes, events)
                if sides[0] is not None or sides[1] is not None:
                    self.taken = 1 << position
                    return sides
        return None, None

    def others(self) -> Attributes:
        """The attributes that are shown nowhere else, once the bodies are found."""
        others = {}
        for name, value in self.attributes.items():
            more = PLANS[name].more
            if more is not None and more.shown and not more.readers & self.taken:
                others[name] = value
        return others


def read(attributes: Attributes) -> Meaning:
    """Sort out what the attributes of a span say."""
    meaning = Meaning(attributes)
    values, ranks = meaning.values, meaning.ranks
    fillers: list[Fill] | None = None
    for name, value in attributes.items():
        fields, more = PLANS[name]
        if value is not None and value != "":
            for of, rank in fields:
                if of not in values or rank < ranks[of]:
                    values[of], ranks[of] = value, rank
        if more is None:
            continue
        metadata, experiment, parameter, readers, fill, _, foreign = more
        if metadata:
            _add_metadata(meaning, metadata, value)
        elif experiment:
            _add_experiment(meaning, experiment, value)
        if foreign:
            meaning.foreign = True
            meaning.readers |= readers
            if parameter and value is not None:
                if meaning.parameters is None:
                    meaning.parameters = {}
                meaning.parameters[parameter] = value
            if fill is not None:
                fillers = [*fillers, fill] if fillers else [fill]
    for fill in fillers or ():
        fill(attributes, values)
    return meaning


def _add_metadata(meaning: Meaning, places: Sequence[tuple[str, str]], value: Any) -> None:
    text = jsontext.from_value(value) or "null"
    for part, key in places:
        into = getattr(meaning, part)
        if key:
            into[key] = text
        else:  # a whole object; single keys go over it
            setattr(meaning, part, jsontext.split_metadata(text) | into)


def _add_experiment(meaning: Meaning, name: str, value: Any) -> None:
    text = value if isinstance(value, str) else jsontext.dump(value)
    if meaning.experiment is None:
        meaning.experiment = {}
    meaning.experiment[name] = text.replace("\0", "\ufffd")
