"""Where two logs part, if times, numbers and paths that always differ are put aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from statustui.core.failure_signature import strip_variable_parts

MAX_PARTINGS = 6
"""Partings of two logs that are searched for."""
_MAX_SHOWN = 8
"""Lines that are kept of each log at a parting."""
_BEFORE = 2
"""Lines that are kept of what comes before a parting."""
_WINDOW = 400
"""Lines after a parting among which two logs may come together again."""
_MAX_LINE = 1000
"""Characters of a line that are compared, and kept."""
_END = "\n"
"""Stands for the end of a log: no line is equal to it."""


class Parting(NamedTuple):
    """A place where two logs part."""

    line_here: int
    """Number of the line in the one log, from 1."""
    line_there: int
    """Number of the line in the other log, from 1."""
    before: tuple[str, ...]
    """The last lines before it, of the one log; the other has the same but for numbers."""
    here: tuple[str, ...]
    """The first lines that only the one log has."""
    there: tuple[str, ...]
    """The first lines that only the other log has."""
    more_here: int
    """How many more lines only the one log has, repeats counted once."""
    more_there: int


class Hunk(NamedTuple):
    """Lines in which two texts differ: from `start` up to but without `stop`, in each of them."""

    start_here: int
    stop_here: int
    start_there: int
    stop_there: int


class _Folded(NamedTuple):
    """Lines that repeat each other but for what is put aside."""

    key: str
    """The line, with placeholders."""
    text: str
    """The first of the lines, cut to `_MAX_LINE` characters."""
    number: int
    """The number of the first line, from 1."""


def find_partings(here: Sequence[str], there: Sequence[str]) -> tuple[Parting, ...]:
    """Return where two logs part, the first place first, at most `MAX_PARTINGS`.

    Lines that repeat each other but for times and numbers count once: how often a loop was run
    makes no difference.

    Args:
        here: The lines of the one log, as text that is safe for a terminal.
        there: The lines of the other log.
    """
    one, other = list(_fold(here)), list(_fold(there))
    keys_here, keys_there = [line.key for line in one], [line.key for line in other]
    return tuple(
        _describe(one, other, hunk) for hunk in find_hunks(keys_here, keys_there, MAX_PARTINGS)
    )


def _fold(lines: Sequence[str]) -> Iterator[_Folded]:
    keyed = (
        (" ".join(strip_variable_parts(line).split()), line, number)
        for number, line in enumerate((line[:_MAX_LINE] for line in lines), 1)
    )
    for key, group in groupby(keyed, lambda entry: entry[0]):
        _key, text, number = next(group)
        if key:
            yield _Folded(key, text, number)


def _describe(one: list[_Folded], other: list[_Folded], hunk: Hunk) -> Parting:
    here = [line.text for line in one[hunk.start_here : hunk.stop_here]]
    there = [line.text for line in other[hunk.start_there : hunk.stop_there]]
    before = one[max(0, hunk.start_here - _BEFORE) : hunk.start_here]
    return Parting(
        line_here=_number(one, hunk.start_here),
        line_there=_number(other, hunk.start_there),
        before=tuple(line.text for line in before),
        here=tuple(here[:_MAX_SHOWN]),
        there=tuple(there[:_MAX_SHOWN]),
        more_here=max(0, len(here) - _MAX_SHOWN),
        more_there=max(0, len(there) - _MAX_SHOWN),
    )


def _number(lines: list[_Folded], index: int) -> int:
    """Return the number of the line at an index, or of the one after the last."""
    if index < len(lines):
        return lines[index].number
    return lines[-1].number + 1 if lines else 1


def find_hunks(here: Sequence[str], there: Sequence[str], most: int) -> list[Hunk]:
    """Return the lines in which two texts differ, the first `most` hunks.

    Two texts come together again where two consecutive lines of both are the same, or their last
    line, not further than `_WINDOW` lines from where they parted; else they part for good. There
    may be a smaller difference, which would take much longer to find.
    """
    hunks: list[Hunk] = []
    one = two = 0
    while len(hunks) < most:
        while one < len(here) and two < len(there) and here[one] == there[two]:
            one += 1
            two += 1
        if one == len(here) and two == len(there):
            break
        stop_one, stop_two = _rejoin(here, there, one, two)
        hunks.append(Hunk(one, stop_one, two, stop_two))
        one, two = stop_one, stop_two
    return hunks


def _rejoin(here: Sequence[str], there: Sequence[str], one: int, two: int) -> tuple[int, int]:
    """Return where two texts come together after a difference; their ends if they do not."""
    places: dict[tuple[str, str], int] = {}
    for index in range(two, min(len(there), two + _WINDOW)):
        places.setdefault(_pair(there, index), index)
    best = len(here), len(there)
    least = 2 * _WINDOW
    for index in range(one, min(len(here), one + _WINDOW)):
        found = places.get(_pair(here, index))
        if found is not None and index - one + found - two < least:
            least = index - one + found - two
            best = index, found
    return best


def _pair(lines: Sequence[str], index: int) -> tuple[str, str]:
    return lines[index], lines[index + 1] if index + 1 < len(lines) else _END
