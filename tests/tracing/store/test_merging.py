"""How words about the same thing meet, whatever their order."""

import itertools
from typing import Any

import orjson
import pytest

from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import NOON, at, generation, score, step, trace
from tracing.records import Observation, Trace
from tracing.store.base import Store


def the_trace(a_store: Store, id: str = "t1") -> Trace:
    found = a_store.get_trace(HERE, id)
    assert found
    return found.trace


def the_step(a_store: Store, id: str = "o1", trace_id: str = "t1") -> Observation:
    found = a_store.get_trace(HERE, trace_id)
    assert found
    return next(step for step in found.observations if step.id == id)


def test_it_gives_back_what_it_was_given(a_store: Store, write: Any) -> None:
    write(
        trace(
            name="capital", user_id="u", session_id="s", environment="prod", release="r", version="v", public=True,
            tags=("b", "a", "b"), input='{"z":1,"a":[1.50,12345678901234567890]}', output='"Paris"',
            metadata={"k": '"v"', "n": "0", "deep": '{"z":1,"a":2}'},
        )
    )  # fmt: skip
    found = the_trace(a_store)
    assert (found.name, found.user_id, found.session_id, found.environment) == ("capital", "u", "s", "prod")
    assert (found.release, found.version, found.public, found.bookmarked) == ("r", "v", True, False)
    assert found.tags == ("a", "b")
    assert (found.input, found.output) == ('{"z":1,"a":[1.50,12345678901234567890]}', '"Paris"')
    assert found.metadata
    assert orjson.loads(found.metadata) == {"k": "v", "n": 0, "deep": {"z": 1, "a": 2}}
    assert '{"z":1,"a":2}' in found.metadata  # values as they were sent
    assert found.output_preview == "Paris"
    assert found.timestamp == NOON


def test_it_gives_back_an_observation_as_it_was_given(a_store: Store, write: Any) -> None:
    write(
        generation(
            parent_observation_id="p", completion_start_time=at(0.5), level="WARNING", status_message="slow",
            environment="prod", version="2", model_id="m", model_parameters='{"temperature":0}', prompt_id="pid",
            provided_usage_details={"input": 10}, provided_cost_details={"input": 1.0}, prompt_name="p",
            prompt_version=3, input='"q"', output='"a"', metadata={"a": "1"}, experiment={"id": "e"},
        )
    )  # fmt: skip
    found = the_step(a_store, "g1")
    assert found.usage_details == {"input": 10, "output": 5, "total": 15}
    assert found.cost_details == {"input": 0.001, "output": 0.002, "total": 0.003}
    assert found.provided_usage_details == {"input": 10}
    assert (found.latency, found.time_to_first_token, found.total_cost) == (2.0, 0.5, 0.003)
    assert (found.level, found.status_message, found.type, found.model) == (
        "WARNING", "slow", "GENERATION", "gpt-4o-mini"
    )  # fmt: skip
    assert (found.prompt_id, found.prompt_name, found.prompt_version) == ("pid", "p", 3)
    assert (found.input, found.output, found.metadata) == ('"q"', '"a"', '{"a":1}')
    assert found.experiment == {"id": "e"}
    assert not found.is_root


def test_missing_keeps_and_given_replaces(a_store: Store, write: Any) -> None:
    write(trace(name="old", user_id="u", input='"i"'), step(name="old", end_time=at(1), input='"i"'))
    write(trace(name="new", output='"o"'), step(name="new", output='"o"'))
    found, inner = the_trace(a_store), the_step(a_store)
    assert (found.name, found.user_id, found.input, found.output) == ("new", "u", '"i"', '"o"')
    assert (inner.name, inner.end_time, inner.input, inner.output) == ("new", at(1), '"i"', '"o"')


def test_public_can_be_taken_back(a_store: Store, write: Any) -> None:
    write(trace(public=True))
    write(trace(public=False))
    assert not the_trace(a_store).public


def test_tags_unite_sorted_and_metadata_merges_by_key(a_store: Store, write: Any) -> None:
    write(trace(tags=("b", "Ä"), metadata={"a": "1", "b": '"x"'}))
    write(trace(tags=("a", "b"), metadata={"b": '"y"', "c": "[2]"}))
    found = the_trace(a_store)
    assert found.tags == ("a", "b", "Ä")
    assert found.metadata
    assert orjson.loads(found.metadata) == {"a": 1, "b": "y", "c": [2]}


def test_metadata_of_observations_merges_by_key(a_store: Store, write: Any) -> None:
    write(step(metadata={"a": "1"}))
    write(step())
    write(step(metadata={"b": "2"}))
    assert the_step(a_store).metadata == '{"a":1,"b":2}'


def test_the_highest_level_stays(a_store: Store, write: Any) -> None:
    write(step(level="ERROR"))
    write(step(level="DEFAULT"))
    assert the_step(a_store).level == "ERROR"
    assert the_trace(a_store).level == "ERROR"


def test_debug_alone_stays_debug(a_store: Store, write: Any) -> None:
    write(step(level="DEBUG"))
    assert (the_step(a_store).level, the_trace(a_store).level) == ("DEBUG", "DEBUG")


def test_the_first_explicit_time_and_environment_of_a_trace_stay(a_store: Store, write: Any) -> None:
    write(trace(explicit=False, timestamp=at(5), environment="implied"))
    write(trace(timestamp=at(3), environment="said"))
    write(trace(timestamp=at(9), environment="later"))
    found = the_trace(a_store)
    assert (found.timestamp, found.environment) == (at(3), "said")


def test_among_implied_times_the_earliest_wins(a_store: Store, write: Any) -> None:
    for seconds in (5, 2, 7):
        write(step(f"o{seconds}", start_time=at(seconds)))
    assert the_trace(a_store).timestamp == at(2)


def test_what_is_implied_fills_gaps_only(a_store: Store, write: Any) -> None:
    write(trace(name="said", metadata={"k": '"said"'}, input='"said"'))
    write(trace(explicit=False, name="implied", user_id="u", metadata={"k": "0", "l": "1"}, input='"implied"'))
    found = the_trace(a_store)
    assert (found.name, found.user_id, found.input, found.input_preview) == ("said", "u", '"said"', "said")
    assert found.metadata == '{"k":"said","l":1}'


def test_what_is_said_replaces_what_was_implied(a_store: Store, write: Any) -> None:
    write(trace(explicit=False, name="root span", input='"implied"'))
    write(trace(name="said", input='"said"'))
    found = the_trace(a_store)
    assert (found.name, found.input, found.input_preview) == ("said", '"said"', "said")


def test_an_update_before_its_create_lends_only_a_provisional_start(a_store: Store, write: Any) -> None:
    write(step(start_time=None, seen_at=at(8), end_time=at(7)))
    assert the_step(a_store).start_time == at(8)
    write(step(start_time=at(4), name="created"))
    write(step(start_time=at(1)))
    found = the_step(a_store)
    assert (found.start_time, found.end_time, found.name) == (at(4), at(7), "created")


def test_trace_and_environment_of_an_observation_stay(a_store: Store, write: Any) -> None:
    write(step(environment="first"))
    write(step(trace_id="t2", environment="second"))
    assert the_step(a_store).environment == "first"
    assert a_store.get_trace(HERE, "t2") is None or not a_store.get_trace(HERE, "t2").observations  # type: ignore[union-attr]


def test_an_observation_without_a_trace_gets_a_wrapper(a_store: Store, write: Any) -> None:
    write(generation("g1", None, name="alone", input='"q"'))
    found = a_store.get_trace(HERE, "g1")
    assert found
    assert (found.trace.name, found.trace.observation_count, found.trace.input) == ("alone", 1, '"q"')


def test_an_update_without_a_trace_finds_its_observation(a_store: Store, write: Any) -> None:
    write(step("o1", "t1", name="there"))
    write(step("o1", None, output='"late"'))
    assert the_step(a_store, "o1", "t1").output == '"late"'
    assert a_store.get_trace(HERE, "o1") is None


def test_a_wrapper_goes_when_the_trace_is_named_at_last(a_store: Store, write: Any) -> None:
    write(generation("g1", None, start_time=None))
    write(trace("t1", explicit=False), generation("g1", "t1", start_time=NOON))
    assert a_store.get_trace(HERE, "g1") is None
    assert the_trace(a_store).observation_count == 1


def test_totals_follow_an_observation_that_moves_and_a_said_wrapper_stays(a_store: Store, write: Any) -> None:
    write(trace("g1", name="kept"), generation("g1", None))
    write(generation("g1", "t1"))
    assert the_trace(a_store, "g1").observation_count == 0
    assert the_trace(a_store, "g1").total_cost is None
    assert the_trace(a_store, "t1").total_cost == 0.003


def test_an_unmentioned_trace_is_made(a_store: Store, write: Any) -> None:
    write(step("o1", "t9", environment="prod", start_time=at(3)))
    found = the_trace(a_store, "t9")
    assert (found.timestamp, found.environment, found.name) == (at(3), "prod", None)


def test_a_score_is_replaced_but_what_it_judges_stays(a_store: Store, write: Any) -> None:
    write(score(value=0.5, comment="first", trace_id="t1"), trace())
    write(score(value=0.9, trace_id="t2", timestamp=at(60), name="better"))
    found = a_store.get_trace(HERE, "t1")
    assert found
    [kept] = found.scores
    assert (kept.value, kept.name, kept.comment, kept.trace_id, kept.timestamp) == (0.9, "better", "first", "t1", NOON)


def test_a_score_may_come_before_its_trace(a_store: Store, write: Any) -> None:
    write(score())
    write(trace())
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert [kept.id for kept in found.scores] == ["s1"]


def test_twice_is_once(a_store: Store, write: Any) -> None:
    everything = (
        trace(name="n", tags=("a",), metadata={"k": "1"}, session_id="s", input='"i"'),
        step("root", output='"o"', level="WARNING"),
        generation(parent_observation_id="root", metadata={"a": "1"}),
        score(),
    )
    write(*everything)
    once = a_store.get_trace(HERE, "t1")
    write(*everything)
    assert a_store.get_trace(HERE, "t1") == once


def said_in_pieces() -> list[Any]:
    return [
        trace(explicit=False, timestamp=None, seen_at=at(1), name="root"),
        trace(name="said", tags=("x",)),
        step("o1", level="ERROR", parent_observation_id=None, input='"i"'),
        step("o1", start_time=None, seen_at=at(9), end_time=at(4), output='"o"'),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_does_not_matter(a_store: Store, write: Any, order: tuple[int, ...]) -> None:
    pieces = said_in_pieces()
    for position in order:
        write(pieces[position])
    found, inner = the_trace(a_store), the_step(a_store)
    assert (found.name, found.tags, found.timestamp, found.level, found.latency) == ("said", ("x",), NOON, "ERROR", 4.0)
    assert (found.input, found.output, found.input_preview) == ('"i"', '"o"', "i")
    assert (inner.start_time, inner.end_time) == (NOON, at(4))


def test_what_postgresql_cannot_hold_is_replaced_and_escapes_stay(a_store: Store, write: Any) -> None:
    write(
        trace(name="a\0b", user_id="\ud800", input=r'"a\u0000b\ud800"', metadata={"k\0": r'"\u0000"'}, tags=("\0",)),
        step(name="\0", usage_details={"input": 2**70}, prompt_version=2**80, input=r'{"content":"\u0000 x"}'),
        score(comment="\0\udfff", metadata=r'{"a":"\u0000"}'),
    )
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.name, found.trace.user_id) == ("a\ufffdb", "\ufffd")
    assert found.trace.input == r'"a\u0000b\ud800"'
    assert found.trace.metadata == '{"k\ufffd":' + r'"\u0000"}'
    assert found.observations[0].total_cost is None
    assert found.scores[0].comment == "\ufffd\ufffd"
    assert a_store.get_trace(HERE, "\0\ud800") is None


def test_a_trace_without_texts_borrows_those_of_its_root(a_store: Store, write: Any) -> None:
    write(step("root", input='"q"', output='"a"'), step("inner", parent_observation_id="root", input='"no"'))
    found = the_trace(a_store)
    assert (found.input, found.output, found.input_preview, found.output_preview) == ('"q"', '"a"', "q", "a")
    write(trace(output='"own"'))
    found = the_trace(a_store)
    assert (found.input, found.output, found.output_preview) == ('"q"', '"own"', "own")


def test_a_marked_root_lends_its_texts_before_a_foreign_one(a_store: Store, write: Any) -> None:
    write(
        step("foreign", input='"http"'),
        step("ours", parent_observation_id="foreign", as_root=True, start_time=at(1), input='"question"'),
    )
    assert the_trace(a_store).input == '"question"'
    assert the_step(a_store, "ours").is_root
