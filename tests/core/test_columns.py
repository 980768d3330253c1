from __future__ import annotations

from statustui.core.columns import COLUMNS, fit

WIDEST = {"id": 3, "name": 20, "state": 15, "user": 8}


def test_columns_leave_a_narrow_line_in_the_stated_order() -> None:
    """Id and state never do; the first to go is the series."""
    seen = [
        [name for name, _cells in fit(list(COLUMNS), width, WIDEST)] for width in range(200, 0, -1)
    ]
    steps = [[*COLUMNS]]
    for leaving in ("series", "user", "result", "age", "name", "note"):
        steps.append([name for name in steps[-1] if name != leaving])
    assert [columns for n, columns in enumerate(seen) if n == 0 or columns != seen[n - 1]] == steps


def test_a_name_gets_its_room_only_when_the_note_has_its_own() -> None:
    """A name of 20 cells is cut to 8 where the line is narrow; the note takes what is left."""
    names = ["name", "note"]
    assert fit(names, 25, WIDEST) == [("name", 8), ("note", 16)]
    assert fit(names, 40, WIDEST) == [("name", 15), ("note", 24)]
    assert fit(names, 100, WIDEST) == [("name", 20), ("note", 79)]


def test_a_column_without_any_text_is_left_out() -> None:
    """In a plain tree a run has no other name than its id."""
    assert fit(["id", "name"], 80, {"id": 3, "name": 0}) == [("id", 3)]
