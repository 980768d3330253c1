"""Widths of text in cells, and lines that are cut to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from statustui.core.text import clean
from statustui.presentation.plain_text import Paper, pad, width_of


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("abc", 3),
        ("计算", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("\uff46", 2),
        ("한", 2),
        ("🙂", 2),
        ("", 0),
    ],
)
def test_a_width_is_in_cells(text: str, cells: int) -> None:
    """As a terminal has it."""
    assert width_of(text) == cells == cell_len(text)


@given(st.text(max_size=60), st.integers(0, 30), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_what_is_cut_fits_and_can_be_sent(text: str, cells: int, charset: str) -> None:
    """And what fits is as it was."""
    paper = Paper(cells, charset)
    words = paper.words(text)
    words.encode(charset)
    line = paper.line(words)
    assert width_of(line) <= cells or cells == 0
    assert (line == words) == (width_of(words) <= cells)


def test_padding_is_in_cells() -> None:
    """A text that is too long stays."""
    assert pad("计", 4) == "计  "
    assert pad("abc", 2) == "abc"
    assert Paper().fit(clean("x" * 99), None) == "x" * 99
