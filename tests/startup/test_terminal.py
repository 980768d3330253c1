"""What the environment says of the terminal."""

from __future__ import annotations

import pytest

from statustui.startup.terminal import has_glyphs, is_dumb, names_utf8


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LC_ALL": "C.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LANG": "en_US.utf8"}, True),
        ({"LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "de_DE@euro"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, False),
    ],
)
def test_glyphs_are_shown_where_the_locale_has_utf_8(
    environ: dict[str, str],
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """By the POSIX rule, even if Python has changed LC_CTYPE."""
    assert has_glyphs(environ) is expected


def test_a_file_takes_what_the_font_of_a_console_lacks() -> None:
    """Only the locale decides for files."""
    assert names_utf8({"LANG": "en_US.UTF-8", "TERM": "linux"})
    assert not names_utf8({"LC_ALL": "C", "LANG": "en_US.UTF-8"})


def test_a_terminal_is_dumb_that_says_so_or_nothing() -> None:
    """Any other value of TERM has cursor addressing."""
    assert all(map(is_dumb, [{}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}]))
    assert not is_dumb({"TERM": "vt100"})
