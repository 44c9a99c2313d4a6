"""The migration that moves texts into packs, on rows as released versions wrote them."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import NOON, at, generation, trace
from tracing.store.base import Measure, MetricsQuery, Store, TraceQuery

migration = import_module("tracing.migrations.0007_texts_in_packs")
USUAL = {"created_at": NOON, "updated_at": NOON}
SCOPE = '{"name":"sdk"}'


@pytest.fixture
def old(db: None) -> Any:
    """The tables of the version before, empty, in front of today's."""
    apps = MigrationLoader(connection).project_state(("tracing", "0006_rollups")).apps
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA old; SET LOCAL search_path TO old, public")
    with connection.schema_editor() as editor:
        for name in ("TraceRow", "ObservationRow"):
            editor.create_model(apps.get_model("tracing", name))
    return apps


def a_trace(old: Any, id: str, project_id: str = HERE, **said: Any) -> None:
    old.get_model("tracing", "TraceRow").objects.create(
        project_id=project_id, id=id, explicit=True, timestamp=NOON, timestamp_given=True, environment_given=False,
        tags=["a"], **USUAL, **said,
    )  # fmt: skip


def a_step(old: Any, id: str, trace_id: str, project_id: str = HERE, **said: Any) -> None:
    old.get_model("tracing", "ObservationRow").objects.create(
        project_id=project_id, id=id, trace_id=trace_id, trace_given=True, start_time=NOON, start_given=True, **USUAL,
        **said,
    )  # fmt: skip


def move() -> None:
    with connection.schema_editor(atomic=False) as editor:
        migration.move(None, editor)
        # What later migrations do.
        for table in ("tracing_trace", "tracing_observation"):
            editor.execute(f"ALTER TABLE {table} ALTER updated_at DROP NOT NULL")


def test_everything_is_carried_over(old: Any, a_store: Store) -> None:
    a_trace(
        old, "t1", name="n", user_id="u", session_id="s", input='"i"', output='"o"', input_preview="i", root_id="g1",
        metadata={"team": '"blue"', "scope": SCOPE}, total_cost=0.003, observation_count=1,
    )  # fmt: skip
    a_trace(old, "t1", ELSEWHERE, input='"theirs"')
    a_trace(old, "bare")
    a_step(
        old, "g1", "t1", type="GENERATION", name="answer", model="m", end_time=at(2), input='"gi"', output='"go"',
        metadata={"k": "1"}, model_parameters='{"t":0}', input_preview="gi", provided_usage_details={"input": 10},
        usage_details={"input": 10, "output": 5, "total": 15}, input_tokens=10, output_tokens=5, total_tokens=15,
        cost_details={"input": 0.001, "output": 0.002, "total": 0.003}, input_cost=0.001, output_cost=0.002,
        total_cost=0.003, provided_cost_details={"input": 0.5}, level=3, prompt_name="p", prompt_version=2,
    )  # fmt: skip
    a_step(old, "o2", "t1", usage_details={"input": 1, "cached": 1, "total": 2}, total_tokens=2, input_tokens=1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION old.told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        cursor.execute("CREATE TRIGGER telling AFTER INSERT ON tracing_trace EXECUTE FUNCTION old.told()")
    move()
    found = a_store.get_trace(HERE, "t1")
    assert found
    one = found.trace
    assert (one.name, one.user_id, one.session_id, one.tags, one.total_cost) == ("n", "u", "s", ("a",), 0.003)
    assert (one.input, one.output, one.metadata) == ('"i"', '"o"', f'{{"team":"blue","scope":{SCOPE}}}')
    inner, other = sorted(found.observations, key=lambda step: step.id)
    assert (inner.input, inner.output, inner.metadata, inner.model_parameters) == ('"gi"', '"go"', '{"k":1}', '{"t":0}')
    assert inner.usage_details == {"input": 10, "output": 5, "total": 15}
    assert inner.cost_details == {"input": 0.001, "output": 0.002, "total": 0.003}
    assert (inner.provided_usage_details, inner.provided_cost_details) == ({"input": 10}, {"input": 0.5})
    assert (inner.level, inner.prompt_name, inner.prompt_version, inner.end_time) == ("ERROR", "p", 2, at(2))
    assert (other.usage_details, other.input) == ({"input": 1, "cached": 1, "total": 2}, None)
    theirs = a_store.get_trace(ELSEWHERE, "t1")
    assert theirs
    assert theirs.trace.input == '"theirs"'
    assert {row.id for row in a_store.traces(TraceQuery(project_id=HERE)).rows} == {"t1", "bare"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'old.tracing_trace'::regclass")
        assert cursor.fetchall() == [("telling",)]


def test_what_was_carried_over_goes_on_merging(old: Any, a_store: Store, write: Any) -> None:
    a_trace(old, "t1", input='"i"')
    a_step(old, "g1", "t1", input='"gi"', metadata={"a": "1"})
    move()
    write(trace(output='"o"'), generation(output='"go"', metadata={"b": "2"}))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.input, found.trace.output, found.trace.total_cost) == ('"i"', '"o"', 0.003)
    [inner] = found.observations
    assert (inner.input, inner.output, inner.metadata) == ('"gi"', '"go"', '{"a":1,"b":2}')
    counted = Measure(measure="count", aggregation="count")
    query = MetricsQuery(project_id=HERE, view="observations", measures=(counted,), since=NOON, until=at(1))
    assert a_store.metrics(query) == [{"count_count": 1}]


def test_many_rows_fill_many_packs(old: Any, a_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "PARTS", 3)
    monkeypatch.setattr(migration, "ROWS", 2)
    for n in range(10):
        a_trace(old, f"t{n}", HERE if n % 2 else ELSEWHERE, input=f'"{n}"')
    move()
    for project_id in (HERE, ELSEWHERE):
        for row in a_store.traces(TraceQuery(project_id=project_id, with_bodies=True)).rows:
            assert row.input == f'"{row.id[1:]}"'
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM old.tracing_pack")
        assert cursor.fetchone() == (4,)
