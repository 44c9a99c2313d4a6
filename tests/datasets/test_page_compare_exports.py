"""Compared runs as files, with repetitions, several judges and everything that may be missing."""

import csv
import io

import pytest
from arro3.io import read_parquet

from datasets.tidy import COLUMNS
from datasets.verdicts import signed
from tests.datasets.grid import Grid, once

QUALITY = [[[0.25, 0.75], [1.0]], [[0.5], [0.5]], [[1.0, 1.0], [0.0]]] * 4


@pytest.fixture
def grid(project) -> Grid:
    return Grid(project.id, 12)


@pytest.fixture
def two(grid) -> str:
    made = {"strategy": "few-shot", "model": "m", "prompt": "p", "prompt_version": 2, "experiment": "try"}
    first = grid.run("base_1 & 2", {"exact": once([1, 0, 0] * 4)}, made)
    second = grid.run("=other", {"quality": QUALITY, "exact": [[[1.0], [1.0]]] * 12})
    return f"{first},{second}"


def exported(page_client, vera, project, two: str, kind: str, more: str = "") -> bytes:
    answer = page_client(vera).get(f"/project/{project.id}/experiments/export?runs={two}&format={kind}{more}")
    assert answer.status_code == 200 and f"Grid-comparison.{kind}".lower() in answer["Content-Disposition"].lower()
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_tidy_table_has_a_row_for_each_judgement(page_client, vera, project, two, grid, measured) -> None:
    text = exported(page_client, vera, project, two, "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == [name for name, _kind in COLUMNS]
    judged = [row for row in rows if row["score"] == "quality" and row["item_id"] == "Grid-0"]
    told = [(row["repetition"], row["judgement"], row["value"]) for row in judged]
    assert sorted(told) == [("1", "1", told[0][2]), ("1", "2", told[1][2]), ("2", "1", "1.0")]
    assert {told[0][2], told[1][2]} == {"0.25", "0.75"}
    first = rows[0]
    assert (first["dataset"], first["run"], first["strategy"], first["prompt"], first["prompt_version"]) == (
        "Grid", "base_1 & 2", "few-shot", "p", "2",
    )  # fmt: skip
    assert (first["model"], first["experiment"], first["status"]) == ("m", "try", "ok")
    assert float(first["cost_usd"]) == 0.01 and float(first["latency_seconds"]) == 1.5
    # No spreadsheet runs what a run is called.
    assert {row["run"] for row in rows} == {"base_1 & 2", '"=other"'}
    assert len([row for row in rows if row["score"] == "exact"]) == 12 + 24


def test_parquet_holds_the_same(page_client, vera, project, two) -> None:
    text = exported(page_client, vera, project, two, "csv").decode("utf-8-sig")
    content = exported(page_client, vera, project, two, "parquet")
    table = read_parquet(io.BytesIO(content)).read_all()
    assert table.column_names == [name for name, _kind in COLUMNS]
    rows = list(csv.DictReader(io.StringIO(text)))
    values = table["value"].to_pylist()
    assert [float(row["value"]) for row in rows] == values and table.num_rows == len(rows)
    assert set(table["run"].to_pylist()) == {"base_1 & 2", "=other"}
    assert table["repetition"].to_pylist() == [int(row["repetition"]) for row in rows]


def test_answers_without_scores_and_words_stand_in_the_table(page_client, vera, project, grid, measured) -> None:
    bare = grid.run("bare", {"none": [[[]]] * 12})
    rows = list(csv.DictReader(io.StringIO(exported(page_client, vera, project, bare, "csv").decode("utf-8-sig"))))
    assert len(rows) == 12 and {row["score"] for row in rows} == {""}
    measured.score("tone", "kind", trace_id=rows[0]["trace_id"])
    rows = list(csv.DictReader(io.StringIO(exported(page_client, vera, project, bare, "csv").decode("utf-8-sig"))))
    assert [(row["label"], row["value"]) for row in rows if row["score"] == "tone"] == [("kind", "")]


def test_the_summary_for_notes_and_for_papers(page_client, vera, project, two) -> None:
    notes = exported(page_client, vera, project, two, "md").decode()
    assert "## exact" in notes and "| base\\_1 & 2 (baseline) | 33.3 % |" in notes
    assert "+66.7 pp" in notes and "8 / 4 / 0" in notes and "0.008" in notes and "McNemar" in notes
    paper = exported(page_client, vera, project, two, "tex").decode()
    assert r"base\_1 \& 2 (baseline) & 33.3 \%" in paper and r"\toprule" in paper and "_1 & 2" not in paper
    assert paper.count(r"\begin{tabular}") == paper.count(r"\end{tabular}") == 2


def test_no_name_means_anything_to_latex(page_client, vera, project, grid) -> None:
    found = grid.run('[Рим]* "a" 5%--6% #1 $x_2^3$ {~\\b} <|`', {"exact": once([1, 0, 0] * 4)})
    paper = exported(page_client, vera, project, found, "tex").decode()
    assert (
        r"{[}Рим{]}{*} \symbol{34}a\symbol{34} 5\%-{-}6\% \#1 \$x\_2\textasciicircum{}3\$ "
        r"\{\textasciitilde{}\textbackslash{}b\} $<$\textbar{}\textasciigrave{} (baseline) &"
    ) in paper


def test_unknown_formats_and_runs_are_refused(page_client, vera, bob, project, two, other_project, mallory) -> None:
    at = f"/project/{project.id}/experiments/export"
    assert page_client(vera).get(f"{at}?runs={two}&format=xls").status_code == 404
    assert page_client(vera).get(f"{at}?runs=none&format=csv").status_code == 404
    theirs = f"/project/{other_project.id}/experiments/export?runs={two}"
    assert page_client(mallory).get(theirs).status_code == 404


def test_the_page_shows_the_spread_and_both_tests(page_client, vera, project, two, grid) -> None:
    client, at = page_client(vera), f"/project/{project.id}/datasets/{grid.dataset.pk}/compare?runs={two}"
    page = " ".join(client.get(f"{at}&score=quality%7CAPI%7CNUMERIC").content.decode().split())
    assert "What quality varies with" in page and "12 · 24 · 32" in page
    first, second = two.split(",")
    ranks = client.get(f"{at}&test=ranks&of={second}&show=worse&baseline={first}").content.decode()
    assert 'name="test" value="ranks"' in ranks and "Nothing got worse" in ranks
    assert "<canvas data-chart" not in page and "<canvas data-chart" in ranks


def test_columns_of_a_table_have_equally_many_digits() -> None:
    assert [signed(0.26, False, 3), signed(-0.1, True, 1), signed(0.0, False, 3)] == ["+0.260", "−10.0 pp", "0.000"]
    assert [signed(0.26, False), signed(-0.1, True)] == ["+0.26", "−10 pp"]
