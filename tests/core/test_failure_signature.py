"""Failures that have the same cause."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.failure_signature import failure_signature, normalise
from tests.runs import make


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("make: *** [all] Error 2", "make: *** [all] Error #"),
        (
            "no space left on /scratch/mia/run 12/x.log: ENOSPC",
            "no space left on <path> #/x.log: ENOSPC",
        ),
        ("cannot open '../data/mesh.h5'", "cannot open '<path>'"),
        ("at 2026-11-23T21:02:00.935696 on cn0117", "at <time> on cn#"),
        ("at 2026-11-23 21:02, again at 21:05:17", "at <time>, again at <time>"),
        ("build 43ae848856d04467 is gone", "build <hash> is gone"),
        ("job c5758ee8-0967-4b4d-8bdc-508b5de2f036", "job <hash>"),
        ("fault at 0x7fFE12", "fault at <hash>"),
        ("took 1,234.5 s of 600", "took # s of #"),
        ("effaced facade deadbeef", "effaced facade deadbeef"),
        ("and/or", "and/or"),
        ("  two\tblanks  \nand a second line", "two blanks"),
        ("", ""),
    ],
)
def test_what_differs_from_run_to_run_is_replaced(note: str, expected: str) -> None:
    """And nothing else."""
    assert normalise(note) == expected


def test_a_cause_is_state_and_note_of_what_went_wrong() -> None:
    """Also where a later state hides it; without a problem there is none."""
    first = make("r/1", "BUILD_FAILED make: *** error 2", "BUILD_CREATED Builder.")
    other = make("r/2", "BUILD_FAILED make: *** error 13")
    assert failure_signature(first) == failure_signature(other) == "BUILD_FAILED: make: *** error #"
    assert failure_signature(make("r/3", "RUN_ERROR")) == "RUN_ERROR"
    assert failure_signature(make("r/4", "RUNNING x")) == ""


PIECES = [
    "/",
    "a/b",
    "/x/y",
    "12",
    "ab12cd34",
    "21:02",
    "2026-11-23",
    "#",
    "<",
    ">",
    ".",
    "~",
    " ",
    "é",
    "0x1f",
    "-",
]
NOTES = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@given(NOTES)
def test_what_has_been_normalised_stays_as_it_is(note: str) -> None:
    """And holds no digit more."""
    once = normalise(note)
    assert normalise(once) == once
    assert not re.search("[0-9]", once)


@given(
    st.lists(st.sampled_from(["step ", "node cn", ", ", "failed: ", "ü"])),
    st.integers(0),
    st.integers(0),
)
def test_notes_that_differ_in_numbers_are_the_same(words: list[str], one: int, other: int) -> None:
    """Wherever the number stands among the words."""
    for place in range(len(words) + 1):
        notes = [
            "".join([*words[:place], f" {number} ", *words[place:]]) for number in (one, other)
        ]
        assert normalise(notes[0]) == normalise(notes[1])
