"""A trace's tree reads in order, and hides nothing."""

from datetime import UTC, datetime, timedelta

from tracing.records import Step
from tracing.tree import AROUND, PIECE, WHOLE, flatten, shown_first

START = datetime(2026, 1, 1, tzinfo=UTC)


def span(name: str, parent: str | None = None, at: float = 0, lasts: float = 1) -> Step:
    begun = START + timedelta(seconds=at)
    return Step(name, parent, begun, begun + timedelta(seconds=lasts))


def shape(*spans: Step) -> list[tuple[str, int]]:
    return [(node.step.id, node.depth) for node in flatten(spans)]


def test_children_follow_their_parent_by_start() -> None:
    spans = (span("b", "root", at=2), span("root", lasts=5), span("a", "root", at=1), span("a1", "a", at=1))
    assert shape(*spans) == [("root", 0), ("a", 1), ("a1", 2), ("b", 1)]


def test_an_unknown_parent_puts_it_on_the_top_level() -> None:
    assert shape(span("lost", "gone")) == [("lost", 0)]


def test_circles_hide_nothing() -> None:
    assert sorted(name for name, _ in shape(span("a", "b"), span("b", "a"), span("self", "self"))) == ["a", "b", "self"]


def test_a_chain_of_thousands_does_not_exhaust_the_stack() -> None:
    spans = [span("0")] + [span(str(n), str(n - 1), at=n / 1000) for n in range(1, 5000)]
    assert len(flatten(spans)) == 5000


def test_bars_stand_where_the_time_was_spent() -> None:
    nodes = flatten([span("root", lasts=10), span("half", "root", at=5, lasts=2.5)])
    assert [(node.offset, node.width) for node in nodes] == [(0, 100), (50, 25)]


def wide(total: int) -> list[Step]:
    """A root and its children, every hundredth with a child of its own."""
    return [span("0", lasts=total)] + [
        span(str(n), str(n - 1) if n % 100 == 1 and n > 1 else "0", at=n) for n in range(1, total)
    ]


def test_a_small_tree_is_shown_whole() -> None:
    assert shown_first(flatten(wide(WHOLE)), None) == [range(WHOLE)]
    assert shown_first([], None) == [range(0)]


def test_of_a_large_tree_the_beginning_is_shown() -> None:
    assert shown_first(flatten(wide(WHOLE + 1)), None) == [range(PIECE)]


def test_what_is_chosen_is_shown_with_its_neighbours_and_ancestors() -> None:
    spans = [span("root", lasts=2000), span("top", "root", at=400)]
    spans += [span(f"a{n}", "root", at=n / 2) for n in range(700)] + [
        span(f"b{n}", "top", at=500 + n) for n in range(700)
    ]
    nodes = flatten(spans)
    here = next(n for n, node in enumerate(nodes) if node.step.id == "b300")
    parent = next(n for n, node in enumerate(nodes) if node.step.id == "top")
    assert shown_first(nodes, "b300") == [
        range(PIECE),
        range(parent, parent + 1),
        range(here - AROUND, here + AROUND + 1),
    ]


def test_a_gap_that_is_hardly_one_is_filled() -> None:
    nodes = flatten(wide(1000))
    near = nodes[PIECE + AROUND].step.id
    assert shown_first(nodes, near) == [range(PIECE + 2 * AROUND + 1)]
    assert shown_first(nodes, nodes[-AROUND - 2].step.id)[-1].stop == 1000


def test_of_thousands_of_ancestors_the_nearest_are_shown() -> None:
    nodes = flatten([span("0")] + [span(str(n), str(n - 1), at=n / 1000) for n in range(1, 5000)])
    assert shown_first(nodes, "4000") == [range(PIECE), range(4000 - PIECE, 4000 + AROUND + 1)]
