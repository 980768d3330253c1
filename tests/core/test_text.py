"""Text that is safe to show, and words for spans of time."""

from __future__ import annotations

from functools import cache
from itertools import groupby

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from statustui.core.text import (
    clean,
    clean_lines,
    clean_log_line,
    content_lines,
    count,
    format_age,
    format_iso,
    format_live_age,
    format_size,
    format_span,
    shorten,
)


def test_what_is_counted_is_in_the_singular_or_the_plural() -> None:
    """The plural may be given."""
    assert count(1, "run") == "1 run"
    assert [count(number, "run") for number in (0, 1000)] == ["0 runs", "1,000 runs"]
    assert count(2, "history", "histories") == "2 histories"


@given(st.text())
def test_whatever_is_cleaned_can_be_printed(text: str) -> None:
    """No control, format or surrogate character is left."""
    assert clean(text).isprintable()


@cache
def no_room() -> dict[str, None]:
    """All that a terminal draws over what is before it: marks, selectors, fillers."""
    everything = filter(str.isprintable, map(chr, range(0x110000)))
    return dict.fromkeys(one for one in everything if get_character_cell_size(one) == 0)


@given(st.text().filter(str.isprintable))
def test_what_can_be_printed_is_left_alone(text: str) -> None:
    """Umlauts, wide characters and emoji stay, with the marks that any script needs."""
    assume(
        all(len(list(group)) < 5 for none, group in groupby(text, no_room().__contains__) if none)
    )
    assert clean(text) == text


@given(st.deferred(lambda: st.text(st.sampled_from([*no_room(), "a", "漢"]), min_size=5)))
def test_a_cell_holds_few_characters_without_room(text: str) -> None:
    """The rest are shown as escapes, which take room."""
    runs = groupby(clean(text), lambda character: get_character_cell_size(character) == 0)
    assert all(len(list(run)) <= 4 for takes_none, run in runs if takes_none)


def test_no_character_at_all_piles_up_in_a_cell() -> None:
    """None of some 2,500 or more: how many depends on the Unicode of this Python."""
    assert len(no_room()) > 2500
    assert [one for one in no_room() if cell_len(clean("a" + one * 50)) < 6 * 46] == []


@given(st.text(), st.integers(3, 100))
def test_what_is_too_long_is_cut_between_characters(text: str, most: int) -> None:
    """And says so; what fits is left alone."""
    data = clean(text).encode()
    cut = shorten(clean(text), most)
    assert len(cut.encode()) <= max(3, most)
    assert cut.encode() == data if len(data) <= most else cut.endswith("…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\x9b2J\x7f", r"\x9b2J\x7f"),
        ("\udcff", r"\udcff"),
        ("a\xa0b", "a b"),
        ("généré ✓ 漢字", "généré ✓ 漢字"),
    ],
)
def test_what_would_act_on_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    """Colours, cursor moves, titles, changes of direction."""
    assert clean(text) == shown


def test_a_note_of_several_lines() -> None:
    """Each is cleaned by itself."""
    assert clean_lines("a\nb\x1b\n") == ["a", r"b\x1b", ""]


@pytest.mark.parametrize(
    ("note", "lines"),
    [
        ("a.c:3: error\n    ^", ["a.c:3: error"]),
        ("a.c:3: error\n  3 | x\n    | ^~~~\n\n ~~^~~\nb", ["a.c:3: error", "  3 | x", "b"]),
        ("\n \t\na\n", ["a"]),
        ("^\n^", ["^"]),
        ("", []),
    ],
)
def test_lines_that_add_nothing_to_a_note_are_left_out(note: str, lines: list[str]) -> None:
    """Those are blank or point at the line above; the first line that is not blank stays."""
    assert content_lines(note) == lines


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (None, "-"),
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (47.9 * 3600, "47h"),
        (48 * 3600, "2d"),
        (86400 * 400, "400d"),
        (999 * 86400, "999d"),
        (1000 * 86400, "2y"),
        (1e12, "999y"),
    ],
)
def test_ages_fit_into_a_narrow_column(seconds: float | None, age: str) -> None:
    """One unit, rounded down; a time in the future is just now."""
    assert format_age(seconds) == age


@pytest.mark.parametrize(
    ("seconds", "span"),
    [
        (None, "-"),
        (0.05, "0.05s"),
        (-1, "0.00s"),
        (42, "42s"),
        (187, "3m07s"),
        (7500, "2h05m"),
        (4 * 86400 + 6 * 3600, "4d06h"),
    ],
)
def test_spans_have_two_units(seconds: float | None, span: str) -> None:
    """Enough to compare them, and no more."""
    assert format_span(seconds) == span


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain\n", "plain"),
        (b"windows\r\n", "windows"),
        (b"10%\r20%\r30%", "30%"),
        (b"10%\r20%\r", "20%"),
        (b"a\tb", "a       b"),
        (b"\x1b[01;31merror:\x1b[0m\x1b[K here", "error: here"),
        (b"\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        (b"\xff\xfe caf\xc3\xa9", "\\xff\\xfe café"),
        (b"a" + b"\0" * 70_000 + b"b", "a(70000 NUL bytes)b"),
        (b"\0", "\\x00"),
        ("\u202egnp.exe\u200b".encode(), "\\u202egnp.exe\\u200b"),
    ],
)
def test_a_line_of_a_log_is_shown_as_a_terminal_would_leave_it(line: bytes, shown: str) -> None:
    """Without anything in it that does something to the terminal."""
    assert clean_log_line(line) == shown


@given(st.binary())
def test_no_line_of_a_log_holds_a_control_character(line: bytes) -> None:
    """Whatever bytes it is made of."""
    assert clean_log_line(line.replace(b"\n", b"")).isprintable()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (4210, "4.2 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (17_000_000_000, "17 GB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    """Two digits at least, in the largest unit that fits."""
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (4.0, "0s"), (59.9, "55s"), (61.0, "1m"), (-3.0, "0s")]
)
def test_ages_that_are_looked_at_all_the_time_go_by_fives(seconds: float | None, text: str) -> None:
    """Below a minute."""
    assert format_live_age(seconds) == text


def test_times_as_iso_have_a_zone_or_are_none() -> None:
    """A time that no calendar has is none."""
    assert format_iso(0.0) == "1970-01-01T00:00:00+00:00"
    assert format_iso(None) is None
    assert format_iso(1e300) is None
