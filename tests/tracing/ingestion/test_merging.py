from datetime import UTC, datetime, timedelta

from tracing.ingestion.merging import merged
from tracing.records import ObservationChange, TraceChange

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=5)


def trace(**said: object) -> TraceChange:
    return TraceChange(**{"id": "t", "seen_at": NOON, **said})


def step(**said: object) -> ObservationChange:
    return ObservationChange(**{"id": "o", "trace_id": "t", "seen_at": NOON, **said})


def test_the_last_that_says_something_wins() -> None:
    (change,) = merged([trace(name="first", user_id="u"), trace(name="second"), trace(name=None)])
    assert (change.name, change.user_id) == ("second", "u")


def test_ids_stay_apart_and_in_order() -> None:
    assert [change.id for change in merged([trace(id="b"), trace(id="a"), trace(id="b")])] == ["b", "a"]


def test_metadata_merges_key_by_key_and_tags_unite() -> None:
    (change,) = merged([trace(metadata={"a": "1", "b": "1"}, tags=("y",)), trace(metadata={"b": "2"}, tags=("x", "y"))])
    assert change.metadata == {"a": "1", "b": "2"}
    assert change.tags == ("x", "y")


def test_an_empty_output_never_replaces_another() -> None:
    (change,) = merged([step(output='"Paris"'), step(output='""'), step(output="0"), step(output="false")])
    assert change.output == '"Paris"'


def test_an_empty_output_counts_when_there_is_no_other() -> None:
    (change,) = merged([step(), step(output="0")])
    assert change.output == "0"


def test_the_first_trace_start_and_environment_stay() -> None:
    first = step(start_time=NOON, environment="production")
    (change,) = merged([first, step(trace_id="other", start_time=LATER, environment="staging")])
    assert (change.trace_id, change.start_time, change.environment) == ("t", NOON, "production")


def test_the_highest_level_stays() -> None:
    (change,) = merged([step(level="ERROR"), step(level="DEFAULT")])
    assert change.level == "ERROR"


def test_public_can_be_taken_back() -> None:
    (change,) = merged([trace(public=True), trace(public=False), trace()])
    assert change.public is False


def test_the_earliest_sight_counts() -> None:
    (change,) = merged([trace(seen_at=LATER), trace(seen_at=NOON)])
    assert change.seen_at == NOON
