"""The README and the pages below `docs` describe the program as it is."""

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
from statustui.cli.registry import SCREENLESS, WITH_SCREEN
from statustui.cli.wait import TIMED_OUT
from statustui.core.categories import Category
from statustui.core.comparison import MEANINGS
from statustui.core.query import AGE, FIELDS, FLAGS, HISTORY, NODE
from statustui.core.run import RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.status_summary import StatusSummary
from statustui.presentation.report.formats import FORMATS
from statustui.presentation.run_object import run_object
from statustui.startup.crash_report import STATUS
from statustui.tui.app import StatusApp
from statustui.tui.screens.comparison import ComparisonScreen
from statustui.tui.screens.over_time import OverTimeScreen
from statustui.tui.screens.run import KEYS
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.run_table import RunTable
from tests.core.test_run import PLACE

ROOT = Path(__file__).parent.parent
MAX_WORDS = 1200
"""Words that the README may have; everything else belongs on a page below `docs`."""


def read_page(name: str) -> str:
    """Return the text of a page, given by its path below the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


README = read_page("README.md")
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]
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
    "minus": "-",
    "plus": "+",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left": "left",
    "right": "right",
    "space": "Space",
    **dict.fromkeys("123456789", "1-9"),
}


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "holder", [StatusApp, RunsScreen, RunTable, *KEYS, ComparisonScreen, OverTimeScreen]
)
def test_every_key_is_on_the_page_of_keys(holder: type[DOMNode]) -> None:
    """By its name, or by the key that does the same."""
    words = set(re.findall(r"[^\s`|,;()]+", read_page("docs/keys.md").partition("## Mouse")[0]))
    bindings = [binding for binding in holder.BINDINGS if isinstance(binding, Binding)]
    keys = {key for binding in bindings for key in binding.key.split(",")}
    assert keys
    assert {SHOWN.get(key, key) for key in keys} <= words


def test_every_category_is_in_the_table_of_glyphs() -> None:
    """With the glyph that the screen shows."""
    text = read_page("docs/runs.md")
    for category in Category:
        assert f"| {category.glyph} | {category.value} |" in text


def test_every_key_of_a_run_object_is_described() -> None:
    """The table has exactly the keys that `list --json` prints."""
    section = read_page("docs/scripts.md").partition("## `list`")[2].partition("## ")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    described = set(re.findall(r"`(\w+)`", " ".join(first_cells)))
    assert described == set(run_object(make_run(PLACE, RunMetadata(), StatusSummary())))


def test_every_term_of_a_filter_is_described() -> None:
    """Fields with what they hold, and flags."""
    text = read_page("docs/filters.md")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    fields = {name: meaning for name, (_get, meaning) in FIELDS.items()}
    assert fields.items() <= rows.items()
    assert set(rows) - set(fields) == {"word", *FLAGS}
    assert f"`{HISTORY}=STATE`" in text
    assert f"`{NODE}=NAME`" in text
    assert f"`{AGE}<1h`" in text


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file of the repository, and to a heading of that page if it names one."""
    for link in re.findall(r"\]\((.*?)\)", read_page(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_readme_has_pictures_and_links_to_every_page() -> None:
    """No page is left that nobody finds."""
    links = re.findall(r"\]\((.*?)\)", README)
    assert any(link.endswith(".svg") for link in links)
    assert {page for page in PAGES if page.startswith("docs/")} <= set(links)


def test_every_exit_status_is_described() -> None:
    """The table has those that the commands exit with; that of the README is a part of it."""
    [table] = re.findall(
        r"^\| exit status \|.*?\n\n", read_page("docs/exit-statuses.md"), re.DOTALL | re.MULTILINE
    )
    described = {int(number) for number in re.findall(r"\d+", table)}
    assert described == {
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
    in_short = README.partition("| exit status |")[2].partition("\n\n")[0]
    assert {int(number) for number in re.findall(r"\d+", in_short)} <= described


def test_every_command_is_shown() -> None:
    """By name, in the README."""
    assert set(re.findall(r"[a-z]+", README)) >= SCREENLESS | WITH_SCREEN


def test_every_list_and_every_format_of_a_report_is_described() -> None:
    """On the page about them, the formats with the endings of their files."""
    page = read_page("docs/morning.md")
    lists = page.partition("| list |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (`.*?) \|", lists, re.MULTILINE) == [
        *(f"`{name}`" for name in list(MEANINGS)[:-2]),
        "`slower`, `faster`",
    ]
    rows = re.findall(r"^\| `(\w+)` \| `(.\w+)` \|", page, re.MULTILINE)
    assert rows == [(name, form.endings[0]) for name, form in FORMATS.items()]


def test_the_changelog_begins_with_this_version() -> None:
    """The first heading is the version of the package."""
    headings = re.findall(r"^## (\S+?),? ", read_page("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == __version__


def test_every_option_of_the_monitor_is_named() -> None:
    """On some page, or on the page of the configuration by the name of its entry."""
    text = "".join(map(read_page, PAGES))
    names = [name for option in monitor.params for name in option.opts if name.startswith("--")]
    assert names
    assert [name for name in names if name not in text and f"{name[2:]} =" not in text] == []


def test_the_readme_is_short() -> None:
    """So that it is read to its end."""
    assert len(README.split()) <= MAX_WORDS


def test_contributing_names_files_that_exist_and_the_layers_of_the_contract() -> None:
    """So that a newcomer finds what it speaks of."""
    text = read_page("CONTRIBUTING.md")
    named = re.findall(r"`([\w./-]+/[\w.-]*)`", text)
    assert named
    places = (ROOT, ROOT / "statustui", ROOT / "statustui" / "tui")
    assert [name for name in named if not any((place / name).exists() for place in places)] == []
    [layers] = re.findall(r"\*\*Layers\.\*\* `(.*?)`", text)
    assert f'name = "{layers}"' in read_page("pyproject.toml")
