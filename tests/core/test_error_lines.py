"""Lines of logs that tell of errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.error_lines import first_error_line, last_error_line


@pytest.mark.parametrize(
    "line",
    [
        "main.c:12:3: error: expected ';'",
        "ERROR: cannot open file",
        "make: *** [Makefile:3: all] Error 2",
        "Segmentation fault (core dumped)",
        "Traceback (most recent call last):",
        "ValueError: no",
        "slurmstepd: error: *** JOB 6 ON vm CANCELLED ***",
        "run.sh: line 9: module: command not found",
        "bash: /x: No such file or directory",
        "collect2: undefined reference to `main'",
        "Lmod: unknown module gcc on cn1",
        "FATAL ERROR",
        "x.c:3: \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kno such",
    ],
)
def test_lines_that_tell_of_an_error_are_known(line: str) -> None:
    """In the words of compilers, shells, schedulers and Python."""
    assert first_error_line(line.encode()) >= 0
    assert last_error_line(line.encode()) >= 0


@pytest.mark.parametrize(
    "line",
    [
        "0 errors, 0 warnings",
        "no error",
        "errors: 0",
        "failover",
        "error=0",
        "cc -Werror -c main.c",
        "cc -c src/error.c",
        "ld error.o",
    ],
)
def test_lines_that_tell_of_no_error_are_passed_over(line: str) -> None:
    """Though they have such words in them."""
    assert first_error_line(line.encode()) == last_error_line(line.encode()) == -1


def test_the_first_and_the_last_are_found_among_lines_that_only_look_like_it() -> None:
    """Wherever they stand."""
    noise = b"0 errors\ncc -Werror -c failover.c\nall tests not failed: 0\n"
    text = noise * 50 + b"x\nFATAL: one\n" + noise * 50 + b"two: Permission denied\n" + noise * 50
    assert first_error_line(text) == text.index(b"FATAL")
    assert last_error_line(text) == text.index(b"Permission")
    assert first_error_line(noise) == last_error_line(noise) == -1


@given(st.lists(st.sampled_from([b"error", b"0 ", b"no ", b"-W", b"\n", b"fatal ", b"x", b": 0"])))
def test_there_is_a_first_one_where_there_is_a_last_one(pieces: list[bytes]) -> None:
    """And it is not behind it."""
    text = b"".join(pieces)
    assert (first_error_line(text) < 0) == (last_error_line(text) < 0)
    assert first_error_line(text) <= last_error_line(text)
