"""Answers from the rollup against the same worked out over the measured rows, whatever happened to these meanwhile."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import batch, generation, score, step, trace
from tracing.filters import Filter
from tracing.store.base import Deletion, Measure, MetricsQuery, Store
from tracing.store.postgres import metrics as measuring
from tracing.store.postgres import rollup_cubes, rollup_reading
from tracing.store.postgres.rollup_refresh import HOURS, refresh, refresh_some
from tracing.store.postgres.sql import fetch, run

MONDAY = datetime(2025, 3, 10, tzinfo=UTC)
DAYS = 4
NOW = timedelta(0)

OBSERVED = (
    ("count", "count"), ("totalCost", "sum"), ("totalTokens", "sum"), ("inputTokens", "avg"), ("outputCost", "avg"),
    ("latency", "sum"), ("latency", "avg"), ("latency", "min"), ("latency", "max"), ("latency", "count"),
    ("timeToFirstToken", "max"),
)  # fmt: skip
TRACED = (
    ("count", "count"), ("totalCost", "sum"), ("totalTokens", "avg"), ("errorCount", "sum"), ("observations", "sum"),
    ("latency", "max"),
)  # fmt: skip
SCORED = (("count", "count"),)
VALUED = (*SCORED, ("value", "avg"), ("value", "min"), ("value", "max"))
MODEL = Filter("stringOptions", "providedModelName", "any of", ("m1", "m2"))
QUESTIONS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("observations", OBSERVED, {}),
    ("observations", OBSERVED, {"dimensions": ("model",), "granularity": "day"}),
    ("observations", OBSERVED, {"dimensions": ("providedModelName", "level", "environment"), "granularity": "hour"}),
    ("observations", OBSERVED, {"dimensions": ("name", "type")}),
    ("observations", OBSERVED, {"dimensions": ("promptName", "promptVersion"), "granularity": "week"}),
    ("observations", OBSERVED, {"filters": (MODEL,), "granularity": "month"}),
    ("observations", OBSERVED, {"filters": (Filter("number", "promptVersion", ">", 1),), "dimensions": ("model",)}),
    ("observations", OBSERVED, {"filters": (Filter("null", "model", "is null", ""),), "granularity": "day"}),
    ("observations", OBSERVED, {"unpriced": True, "dimensions": ("model",)}),
    ("traces", TRACED, {"granularity": "day"}),
    ("traces", TRACED, {"dimensions": ("name",), "order": (("count_count", "desc"),), "limit": 2}),
    ("traces", TRACED, {"dimensions": ("userId", "environment"), "granularity": "day"}),
    ("traces", TRACED, {"filters": (Filter("string", "name", "contains", "N"),)}),
    ("scores-numeric", VALUED, {"dimensions": ("name",), "granularity": "day"}),
    ("scores-boolean", VALUED, {"dimensions": ("stringValue", "source")}),
    ("scores-categorical", SCORED, {"dimensions": ("name", "stringValue")}),
)  # fmt: skip


@pytest.fixture
def rolled(a_store: Store) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Asks, and insists that the rollup was asked."""

    def ask(view: str, measures: Any, **more: Any) -> list[dict[str, Any]]:
        query = question(view, measures, **more)
        assert rollup_reading.plan(query), query
        return list(a_store.metrics(query))

    yield ask


def question(view: str, measures: Any, **more: Any) -> MetricsQuery:
    asked = tuple(Measure(measure=name, aggregation=how) for name, how in measures)
    window = {"since": MONDAY + timedelta(hours=5, minutes=17), "until": MONDAY + timedelta(days=DAYS, hours=-3.4)}
    return MetricsQuery(**{"project_id": HERE, "view": view, "measures": asked, **window, **more})


def plainly(query: MetricsQuery, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The answer from the measured rows."""
    with monkeypatch.context() as patched:
        patched.setattr(rollup_reading, "plan", lambda query: None)
        return list(measuring.metrics(query))


def agree(a_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for view, measures, more in QUESTIONS:
        query = question(view, measures, **more)
        assert rollup_reading.plan(query), (view, more)
        got, wanted = list(a_store.metrics(query)), plainly(query, monkeypatch)
        assert len(got) == len(wanted), (view, more)
        for row, right in zip(got, wanted, strict=True):
            assert list(row) == list(right)
            assert row == {
                name: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
                for name, value in right.items()
            }, (view, more)
            assert {name: type(value) for name, value in row.items()} == {
                name: type(value) for name, value in right.items()
            }


class World:
    """Changes at random: new things, late ones, repeats, updates and corrections of times."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.made = 0

    def moment(self) -> datetime:
        return MONDAY + timedelta(days=self.chance.random() * DAYS)

    def some(self, count: int, prefix: str = "") -> Iterator[Any]:
        for _ in range(count):
            self.made += 1
            number = f"{prefix}{self.made if self.chance.random() < 0.7 else self.chance.randrange(1, self.made + 1)}"
            yield from self._trace(number)

    def _trace(self, number: str) -> Iterator[Any]:
        chance = self.chance
        start = self.moment()
        said: dict[str, Any] = {"name": chance.choice(("n1", "n2", "n3", None)), "user_id": f"u{chance.randrange(4)}"}
        if chance.random() < 0.6:
            said["timestamp"] = start
        else:
            said |= {"timestamp": None, "seen_at": start, "explicit": False}
        yield trace(f"t{number}", environment=chance.choice(("default", "production")), **said)
        for n in range(chance.randrange(3)):
            begin = start + timedelta(seconds=chance.uniform(-4000, 4000))
            free = chance.random() < 0.3
            yield generation(
                f"g{number}-{n}",
                f"t{number}",
                # Without a start, another time stands in until one comes.
                start_time=begin if chance.random() < 0.7 else None,
                seen_at=begin,
                end_time=chance.choice((None, begin + timedelta(milliseconds=chance.lognormvariate(6, 2)), begin)),
                completion_start_time=chance.choice((None, begin + timedelta(milliseconds=chance.uniform(-5, 900)))),
                model=chance.choice(("m1", "m2", "m3", None)),
                level=chance.choice((None, "DEFAULT", "ERROR", "WARNING")),
                name=chance.choice(("a", "b")),
                prompt_name=chance.choice((None, "p")),
                prompt_version=chance.choice((None, 1, 2)),
                **({"cost_details": None, "total_cost": None} if free else {"total_cost": chance.randrange(999) / 1e6}),
            )
        yield step(f"o{number}", f"t{number}", start_time=start, end_time=start + timedelta(seconds=1), type="TOOL")
        kind = chance.choice(("NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"))
        value = {"NUMERIC": chance.random() - 0.5, "BOOLEAN": float(chance.random() < 0.5), "TEXT": None}.get(kind, 0.0)
        words = {"NUMERIC": None, "BOOLEAN": "True" if value else "False", "TEXT": "hm"}.get(kind, chance.choice("xyz"))
        yield score(
            f"s{number}", trace_id=f"t{number}", timestamp=self.moment(), name=chance.choice(("q", "r")),
            data_type=kind, value=value, string_value=words,
        )  # fmt: skip

    def batches(self, count: int, prefix: str = "") -> Any:
        """A batch holds one change of an id."""
        changes = {(type(change), change.id): change for change in self.some(count, prefix)}
        return batch(*changes.values())


@pytest.mark.parametrize("seed", range(3))
def test_sums_agree_with_the_rows_at_every_moment(a_store: Store, monkeypatch: Any, seed: int) -> None:
    world = World(seed)
    a_store.write(ELSEWHERE, World(99).batches(20))
    for turn in range(5):
        a_store.write(HERE, world.batches(25))
        agree(a_store, monkeypatch)  # with the hours of this turn marked, the others summed
        if turn % 2:
            chosen = tuple(f"t{world.chance.randrange(1, world.made)}" for _ in range(8))
            a_store.delete(Deletion(project_id=HERE, kind="traces", ids=chosen))
            a_store.delete(Deletion(project_id=HERE, kind="scores", ids=(f"s{world.chance.randrange(world.made)}",)))
            agree(a_store, monkeypatch)
        refresh_some(NOW, limit=world.chance.choice((7, 1000)))
        agree(a_store, monkeypatch)
    refresh(ripe=NOW)
    assert marks() == 0
    agree(a_store, monkeypatch)
    a_store.delete(Deletion(project_id=HERE, kind="traces", before=MONDAY + timedelta(days=2)))
    agree(a_store, monkeypatch)
    refresh(ripe=NOW)
    agree(a_store, monkeypatch)


def test_what_was_summed_is_not_read_again(a_store: Store, rolled: Any) -> None:
    """Else the tests above would pass without any sums."""
    a_store.write(HERE, World(5).batches(40))
    assert refresh(ripe=NOW) > 0

    def whole_days() -> list[dict[str, Any]]:
        rows = rolled("observations", OBSERVED, dimensions=("model",), granularity="day")
        return [row for row in rows if row["time_dimension"].day in (11, 12)]

    before = whole_days()
    assert before
    with connection.cursor() as cursor:  # where no trigger looks
        cursor.execute("ALTER TABLE tracing_observation DISABLE TRIGGER USER")
        cursor.execute(
            "DELETE FROM tracing_observation WHERE start_time BETWEEN %s AND %s",
            (MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)),
        )
        cursor.execute("ALTER TABLE tracing_observation ENABLE TRIGGER USER")
    assert whole_days() == before
    run("UPDATE tracing_rollup SET n = n + 1000 WHERE step = %s", (rollup_cubes.HOUR,))
    assert whole_days() == before


def marks() -> int:
    [(n,)] = fetch("SELECT count(*) FROM tracing_rollup_mark")
    return int(n)


def test_an_hour_is_marked_once_however_much_is_written(a_store: Store, db: None) -> None:
    for n in range(20):
        a_store.write(HERE, batch(trace("t1", timestamp=MONDAY, version=str(n)), step(f"o{n}", start_time=MONDAY)))
    assert marks() == 2


def test_the_present_hour_and_what_was_just_marked_wait(a_store: Store, db: None) -> None:
    a_store.write(HERE, batch(step("o1", start_time=datetime.now(UTC))))
    assert refresh_some(NOW) == 0
    a_store.write(HERE, batch(step("o2", "t2", start_time=MONDAY)))
    assert refresh_some() == 0
    assert refresh_some(NOW) == 2


def test_a_backlog_is_worked_off_in_parts(a_store: Store, db: None) -> None:
    a_store.write(HERE, batch(*(step(f"o{n}", start_time=MONDAY + timedelta(hours=n)) for n in range(HOURS + 5))))
    assert refresh_some(NOW) == HOURS
    assert refresh(ripe=NOW) == 5 + 1  # and the trace
    assert refresh_some(NOW) == 0


def test_an_hour_with_as_many_names_as_rows_is_left_to_its_rows(a_store: Store, rolled: Any) -> None:
    many = [step(f"o{n}", "t1", start_time=MONDAY + timedelta(hours=7), name=f"name {n}") for n in range(400)]
    a_store.write(HERE, batch(*many, step("o-late", "t1", start_time=MONDAY + timedelta(hours=9), name="usual")))
    refresh(ripe=NOW)
    assert fetch("SELECT view, cube, hour FROM tracing_rollup_mark") == [(1, 2, MONDAY + timedelta(hours=7))]
    [(cells,)] = fetch("SELECT count(*) FROM tracing_rollup WHERE cube = 2 AND step = 0")
    assert cells == 1
    rows = rolled("observations", (("count", "count"),), dimensions=("name",))
    assert len(rows) == 401
    # Once it is no longer so, it is summed like any other.
    a_store.write(HERE, batch(*(step(f"o{n}", "t1", name="one") for n in range(400))))
    refresh(ripe=NOW)
    assert marks() == 0
    rows = rolled("observations", (("count", "count"),), dimensions=("name",))
    assert {row["name"]: row["count_count"] for row in rows} == {"one": 400, "usual": 1}


def test_a_day_with_as_many_users_as_traces_is_left_to_its_rows(a_store: Store, rolled: Any) -> None:
    noon = MONDAY + timedelta(days=1, hours=12)
    a_store.write(HERE, batch(*(trace(f"t{n}", timestamp=noon, user_id=f"u{n}") for n in range(400))))
    for late in range(3):
        a_store.write(HERE, batch(trace(f"late{late}", timestamp=noon - timedelta(hours=3), user_id="late")))
        refresh(ripe=NOW)
        assert fetch("SELECT view, cube, hour FROM tracing_rollup_mark") == [(2, 5, MONDAY + timedelta(days=1))]
    rows = rolled("traces", (("count", "count"),), dimensions=("userId",), limit=2)
    assert rows == [{"userId": "late", "count_count": 3}, {"userId": "u0", "count_count": 1}]


@pytest.mark.parametrize("dimensions", [(), ("model", "level"), ("environment", "name")])
def test_percentiles_are_right_within_one_percent(
    a_store: Store, monkeypatch: Any, rolled: Any, dimensions: tuple[str, ...]
) -> None:
    chance = random.Random(3)
    for _ in range(4):
        a_store.write(
            HERE,
            batch(
                *(
                    generation(
                        f"g{chance.random()}", f"t{chance.randrange(9)}", name=chance.choice(("a", "b", "few")),
                        start_time=(start := MONDAY + timedelta(days=chance.random() * DAYS)),
                        end_time=start + chance.choice((0, 1, -1)) * timedelta(seconds=chance.lognormvariate(-2, 3)),
                        completion_start_time=start + timedelta(milliseconds=chance.uniform(0.001, 400)),
                    )
                    for _ in range(150)
                )
            ),
        )  # fmt: skip
    figures = ("latency",) if "name" in dimensions else ("latency", "timeToFirstToken")
    asked = [(name, f"p{n}") for n in (50, 75, 90, 95, 99) for name in figures]
    measures = (*asked, ("count", "count"), ("latency", "max"))
    monkeypatch.setattr(measuring, "EXACT_UP_TO", 0)
    query = question("observations", measures, dimensions=dimensions)
    right = plainly(query, monkeypatch)
    for _ in range(2):  # from the rows, then from the sums
        rows = rolled("observations", measures, dimensions=dimensions)
        assert len(rows) == len(right)
        for row, exact in zip(rows, right, strict=True):
            for name, value in exact.items():
                expected = pytest.approx(value, rel=0.01, abs=1e-6) if name.startswith("p") else value
                assert row[name] == expected, name
        refresh(ripe=NOW)


def test_percentiles_of_few_rows_are_exact(a_store: Store, rolled: Any) -> None:
    ends = (1, 2, 4, 100)
    start = MONDAY + timedelta(hours=8)
    a_store.write(HERE, batch(*(step(f"o{n}", start_time=start, end_time=start + timedelta(seconds=n)) for n in ends)))
    refresh(ripe=NOW)
    assert rolled("observations", (("latency", "p50"),)) == [{"p50_latency": 3000}]


@pytest.mark.parametrize(
    ("view", "measures", "more"),
    [
        ("observations", (("count", "count"),), {"dimensions": ("traceName",)}),
        ("observations", (("count", "count"),), {"filters": (Filter("string", "userId", "=", "u"),)}),
        ("observations", (("count", "count"),), {"granularity": "minute"}),
        ("observations", (("count", "count"),), {"dimensions": ("name", "model")}),
        ("observations", (("uniqueUserIds", "uniq"),), {}),
        ("observations", (("latency", "histogram"),), {}),
        ("observations", (("totalTokens", "p50"),), {}),
        ("observations", (("tokensPerSecond", "avg"),), {}),
        ("scores-numeric", (("value", "p50"),), {}),
        ("traces", (("latency", "p95"),), {"dimensions": ("userId",)}),
        ("traces", (("count", "count"),), {"dimensions": ("userId",), "granularity": "hour"}),
        ("traces", (("count", "count"),), {"until": MONDAY + timedelta(hours=5, minutes=50)}),
    ],
)
def test_what_is_not_summed_is_read_from_the_rows(view: str, measures: Any, more: dict[str, Any]) -> None:
    assert rollup_reading.plan(question(view, measures, **more)) is None


def test_the_sums_of_a_deleted_project_go_with_it(a_store: Store, db: None) -> None:
    a_store.write(HERE, World(1).batches(20))
    refresh(ripe=NOW)
    a_store.delete(Deletion(project_id=HERE, kind="project"))
    refresh(ripe=NOW)
    assert fetch("SELECT count(*) FROM tracing_rollup") == [(0,)]
    assert marks() == 0


@pytest.mark.django_db(transaction=True)
class TestSeveralAtOnce:
    """Writers and deletions in threads while sums are made all the time."""

    def test_no_change_escapes_a_refresh(self, a_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        stop, faults = threading.Event(), []

        def work(what: Callable[[int], object]) -> None:
            turn = 0
            try:
                while not stop.is_set():
                    what(turn)
                    turn += 1
            except BaseException as error:
                faults.append(error)
            finally:
                connection.close()

        worlds = [World(seed) for seed in range(3)]
        jobs: list[Callable[[int], object]] = [
            *(lambda turn, world=world: a_store.write(HERE, world.batches(3)) for world in worlds),
            lambda turn: a_store.delete(Deletion(project_id=HERE, kind="traces", ids=(f"t{turn % 50}",))),
            lambda turn: refresh_some(NOW),
            lambda turn: refresh_some(NOW, limit=5),
        ]
        threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        stop.wait(3)
        stop.set()
        for thread in threads:
            thread.join()
        assert not faults
        agree(a_store, monkeypatch)
        refresh(ripe=NOW)
        assert marks() == 0
        agree(a_store, monkeypatch)

    def test_a_writer_who_ends_after_a_refresh_began_is_not_forgotten(self, a_store: Store) -> None:
        """It sees the mark of another, whose rows a refresh sums up meanwhile."""
        from django.db import transaction

        hour = MONDAY + timedelta(hours=9)
        a_store.write(HERE, batch(step("o1", "t1", start_time=hour)))
        written, summed = threading.Event(), threading.Event()

        def write_slowly() -> None:
            with transaction.atomic():
                a_store.write(HERE, batch(step("o2", "t2", start_time=hour)))
                written.set()
                summed.wait(1.5)
            connection.close()

        writer = threading.Thread(target=write_slowly)
        writer.start()
        written.wait(5)
        refresh_some(NOW)  # waits for the writer, or leaves him his mark
        summed.set()
        writer.join()
        [row] = a_store.metrics(question("observations", (("count", "count"),)))
        assert row == {"count_count": 2}
