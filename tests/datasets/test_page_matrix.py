"""Strategies against models."""

import json
import re

import pytest

from datasets import figures
from tests.datasets.grid import Grid, once

WORSE, BETTER = [1] * 3 + [0] * 17, [1] * 19 + [0]


@pytest.fixture
def grid(project) -> Grid:
    return Grid(project.id, 20)


@pytest.fixture
def at(project, grid):
    return lambda query="": f"/project/{project.id}/datasets/{grid.dataset.pk}/matrix{query}"


def told(strategy: str, model: str, **more) -> dict:
    return {"strategy": strategy, "model": model, **more}


def page_of(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_cell_for_each_pair_with_the_best_marked(page_client, vera, at, grid) -> None:
    ids = {
        (strategy, model): grid.run(
            f"{strategy} {model}", {"exact": once(values)}, told(strategy, model, prompt={"name": "p", "version": 3})
        )
        for strategy, model, values in (
            ("zero", "small", WORSE),
            ("zero", "large", [0] * 20),
            ("few", "small", BETTER),
        )
    }
    page = page_of(page_client(vera), at())
    assert page.count("data-level=") == 3 and page.count("data-best") == 1
    assert "“few small” is the best in exact: the difference to each of the 2 others is shown." in page
    assert "<strong>95 %</strong>" in page and "n=20" in page and "$0.01" in page and "1.50 s" in page
    assert f"runs={ids['zero', 'small']}%2C{ids['zero', 'large']}" in page.replace(",", "%2C")
    assert f"/runs/{ids['few', 'small']}" in page and "prompts/p?version=3" in page
    # As they were made, and "few × large" was never run.
    assert page.index(">small<") < page.index(">large<") and 'class="heat faint">–' in page


def test_no_cell_is_best_when_it_may_be_chance(page_client, vera, at, grid) -> None:
    grid.run("a", {"exact": once(BETTER)}, told("few", "small"))
    grid.run("b", {"exact": once([1] * 18 + [0] * 2)}, told("zero", "small"))
    page = page_of(page_client(vera), at())
    assert "No cell is shown to be the best: “a” has the highest exact" in page and "data-best" not in page
    assert "(+5 pp, n = 20) may be chance (p = 1.00" in page


def test_the_newest_run_of_a_pair_stands_in_its_cell_unless_an_experiment_is_chosen(
    page_client, vera, at, grid
) -> None:
    grid.run("old", {"exact": once(WORSE)}, told("few", "small", experiment="first", experiment_id="e1"))
    grid.run("new", {"exact": once(BETTER)}, told("few", "small", experiment="second", experiment_id="e2"))
    client = page_client(vera)
    page = page_of(client, at())
    assert 'title="new"' in page and 'title="old"' not in page and ">second</option>" in page
    page = page_of(client, at("?experiment=e1"))
    assert 'title="old"' in page and 'title="new"' not in page
    assert page_of(client, at(f"?experiment=%00nonsense&rows=x&score=y&round={'9' * 5000}"))


def test_rows_can_be_versions_of_prompts_and_runs_of_sdks_are_placed_by_their_traces(
    page_client, vera, at, grid, project
) -> None:
    grid.run("a", {"exact": once(WORSE)}, told("few", "small", prompt="answer", prompt_version=2))
    grid.run("b", {"exact": once(WORSE)}, {"model": "small"})
    client = page_client(vera)
    page = page_of(client, at("?rows=prompt"))
    assert ">answer v2<" in page and page.count("data-level=") == 2
    assert page_of(client, at()).count("data-level=") == 2


def test_rows_columns_and_marks_stand_in_the_order_of_the_plan(page_client, vera, at, grid) -> None:
    cells = [(row, column) for row in ("zero", "few", "chain") for column in ("large", "small")]
    # Whichever answers first makes its run first.
    for position in (5, 1, 3, 0, 4, 2):
        row, column = cells[position]
        plan = {"experiment": "one", "experiment_id": "e1", "position": position}
        grid.run(f"{row} {column}", {"exact": once(WORSE)}, told(row, column, **plan))
    page = page_of(page_client(vera), at())
    places = [page.index(f">{name}<") for name in ("large", "small", "zero", "few", "chain")]
    assert places == sorted(places)
    chart = json.loads(page.partition("<canvas data-chart")[2].partition('json">')[2].partition("</script>")[0])
    assert (chart["colors"], chart["shapes"]) == (["zero", "few", "chain"], ["large", "small"])
    assert [(one["color"], one["shape"]) for one in chart["points"]] == [(at // 2, at % 2) for at in range(6)]
    boxes = re.findall(r'name="runs" value="(\w+)"', page)[::-1]
    ticked = page_client(vera).get(at().replace("matrix", "compare"), {"runs": boxes})
    heads = re.findall(r"/runs/\w+\">(\w+ \w+)</a>", ticked.content.decode())
    assert heads[:6] == [" ".join(cell) for cell in cells]


def test_a_price_that_nobody_knows_is_no_zero(page_client, vera, at, grid, measured) -> None:
    known = grid.run("known", {"exact": once(WORSE)}, told("few", "small"))
    some = grid.run("some", {"exact": once(WORSE)}, told("few", "large"), cost=lambda at: 0.01 if at else None)
    none = grid.run("none", {"exact": once(WORSE)}, told("zero", "small"), cost=lambda at: None)
    client, here = page_client(vera), at()
    page, partly = page_of(client, here), "$0.01 without 1 answer of unknown price"
    assert partly in page and page.count("price unknown<") == 1 and "$0<" not in page
    runs = page_of(client, here.replace("matrix", "runs"))
    assert "$0.19 without 1 answer of unknown price" in runs and "price unknown" in runs
    compared = page_of(client, f"{here.replace('matrix', 'compare')}?runs={known},{some},{none}")
    assert "$0.19 without 1 answer" in compared and "price unknown" in compared and "$0<" not in compared
    notes = client.get(f"{here.partition('/datasets')[0]}/experiments/export?runs={some},{none}&format=md").content
    assert "| $0.010000 without 1 answer of unknown price |" in notes.decode() and "| price unknown |" in notes.decode()


def test_one_model_set_in_two_ways_has_two_columns(page_client, vera, at, grid) -> None:
    for name, temperature in (("cold", 0), ("warm", 0.7)):
        grid.run(name, {"exact": once(WORSE)}, told("few", "m", provider="p1", parameters={"temperature": temperature}))
    page = page_of(page_client(vera), at())
    assert page.count("data-level=") == 2 and "p1, temperature=0<" in page and "p1, temperature=0.7<" in page


def test_the_score_is_chosen_and_means_are_shaded_between_lowest_and_highest(page_client, vera, at, grid) -> None:
    low, high = [0.2] * 10 + [0.3] * 10, [0.8] * 10 + [0.9] * 10
    grid.run("a", {"exact": once(WORSE), "close": once(low)}, told("few", "small"))
    grid.run("b", {"exact": once(WORSE), "close": once(high)}, told("zero", "small"))
    page = page_of(page_client(vera), at("?score=close%7CAPI%7CNUMERIC"))
    assert 'data-level="0"' in page and 'data-level="5"' in page and "<strong>0.85</strong>" in page


def test_long_runs_are_read_in_rounds(page_client, vera, at, grid, monkeypatch) -> None:
    for name in "abc":
        grid.run(name, {"exact": once(WORSE)}, told(name, "small"))
    monkeypatch.setattr(figures, "BUDGET", 25)
    client = page_client(vera)
    first = page_of(client, at())
    assert 'hx-get="?round=1"' in first and "still being read" in first
    for number in (1, 2):
        last = " ".join(client.get(at(f"?round={number}"), headers={"HX-Request": "true"}).content.decode().split())
    assert "hx-get" not in last and "<html" not in last and last.count("n=20") == 3


def test_without_runs_it_says_how_to_fill_it(page_client, vera, at) -> None:
    assert "run_experiment" in page_of(page_client(vera), at())


def test_a_matrix_takes_a_constant_number_of_queries(
    page_client, vera, at, grid, django_assert_max_num_queries
) -> None:
    for name in "abcd":
        grid.run(name, {"exact": once(WORSE)}, told(name, "small"))
    client = page_client(vera)
    client.get(at())
    with django_assert_max_num_queries(8):
        client.get(at())


@pytest.mark.parametrize(
    "odd",
    [
        {"strategy": "\ud800\nx", "model": "a\0b", "prompt": "a\nb", "prompt_version": 10**30},
        {"strategy": ["x"], "model": {"a": 1}, "prompt": {"name": "a\nb/ .", "version": 1}, "experiment_id": 7},
        {"strategy": "<b>" * 400, "model": "m" * 900, "parameters": {"a": [1, {"b": None}], "\ud800": "\udfff"}},
    ],
)
def test_metadata_may_say_anything(page_client, vera, at, grid, project, odd) -> None:
    found = grid.run("odd", {"exact": once(WORSE)}, odd)
    client = page_client(vera)
    for rows in ("strategy", "prompt"):
        page = page_of(client, at(f"?rows={rows}"))
        assert page.count("data-level=") == 1 and "<b><b>" not in page
    assert page_of(client, f"/project/{project.id}/datasets/{grid.dataset.pk}/runs")
    for kind in ("csv", "parquet", "md", "tex"):
        answer = client.get(f"/project/{project.id}/experiments/export?runs={found}&format={kind}")
        assert answer.status_code == 200 and (b"".join(answer.streaming_content) if answer.streaming else 1)
