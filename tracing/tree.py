"""A trace's observations as a tree, flattened in the order of reading, with their place on the time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracing.records import Observation


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree: `depth` from 0; `offset` and `width` in per cent of the whole trace's duration."""

    observation: Observation
    depth: int
    offset: float
    width: float
    children: int


def flatten(observations: Sequence[Observation]) -> list[Node]:
    """Depth first, siblings by start. What names a parent that is not there (yet) stands at the top level, and so does
    what would be its own ancestor: a wrong parent id must not hide an observation."""
    known = {observation.id: observation for observation in observations}
    children: dict[str | None, list[Observation]] = {}
    for observation in sorted(observations, key=lambda o: (o.start_time, o.id)):
        parent = observation.parent_observation_id
        children.setdefault(parent if parent in known and parent != observation.id else None, []).append(observation)
    start, length = _span(observations)
    nodes: list[Node] = []
    seen: set[str] = set()

    def descend(tops: Sequence[Observation]) -> None:
        # An own stack: a chain of thousands of spans must not exhaust Python's.
        stack = [(observation, 0) for observation in reversed(tops)]
        while stack:
            observation, depth = stack.pop()
            if observation.id in seen:
                continue
            seen.add(observation.id)
            inner = children.get(observation.id, [])
            nodes.append(_node(observation, depth, len(inner), start, length))
            stack.extend((child, depth + 1) for child in reversed(inner))

    descend(children.get(None, []))
    # Circles have no top: break them at their earliest member.
    descend([observation for observation in known.values() if observation.id not in seen])
    return nodes


def _span(observations: Sequence[Observation]) -> tuple[datetime | None, float]:
    if not observations:
        return None, 0.0
    start = min(observation.start_time for observation in observations)
    end = max(observation.end_time or observation.start_time for observation in observations)
    return start, (end - start).total_seconds()


def _node(observation: Observation, depth: int, children: int, start: datetime | None, length: float) -> Node:
    if not length or start is None:
        return Node(observation, depth, 0.0, 100.0, children)
    offset = (observation.start_time - start).total_seconds() / length * 100
    width = (observation.latency or 0.0) / length * 100
    return Node(observation, depth, round(offset, 2), round(max(width, 0.4), 2), children)
