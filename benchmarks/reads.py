"""How long people and programs wait for an answer in a project of a million observations."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from benchmarks.browser import Browser
from benchmarks.connections import Target
from benchmarks.figures import Table
from benchmarks.million import Loaded
from benchmarks.prose import RARE

LISTS, FILTERS, HEAVY = 100, 40, 20
Choices = Sequence[str]

# What lists are filtered by: parameter of the page, values, and the condition of the API.
FILTERED: dict[str, tuple[str, Choices, tuple[str, str, str, str | None]]] = {
    "user": ("user", ("user-1", "user-7", "user-38"), ("string", "userId", "=", None)),
    "tag": ("tag", ("web", "rare", "absent"), ("arrayOptions", "tags", "any of", None)),
    "name": ("name", ("answer question", "write report", "разбор обращения"), ("string", "name", "=", None)),
    "metadata": (
        "metadata",
        ("tenant=tenant-3", "tenant=tenant-29", "tenant=nobody"),
        ("stringObject", "metadata", "=", "tenant"),
    ),
    "score": (
        "score",
        ("quality>=0.5", "quality>=0.99", "quality<0.01"),
        ("numberObject", "scores_avg", ">=", "quality"),
    ),
    "environment": ("environment", ("production", "development", "absent"), ("string", "environment", "=", None)),
    "level": ("level", ("ERROR", "WARNING", "DEBUG"), ("stringOptions", "level", "any of", None)),
}


def measure(table: Table, target: Target, browser: Browser, loaded: Loaded) -> None:
    """Every read that has a floor, and some that have none."""
    lists(table, target, browser)
    filters(table, target, browser)
    single(table, target, browser, loaded)
    charts(table, target, browser)
    searches(table, browser)


def lists(table: Table, target: Target, browser: Browser) -> None:
    table.time("traces, page, newest 50", lambda: browser.get("traces?range=all"), LISTS, most=60)
    table.time("traces, API, newest 50", lambda: target.call("traces?limit=50"), LISTS, most=60)
    table.time("traces, API, 50 of page 100", lambda: target.call("traces?limit=50&page=100"), FILTERS)
    table.time("observations, page, newest 50", lambda: browser.get("observations?range=all"), LISTS)
    table.time("observations, API, newest 50", lambda: target.call("observations?limit=50"), FILTERS)
    table.time("observations, API v2, newest 50", lambda: target.call("v2/observations?limit=50"), LISTS)
    table.time("sessions, page, newest 50", lambda: browser.get("sessions"), FILTERS)
    table.time("users, page", lambda: browser.get("users?range=30d"), HEAVY)
    table.time("scores, page, newest 50", lambda: browser.get("scores"), FILTERS)


def filters(table: Table, target: Target, browser: Browser) -> None:
    """Frequent values, rare ones and ones that nothing has, in turns."""
    for name, (param, values, condition) in FILTERED.items():
        pages = _turns([f"traces?{urlencode({'range': 'all', param: value})}" for value in values])
        calls = _turns([f"traces?{urlencode({'limit': 50, 'filter': _filter(condition, value)})}" for value in values])
        told = ", ".join(values)
        table.time(f"traces by {name}, page", lambda: browser.get(next(pages)), FILTERS, most=150, more=told)  # noqa: B023
        table.time(f"traces by {name}, API", lambda: target.call(next(calls)), FILTERS, most=150)  # noqa: B023


def _filter(condition: tuple[str, str, str, str | None], text: str) -> str:
    kind, column, operator, key = condition
    value: object = text
    if kind == "stringObject":
        value = text.partition("=")[2]
    elif kind == "numberObject":
        operator, limit = ("<", text.partition("<")[2]) if "<" in text else (">=", text.partition(">=")[2])
        value = float(limit)
    elif kind.endswith("Options"):
        value = [text]
    made = {"type": kind, "column": column, "operator": operator, "value": value}
    return json.dumps([made | ({"key": key} if key else {})])


def single(table: Table, target: Target, browser: Browser, loaded: Loaded) -> None:
    ids = _turns(loaded.some)
    table.time("trace of 5, page", lambda: browser.get(f"traces/{next(ids)}"), LISTS, most=25)
    table.time("trace of 5, API", lambda: target.call(f"traces/{next(ids)}"), LISTS, most=25)
    table.time("trace of 5,000, page", lambda: browser.get(f"traces/{loaded.large}"), HEAVY, most=400)
    table.time("trace of 5,000, API", lambda: target.call(f"traces/{loaded.large}"), HEAVY, most=400)


def charts(table: Table, target: Target, browser: Browser) -> None:
    costs = [{"measure": "count", "aggregation": "count"}, {"measure": "totalCost", "aggregation": "sum"}]
    latency = [{"measure": "latency", "aggregation": f"p{n}"} for n in (50, 95, 99)]
    model, month = [{"field": "providedModelName"}], metrics
    table.time(
        "metrics, 30 days by model and day",
        lambda: target.call(month(costs, dimensions=model, timeDimension={"granularity": "day"})),
        HEAVY,
        most=300,
        more="count and cost",
    )
    table.time(
        "metrics, 30 days by model and day, latency",
        lambda: target.call(month(latency, dimensions=model, timeDimension={"granularity": "day"})),
        HEAVY,
        most=300,
        more="p50, p95, p99",
    )
    table.time(
        "metrics, 30 days by name of trace",
        lambda: target.call(month(costs, dimensions=[{"field": "traceName"}])),
        HEAVY,
        more="count and cost",
    )
    table.time(
        "metrics, 30 days of one user by model",
        lambda: target.call(
            month(
                costs,
                dimensions=model,
                filters=[{"type": "string", "column": "userId", "operator": "=", "value": "user-7"}],
            )
        ),
        HEAVY,
        more="nothing is rolled up for that",
    )
    table.time("metrics/daily", lambda: target.call("metrics/daily?limit=50"), HEAVY, more="all time")
    for days in (1, 7, 30):
        name = f"{days}d" if days > 1 else "24h"
        table.time(f"home, {days} days", lambda: browser.get(f"?range={name}"), HEAVY, most=400)  # noqa: B023


def metrics(figures: list[dict[str, str]], days: float = 30, **more: object) -> str:
    """The address of a metrics query over the days until now."""
    now = datetime.now(UTC)
    query = {
        "view": "observations",
        "metrics": figures,
        "fromTimestamp": (now - timedelta(days=days)).isoformat(),
        "toTimestamp": now.isoformat(),
        **more,
    }
    return f"v2/metrics?{urlencode({'query': json.dumps(query)})}"


def searches(table: Table, browser: Browser) -> None:
    for words, told in (("statement", "frequent"), ("пользовател", "frequent, Russian"), (RARE, "nothing has it")):
        address = f"traces?{urlencode({'range': 'all', 'q': words, 'in': 'texts'})}"
        table.time(f"search in texts, {told}", lambda: browser.get(address), HEAVY, most=1000)  # noqa: B023


def _turns(values: Iterable[str]) -> Iterator[str]:
    return itertools.cycle(tuple(values))
