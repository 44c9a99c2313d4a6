"""A trace's tree reads in order, and hides nothing."""

from datetime import UTC, datetime, timedelta

from tracing.records import Observation
from tracing.tree import flatten

START = datetime(2026, 1, 1, tzinfo=UTC)


def span(name: str, parent: str | None = None, at: float = 0, lasts: float = 1) -> Observation:
    begun = START + timedelta(seconds=at)
    return Observation(
        project_id="p", id=name, trace_id="t", parent_observation_id=parent, type="SPAN", name=name, start_time=begun,
        end_time=begun + timedelta(seconds=lasts), completion_start_time=None, level="DEFAULT", status_message=None,
        environment="default", version=None, created_at=START, updated_at=START, model=None, model_id=None,
        model_parameters=None,
    )  # fmt: skip


def shape(*spans: Observation) -> list[tuple[str, int]]:
    return [(node.observation.id, node.depth) for node in flatten(spans)]


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
