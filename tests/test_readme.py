"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from statustui import __version__
from statustui.cli.main import BROKEN_PIPE, INTERRUPTED
from statustui.cli.monitor import command as monitor
from statustui.cli.options import Failure
from statustui.cli.output import run_object
from statustui.cli.registry import SCREENLESS, WITH_SCREEN
from statustui.cli.wait import TIMED_OUT
from statustui.core.categories import Category
from statustui.core.query import AGE, FIELDS, FLAGS, HISTORY
from statustui.core.run import RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.status_summary import StatusSummary
from statustui.startup.crash_report import STATUS
from statustui.tui.app import StatusApp
from statustui.tui.screens.run import KEYS
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.run_table import RunTable
from tests.core.test_run import PLACE

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
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
        assert f"| {category.glyph} | {category.value} |" in TEXT


def test_every_key_of_a_run_object_is_described() -> None:
    """And no other."""
    section = TEXT.partition("## Scripts")[2].partition("`list --follow")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    described = set(re.findall(r"`(\w+)`", " ".join(first_cells)))
    assert described == set(run_object(make_run(PLACE, RunMetadata(), StatusSummary())))


def test_every_term_of_a_filter_is_described() -> None:
    """Fields with what they hold, and flags."""
    section = TEXT.partition("## Filters")[2].partition("##")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    fields = {name: meaning for name, (_get, meaning) in FIELDS.items()}
    assert fields.items() <= rows.items()
    assert set(rows) - set(fields) == {"word", *FLAGS}
    assert f"`{HISTORY}=STATE`" in section
    assert f"`{AGE}<1h`" in section


def test_its_pictures_and_links_are_there() -> None:
    """Each in the repository, and each heading in the page."""
    links = [link for link in re.findall(r"\]\((.*?)\)", TEXT) if "://" not in link]
    assert any(link.endswith(".svg") for link in links)
    headings = {heading.lower() for heading in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)}
    for link in links:
        is_heading = link.startswith("#") and link[1:] in headings
        assert is_heading or (ROOT / link).is_file(), link


def test_every_exit_status_is_described() -> None:
    """Those that the commands end with."""
    section = TEXT.partition("| exit status |")[2].partition("\n\n")[0]
    described = {int(number) for number in re.findall(r"\d+", section)}
    assert described >= {
        0,
        1,
        Failure.exit_code,
        STATUS,
        INTERRUPTED,
        BROKEN_PIPE,
        TIMED_OUT,
        129,
        143,
    }


def test_every_command_is_shown_and_the_changelog_tells_of_this_version() -> None:
    """By name, and first of all."""
    words = set(re.findall(r"[a-z]+", TEXT))
    assert words >= SCREENLESS | WITH_SCREEN
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+?),? ", changes, re.MULTILINE)[0] == __version__


def test_every_option_of_the_monitor_is_named() -> None:
    """In the README, or on the page about the configuration by the name of its entry."""
    text = TEXT + (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    names = [name for option in monitor.params for name in option.opts if name.startswith("--")]
    assert names
    assert [name for name in names if name not in text and f"{name[2:]} =" not in text] == []


def test_it_is_no_longer_than_can_be_read_in_five_minutes() -> None:
    """About 300 lines; what goes further stands on pages of its own."""
    assert len(TEXT.splitlines()) <= 310
