"""What spans say about their trace."""

from typing import Any

from tests.tracing.ingestion.making import NOON_NS, SECOND_NS, child, source, span
from tracing.ingestion import spans
from tracing.ingestion.sources import Span
from tracing.records import TraceChange


def derived(*given: Span, resource: dict[str, Any] | None = None) -> TraceChange:
    """The change of the one trace of these spans."""
    (change,) = spans.translate([source(*given, resource=resource)]).traces
    return change


def test_the_root_lends_name_metadata_and_versions() -> None:
    change = derived(
        span({"langfuse.observation.metadata.experiment_name": "e", "langfuse.version": "2"}, name="root"),
        child({"langfuse.observation.metadata.own": "c"}),
        resource={"langfuse.release": "r1", "service.name": "app"},
    )
    assert (change.name, change.version, change.release) == ("root", "2", "r1")
    assert set(change.metadata or {}) == {"experiment_name", "resourceAttributes", "scope"}


def test_attributes_for_the_trace_count_from_any_span() -> None:
    change = derived(
        span(name="root"),
        child(
            {
                "langfuse.trace.name": "named",
                "user.id": "u",
                "session.id": "s",
                "langfuse.trace.tags": ["b", "a"],
                "langfuse.trace.public": True,
                "langfuse.trace.metadata.class": '"7B"',
                "langfuse.trace.input": '{"q": 1}',
                "langfuse.trace.output": "a",
            }
        ),
    )
    assert (change.name, change.user_id, change.session_id, change.public) == ("named", "u", "s", True)
    assert (change.tags, change.input, change.output) == (("a", "b"), '{"q": 1}', '"a"')
    assert (change.metadata or {})["class"] == '"7B"'
    assert change.explicit


def test_a_name_that_is_only_the_roots_fills_a_gap() -> None:
    assert not derived(span({"user.id": "u"}, name="root")).explicit
    assert not derived(child()).explicit


def test_a_child_that_speaks_for_the_trace_is_explicit() -> None:
    change = derived(child({"langfuse.trace.name": "named"}))
    assert change.explicit and change.name == "named"


def test_a_child_alone_gives_no_name() -> None:
    change = derived(child({"langfuse.environment": "production"}))
    assert (change.name, change.environment) == (None, "production")


def test_the_order_of_start_decides_between_spans() -> None:
    early = child({"user.id": "early"}, id="1" * 16, start=NOON_NS)
    late = child({"user.id": "late"}, id="2" * 16, start=NOON_NS + SECOND_NS)
    assert derived(late, early).user_id == "late"


def test_tags_come_in_many_shapes() -> None:
    for sent in (["a", "b"], '["a", "b"]', "a, b", "b,a,"):
        assert derived(span({"langfuse.tags": sent})).tags == ("a", "b")
    assert derived(span({"tag.tags": "one"})).tags == ("one",)


def test_user_and_session_have_many_names() -> None:
    assert derived(span({"langfuse.user.id": "first", "user.id": "second"})).user_id == "first"
    assert derived(span({"gen_ai.conversation.id": "c"})).session_id == "c"
    assert derived(span({"langfuse.observation.metadata.langfuse_session_id": "s"})).session_id == "s"


def test_an_id_that_cannot_be_kept_is_cut() -> None:
    assert derived(span({"user.id": "x" * 900})).user_id == "x" * 500
    assert derived(span({"session.id": "a\0b\rc"})).session_id == "a\ufffdb c"


def test_the_first_span_of_the_sdk_below_foreign_ones_is_a_root() -> None:
    change = derived(child({"langfuse.internal.is_app_root": True, "langfuse.observation.metadata.k": "v"}, name="app"))
    assert change.name == "app"
    assert (change.metadata or {})["k"] == '"v"'
