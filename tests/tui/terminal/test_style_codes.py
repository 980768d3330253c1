"""Codes of styles that change nothing are left out, and everything looks the same."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.tui.terminal.style_codes import StyleCodes

PARAMETERS = st.lists(
    st.sampled_from(["", "0", "1", "3", "4", "7", "31", "39", "42", "49", "94", "38;5;39"]),
    min_size=1,
    max_size=4,
)
CODES = PARAMETERS.map(lambda parameters: f"\x1b[{';'.join(parameters)}m")
PIECES = st.one_of(
    CODES, CODES, st.sampled_from(["a", "bc ", "\r\n", "\x1b[2;3H", "\x1b[48;2;49;39;1m"])
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=4))
def test_a_terminal_looks_the_same_after_shorter_codes(texts: list[str]) -> None:
    """Whatever is in force between two texts, and never with more bytes."""
    codes = StyleCodes()
    shorter = [codes.shorten(text) for text in ["\x1b[0m", *texts]]
    assert all(len(new) <= len(old) for new, old in zip(shorter[1:], texts, strict=True))
    screens = []
    for sent in (texts, shorter):
        screen = pyte.Screen(20, 5)
        stream = pyte.Stream(screen)
        for text in [*sent, "end"]:
            stream.feed(text)
        screens.append([[screen.buffer[y][x] for x in range(20)] for y in range(5)])
    assert screens[0] == screens[1]


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        (
            "\x1b[35;49ma\x1b[0m\x1b[39;49m  \x1b[0m\x1b[1;39;49mb\x1b[0m",
            "\x1b[35ma\x1b[m  \x1b[1mb\x1b[m",
        ),
        ("\x1b[36ma\x1b[0m\x1b[36mb\x1b[0m", "\x1b[36mab\x1b[m"),
        ("\x1b[31ma\x1b[0m\x1b[2mb\x1b[0m", "\x1b[31ma\x1b[0;2mb\x1b[m"),
        ("\x1b[38;5;49ma\x1b[39mb\x1b[0m", "\x1b[38;5;49ma\x1b[39mb\x1b[m"),
    ],
)
def test_only_what_changes_the_style_is_sent(text: str, shorter: str) -> None:
    """A default colour is sent where it undoes another."""
    codes = StyleCodes()
    assert codes.shorten("\x1b[0m") == "\x1b[m"
    assert codes.shorten(text) == shorter


def test_after_another_program_the_first_reset_is_sent() -> None:
    """It may have left any style behind."""
    codes = StyleCodes()
    codes.shorten("\x1b[0m")
    codes.forget()
    assert codes.shorten("\x1b[1ma\x1b[0mb\x1b[0m") == "\x1b[1ma\x1b[mb"
