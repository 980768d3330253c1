"""Copying and notifying through the terminal."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.tui.terminal.osc import LIMIT, copy_sequence, notify_sequence

PLAIN = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def copied(sequence: str) -> str:
    """What a terminal puts on the clipboard."""
    match = PLAIN.fullmatch(sequence)
    assert match is not None
    return base64.b64decode(match[1]).decode()


@given(st.text())
def test_a_terminal_gets_the_text_itself(text: str) -> None:
    """Whatever there is in it."""
    assert copied(copy_sequence(text, {})) == text


@given(st.text(max_size=2000))
def test_tmux_gets_it_for_itself_and_for_the_terminal_behind(text: str) -> None:
    """Which of the two it takes depends on its settings."""
    sequence = copy_sequence(text, {"TMUX": "/tmp/tmux-1/default,1,0"})  # noqa: S108 - as tmux sets it
    own, _, wrapped = sequence.partition("\x1bPtmux;")
    assert copied(own) == text
    assert copied(wrapped.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")) == text


@given(st.text(max_size=2000))
def test_screen_gets_it_in_pieces_that_it_passes_on(text: str) -> None:
    """None longer than it takes."""
    pieces = copy_sequence(text, {"STY": "123.pts-0"}).split("\x1b\\")[:-1]
    assert all(piece.startswith("\x1bP") and len(piece) <= 256 for piece in pieces)
    assert copied("".join(piece.removeprefix("\x1bP") for piece in pieces)) == text


def test_more_than_a_terminal_takes_is_refused() -> None:
    """And not cut, which nobody would see."""
    assert copied(copy_sequence("é" * (LIMIT // 2), {})) == "é" * (LIMIT // 2)
    with pytest.raises(ValueError, match="74,996 bytes are more than a terminal can copy"):
        copy_sequence("é" * (LIMIT // 2 + 1), {})


def test_a_notification_rings_and_says_what_it_is_about() -> None:
    """The bell goes to tmux itself, which marks its window."""
    assert notify_sequence("3 new", {}) == "\x07\x1b]9;3 new\x07"
    sequence = notify_sequence("3 new", {"TMUX": "x"})
    assert sequence.startswith("\x07")
    assert "\x1bPtmux;\x1b\x1b]9;3 new\x07\x1b\\" in sequence
