"""A trace's observations as a tree, flattened in the order of reading, with their place on the time axis; and what of a
large tree is shown at first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tracing.records import Step

WHOLE = 300  # nodes; a tree of so many is shown at once
PIECE = 200  # nodes that are shown of a larger one, and that come at once when more are asked for
AROUND = 15  # neighbours on either side of what is chosen; a gap no wider than this is filled


class Axis(NamedTuple):
    """The whole trace's time, in seconds from its start."""

    start: datetime
    length: float


class Node(NamedTuple):
    """One line of the tree: `depth` from 0; `offset` and `width` in per cent of the whole trace's duration."""

    step: Step
    depth: int
    children: int
    axis: Axis

    @property
    def offset(self) -> float:
        start, length = self.axis
        return round((self.step.start_time - start).total_seconds() / length * 100, 2) if length else 0.0

    @property
    def width(self) -> float:
        if not self.axis.length:
            return 100.0
        lasted = (self.step.end_time - self.step.start_time).total_seconds() if self.step.end_time else 0.0
        return round(max(lasted / self.axis.length * 100, 0.4), 2)


def flatten(steps: Sequence[Step]) -> list[Node]:
    """Depth first, siblings by start. What names a parent that is not there (yet) stands at the top level, and so does
    what would be its own ancestor: a wrong parent id must not hide an observation."""
    if not steps:
        return []
    known = {step.id: step for step in steps}
    children: dict[str | None, list[Step]] = {}
    for step in sorted(steps, key=lambda step: (step.start_time, step.id)):
        parent = step.parent_observation_id
        children.setdefault(parent if parent in known and parent != step.id else None, []).append(step)
    axis = _axis(steps)
    nodes: list[Node] = []
    seen: set[str] = set()

    def descend(tops: Sequence[Step]) -> None:
        # An own stack: a chain of thousands of spans must not exhaust Python's.
        stack = [(step, 0) for step in reversed(tops)]
        while stack:
            step, depth = stack.pop()
            if step.id in seen:
                continue
            seen.add(step.id)
            inner = children.get(step.id, ())
            nodes.append(Node(step, depth, len(inner), axis))
            stack.extend((child, depth + 1) for child in reversed(inner))

    descend(children.get(None, []))
    # Circles have no top: break them at their earliest member.
    descend([step for step in known.values() if step.id not in seen])
    return nodes


def shown_first(nodes: Sequence[Node], chosen: str | None) -> list[range]:
    """The positions that are shown before anybody asks for more, in order: of a large tree its beginning, and what is
    chosen with its neighbours and its ancestors (the nearest PIECE of them)."""
    if len(nodes) <= WHOLE:
        return [range(len(nodes))]
    shown = set(range(PIECE))
    here = next((place for place, node in enumerate(nodes) if node.step.id == chosen), None)
    if here is not None:
        shown.update(range(max(0, here - AROUND), min(len(nodes), here + AROUND + 1)))
        shown.update(_ancestors(nodes, here)[:PIECE])
    return _runs(sorted(shown), len(nodes))


def _ancestors(nodes: Sequence[Node], place: int) -> list[int]:
    """Nearest first."""
    found, depth = [], nodes[place].depth
    for above in range(place - 1, -1, -1):
        if nodes[above].depth < depth:
            depth = nodes[above].depth
            found.append(above)
    return found


def _runs(places: Sequence[int], total: int) -> list[range]:
    runs: list[range] = []
    for place in places:
        if runs and place - runs[-1].stop <= AROUND:
            runs[-1] = range(runs[-1].start, place + 1)
        else:
            runs.append(range(place, place + 1))
    if total - runs[-1].stop <= AROUND:
        runs[-1] = range(runs[-1].start, total)
    return runs


def _axis(steps: Sequence[Step]) -> Axis:
    start = min(step.start_time for step in steps)
    end = max(step.end_time or step.start_time for step in steps)
    return Axis(start, (end - start).total_seconds())
