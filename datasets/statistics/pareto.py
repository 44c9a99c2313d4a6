"""What is not beaten in everything at once."""

from collections.abc import Sequence


def pareto_front(points: Sequence[Sequence[float | None]]) -> list[bool]:
    """Whether each point is on the front: no other is at least as low in all coordinates and lower in one.

    Lower is better; give what should be high with a minus. A point that lacks a coordinate is not on the front and
    keeps nobody from it. Pareto dominance as in Miettinen, Nonlinear Multiobjective Optimization, 1999, section 2.2.
    """
    whole = [tuple(one for one in point if one is not None) for point in points]
    complete = [len(known) == len(point) for known, point in zip(whole, points, strict=True)]
    return [
        complete[at]
        and not any(complete[other] and _dominates(whole[other], whole[at]) for other in range(len(points)))
        for at in range(len(points))
    ]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
