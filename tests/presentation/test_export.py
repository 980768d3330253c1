"""Runs as text for spreadsheets and tickets."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.text import clean
from statustui.presentation.export import (
    EXPORT_COLUMNS,
    USUAL_COLUMNS,
    csv_lines,
    markdown_lines,
    rows_of,
    tsv_lines,
)
from tests.runs import make

NOW = 1_795_476_000.0


def test_every_column_has_a_heading_and_a_text() -> None:
    """Those of the table, and more that are of use elsewhere."""
    run = make("r/test_runs/7", "RUN_ERROR no\\nspace")
    heading, row = rows_of([run], EXPORT_COLUMNS, NOW)
    assert len(heading) == len(row) == len(EXPORT_COLUMNS)
    cells = dict(zip(heading, row, strict=True))
    assert cells["CATEGORY"] == "error"
    assert cells["PATH"] == run.path
    assert cells["STATE"] == "RUN_ERROR"
    assert "\n" not in cells["NOTE"]
    assert set(USUAL_COLUMNS) <= set(EXPORT_COLUMNS)


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=3))
def test_csv_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    """But for the apostrophe before what could be a formula."""
    given_rows = [list(map(clean, row)) for row in rows]
    read = list(csv.reader("".join(csv_lines(iter(given_rows))).splitlines()))
    for before, after in zip(given_rows, read, strict=True):
        assert [cell.removeprefix("'") for cell in after] == [
            cell.removeprefix("'") for cell in before
        ]
        assert not any(cell.startswith(("=", "@")) for cell in after)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+2", "'=1+2"),
        ("@sum", "'@sum"),
        ("-rm", "'-rm"),
        ("-", "'-"),
        ("-12.5", "-12.5"),
        ("+3m", "+3m"),
        ("fine", "fine"),
    ],
)
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    """Other users write the notes."""
    assert list(tsv_lines(iter([[cell, "x"]]))) == [f"{written}\tx\n"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("", ""),
        ("lammps_lj.n4 (2 of 3)", "lammps_lj.n4 (2 of 3)"),
        ("RUN_ERROR", "RUN_ERROR"),
        ("a | b", "`a \\| b`"),
        ("a\\|b", "`a\\ \\|b`"),
        ("make: *** [all] Error 2", "`make: *** [all] Error 2`"),
        ("__init__", "`__init__`"),
        ("@everyone", "`@everyone`"),
        ("see http://x.y", "`see http://x.y`"),
        ("www.x.y", "`www.x.y`"),
        ("<b>", "`<b>`"),
        ("a `b`", "`` a `b` ``"),
        ("``", "``` `` ```"),
    ],
)
def test_markdown_shows_what_was_written(cell: str, written: str) -> None:
    """Without markup, links and mentions."""
    assert list(markdown_lines(iter([["ID", "NOTE"], ["7", cell]]))) == [
        "| ID | NOTE |\n",
        "| --- | --- |\n",
        f"| 7 | {written} |\n",
    ]
