"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from statustui.core.query import AGE, FIELDS, FLAGS, HISTORY
from statustui.core.run import Label, Tally, make_run
from statustui.core.states import Category
from statustui.look import GLYPHS
from statustui.report import run_object
from statustui.tui.app import StatusApp
from statustui.tui.screens.run import KEYS
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.run_table import RunTable
from tests.core.test_run import PLACE

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SHOWN = {
    "up": "arrows",
    "down": "arrows",
    "home": "g",
    "end": "G",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "ctrl+d": "Ctrl-d",
    "ctrl+u": "Ctrl-u",
    "ctrl+q": "Ctrl-q",
    "ctrl+z": "Ctrl-z",
    "ctrl+p": "Ctrl-p",
    "enter": "Enter",
    "escape": "Esc",
    "colon": ":",
    "question_mark": "?",
    "slash": "/",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left": "left",
    "right": "right",
    "space": "Space",
    **dict.fromkeys("123456789", "1-9"),
}


@pytest.mark.parametrize("holder", [StatusApp, RunsScreen, RunTable, *KEYS])
def test_every_key_is_in_the_table_of_keys(holder: type[DOMNode]) -> None:
    """By its name, or by the key that does the same."""
    section = TEXT.partition("## Keys")[2].partition("##")[0]
    words = set(re.findall(r"[^\s`|,;()]+", section))
    bindings = [binding for binding in holder.BINDINGS if isinstance(binding, Binding)]
    keys = {key for binding in bindings for key in binding.key.split(",")}
    assert keys
    assert {SHOWN.get(key, key) for key in keys} <= words


def test_every_category_is_in_the_table_of_glyphs() -> None:
    """With the glyph that the screen shows."""
    for category in Category:
        assert f"| {GLYPHS[category]} | {category.value} |" in TEXT


def test_every_key_of_a_run_object_is_described() -> None:
    """And no other."""
    section = TEXT.partition("## Scripts")[2].partition("`list --follow")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    described = set(re.findall(r"`(\w+)`", " ".join(first_cells)))
    assert described == set(run_object(make_run(PLACE, Label(), Tally())))


def test_every_term_of_a_filter_is_described() -> None:
    """Fields with what they hold, and flags."""
    section = TEXT.partition("## Filters")[2].partition("##")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    fields = {name: meaning for name, (_get, meaning) in FIELDS.items()}
    assert fields.items() <= rows.items()
    assert set(rows) - set(fields) == {"word", *FLAGS}
    assert f"`{HISTORY}=STATE`" in section
    assert f"`{AGE}<1h`" in section


def test_its_pictures_are_there() -> None:
    """Each in the repository."""
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", TEXT)
    assert pictures
    assert all((Path(__file__).parent.parent / picture).is_file() for picture in pictures)
