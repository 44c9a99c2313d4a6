"""Compared runs as files: the tidy table as CSV and Parquet, the summary as Markdown and LaTeX."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from datasets.columns import score_columns
from datasets.costs import cost_text
from datasets.exporting import bare
from datasets.findings import Against, Findings
from datasets.models import DatasetRun
from datasets.statistics.estimates import Estimate
from datasets.tidy import COLUMNS, tidy_rows
from datasets.verdicts import TESTS, decimal, effect_text, p_text, signed, verdicts

# Characters that mean something to LaTeX, and what they are written as. Brackets and asterisks do at the beginning of a
# line of a table, quotation marks under babel.
LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "∞": r"$\infty$",
    "<": r"$<$",
    ">": r"$>$",
    "×": r"$\times$",
    "…": r"\ldots{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
}


_PREAMBLE = r"""% The preamble needs \usepackage{booktabs}. pdfLaTeX needs \usepackage[T2A]{fontenc} for Cyrillic, too;
% XeLaTeX and LuaLaTeX a font that has the letters. The tables are wide:
% sidewaystable of \usepackage{rotating} turns them."""


def as_csv(project_id: str, runs: Sequence[DatasetRun]) -> Iterator[str]:
    """The tidy table as CSV in UTF-8 with a byte order mark, without which spreadsheets spoil Cyrillic."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([name for name, _type in COLUMNS])
    yield "\ufeff" + buffer.getvalue()
    for row in tidy_rows(project_id, runs):
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(["" if cell is None else bare(cell) if isinstance(cell, str) else cell for cell in row])
        yield buffer.getvalue()


def as_parquet(project_id: str, runs: Sequence[DatasetRun]) -> bytes:
    """The tidy table as a Parquet file, compressed with zstd."""
    # Imported here: only who exports needs it.
    from arro3.core import Array, DataType, Schema, Table
    from arro3.core import Field as ColumnField
    from arro3.io import write_parquet

    types = {"text": DataType.utf8(), "number": DataType.float64(), "count": DataType.int64()}
    columns: list[list[Any]] = [[] for _column in COLUMNS]
    for row in tidy_rows(project_id, runs):
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    arrays = [Array(cells, types[kind]) for cells, (_name, kind) in zip(columns, COLUMNS, strict=True)]
    schema = Schema([ColumnField(name, types[kind], nullable=True) for name, kind in COLUMNS])
    file = io.BytesIO()
    write_parquet(Table.from_arrays(arrays, schema=schema), file, compression="zstd(3)")
    return file.getvalue()


def as_markdown(runs: Sequence[DatasetRun], found: Findings, baseline: int) -> str:
    """The summary as a table per score, the verdicts below."""
    parts = ["# " + _("Comparison of runs")]
    for title, head, rows in _tables(runs, found, baseline):
        lines = ["| " + " | ".join(_cell(one) for one in row) + " |" for row in (head, *rows)]
        parts.append(f"## {_cell(title)}\n\n" + "\n".join([lines[0], "|" + " --- |" * len(head), *lines[1:]]))
    parts += [_cell(one.text) for one in verdicts([run.name for run in runs], found)]
    parts.append(_legend())
    return "\n\n".join(parts) + "\n"


def as_latex(runs: Sequence[DatasetRun], found: Findings, baseline: int) -> str:
    """The same for a paper: tables of the package booktabs."""
    parts = [_PREAMBLE]
    for title, head, rows in _tables(runs, found, baseline):
        body = [" & ".join(_tex(one) for one in row) + r" \\" for row in rows]
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    r"\centering",
                    rf"\caption{{{_tex(title)}}}",
                    rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
                    r"\toprule",
                    " & ".join(_tex(one) for one in head) + r" \\",
                    r"\midrule",
                    *body,
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table}",
                ]
            )
        )
    parts += [_tex(one.text) for one in verdicts([run.name for run in runs], found)]
    parts.append(_tex(_legend()))
    return "\n\n".join(parts) + "\n"


def _legend() -> str:
    return _(
        "95 % intervals; differences and tests are paired by item, repetitions of an item averaged first; p-values are "
        "two-sided and corrected after Holm over the comparisons of each score."
    )


def _tables(
    runs: Sequence[DatasetRun], found: Findings, baseline: int
) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """A table per score that is a number: its title, head and rows."""
    head = [_("Run"), _("Mean"), _("95 % interval"), "n", _("Difference"), _("95 % interval"), _("p, corrected")]
    head += [_("Test"), _("Effect"), _("Better / equal / worse"), _("Cost per answer"), _("Latency")]
    for column in score_columns(set(found.against)):
        share = column.key in found.right_or_wrong
        rows = []
        for at, (run, summary, against) in enumerate(
            zip(runs, found.summaries, found.against[column.key], strict=True)
        ):
            score = summary.scores.get(column.key)
            mark = _("baseline")
            name = f"{run.name} ({mark})" if at == baseline else run.name
            mean = score.estimate if score else None
            each = cost_text(summary.cost_each, summary.unpriced, lambda cost: f"${decimal(cost, 6)}") or "–"
            latency = f"{decimal(summary.latency.mean, 2)} s" if summary.latency else "–"
            rows.append([name, *_estimate(mean, share), *_difference(against, share), each, latency])
        yield column.label, head, rows


def _estimate(found: Estimate | None, share: bool) -> list[str]:
    if found is None:
        return ["–", "–", "0"]
    return [_figure(found.mean, share), _range(found, share, _figure), str(found.n)]


def _difference(against: Against | None, share: bool) -> list[str]:
    if against is None or against.difference is None:
        return [""] * 6 if against is None else ["–"] * 6
    found = against.difference
    p = p_text(against.corrected) if against.corrected is not None else "–"
    return [
        _signed(found.mean, share),
        _range(found, share, _signed),
        p.removeprefix("p = ").removeprefix("p "),
        str(TESTS.get(against.test, "–")),
        effect_text(against.effect) or "–",
        f"{against.wins} / {against.ties} / {against.losses}",
    ]


def _range(found: Estimate, share: bool, written: Any) -> str:
    if found.low is None or found.high is None:
        return "–"
    return f"{written(found.low, share)} … {written(found.high, share)}"


def _figure(value: float, share: bool) -> str:
    return f"{decimal(value * 100, 1)} %" if share else decimal(value, 3)


def _signed(value: float, share: bool) -> str:
    return signed(value, share, 1 if share else 3)


def _cell(text: str) -> str:
    """A text in a cell of a Markdown table, meaning nothing."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _tex(text: str) -> str:
    """A text in LaTeX, meaning nothing; signs that it takes for invalid are left out."""
    kept = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return "".join(LATEX.get(sign, sign) for sign in kept).replace("--", "-{-}")
