"""Classify many lines of a status file at once, by what they mean for a run.

Every line becomes one byte, its code. Searching the codes tells what the lines add up to, so a file
with millions of short lines costs little more than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.states import KNOWN_STATES, LOG_STATES, categorise
from statustui.core.status_lines import parse_line

BLANK = b"b"
REMARK = b"r"
"""The run stays in its state."""
NEUTRAL = b"n"
WORK = b"w"
"""The run is working: it has recovered from any problem before."""
PROBLEM = b"p"
PASS = b"v"
"""The run passed: no problem before counts."""
_COMPLETE = b"c"
"""A ``COMPLETE`` status, whose code depends on its note."""

_RESULT = re.compile(r"\bresult: (PASS|FAIL|ERROR)\b", re.ASCII)
"""The end of the note of a ``COMPLETE`` status in Pavilion 2.1.1 and 2.4."""
_RESULT_BYTES = re.compile(_RESULT.pattern.encode())
_BY_RESULT = {b"PASS": PASS[0], b"FAIL": PROBLEM[0], b"ERROR": PROBLEM[0]}

NO_WORK = frozenset({"BUILD_CREATED", "RESULTS", "RUN_DONE"})
"""States of active categories that do not show that a run went on after a failure.

``RUN_DONE`` and ``RESULTS`` follow one. ``BUILD_CREATED`` is written by Pavilion's ``pav status``.
"""


def _code_of(state: str) -> int:
    category = categorise(state)
    if state in LOG_STATES:
        return REMARK[0]
    if state == "COMPLETE":
        return _COMPLETE[0]
    # INVALID stands for an unknown name, which does not say how the run is doing.
    if category.is_problem and state != "INVALID":
        return PROBLEM[0]
    if category.is_under_way and state not in NO_WORK:
        return WORK[0]
    return NEUTRAL[0]


_CODES = {state.encode(): _code_of(state) for state in KNOWN_STATES}
KNOWN_WORDS = frozenset(_CODES)
RUNNING_WORDS = frozenset(
    state.encode() for state in KNOWN_STATES if categorise(state) is Category.RUNNING
)
"""The states in which a run is at work; before them it waits and builds."""
END_WORD = b"COMPLETE"
"""The state whose meaning depends on its note."""

_MIN_REPEATS = 4
"""Average number of times each line occurs above which only distinct lines are classified."""
_ODD_START = re.compile(rb"\n[^0-9]")
_ODD_NAME = re.compile(rb" [^A-Z]")
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_PROBLEM_ENDS = (b"_ERROR", b"_FAILED", b"_TIMEOUT")
_PROBLEM_WORD = re.compile(rb"_(?:ERROR|FAILED|TIMEOUT)[ \n]")


class Codes(NamedTuple):
    """The codes of some lines."""

    codes: bytes
    """One byte for each line."""
    words: Sequence[bytes]
    """The states in the lines, in order of first occurrence; repeats may be missing."""


def result_in(note: str) -> str | None:
    """Return the last result that the note of a ``COMPLETE`` status names, if any."""
    found = _RESULT.findall(note)
    return found[-1] if found else None


def last_result(line: bytes) -> str | None:
    """Return the last result that the note in a line names, if any."""
    found = _RESULT_BYTES.findall(line.replace(b"\\n", b"\n") if b"\\" in line else line)
    return found[-1].decode() if found else None


def end_code(result: str | None) -> bytes:
    """Return the code of a line of the state `END_WORD` whose note names a result."""
    # Without a result the end of a run says nothing about a failure before it.
    return NEUTRAL if result is None else bytes([_BY_RESULT[result.encode()]])


def codes_of_known(words: Sequence[bytes]) -> bytes | None:
    """Return the codes of lines by their states, all known; None if a note matters too."""
    codes = bytes(map(_CODES.__getitem__, words))
    return None if _COMPLETE in codes else codes


def read_codes(lines: Sequence[bytes], block: bytes) -> Codes:
    """Return the codes of lines.

    Args:
        lines: The lines, without newlines.
        block: The same lines in one piece, with newlines.
    """
    distinct = list(dict.fromkeys(lines))
    if len(distinct) * _MIN_REPEATS > len(lines):
        return _classify(lines, block)
    known = _classify(distinct, b"\n".join(distinct) + b"\n")
    if len(set(known.codes)) == 1:
        return Codes(known.codes[:1] * len(lines), known.words)
    table = dict(zip(distinct, known.codes, strict=True))
    return Codes(bytes(map(table.__getitem__, lines)), known.words)


def _classify(lines: Sequence[bytes], block: bytes) -> Codes:
    try:
        words = [line.split(b" ", 2)[1] for line in lines]
    except IndexError:
        return _classify_each(lines)
    try:
        codes = bytes(map(_CODES.__getitem__, words))
    except KeyError:
        table = _table_of(words, block)
        if table is None:
            return _classify_each(lines)
        codes = bytes(map(table.get, words, repeat(NEUTRAL[0])))
    return Codes(_judge_ends(codes, lines), words)


def _table_of(words: list[bytes], block: bytes) -> dict[bytes, int] | None:
    """Return codes for states with unknown ones among them; None if lines may be damaged."""
    names = b" " + b" ".join(words)
    if not block[:1].isdigit() or _ODD_START.search(block) or _ODD_NAME.search(names):
        return None
    if names.translate(None, _NAME_BYTES).strip(b" "):
        return None
    if _PROBLEM_WORD.search(block) is None:
        return _CODES
    strange = set(words) - KNOWN_WORDS
    return _CODES | {word: PROBLEM[0] for word in strange if word.endswith(_PROBLEM_ENDS)}


def _classify_each(lines: Sequence[bytes]) -> Codes:
    """Classify lines that may be damaged, one at a time."""
    codes = bytearray()
    words = []
    for line in lines:
        fields = line.split(b" ", 2)
        word = fields[1] if len(fields) > 1 else b""
        code = _CODES.get(word)
        if code is None:
            status = parse_line(line)
            if status is None:
                codes.append(BLANK[0])
                continue
            word = status.state.encode("utf-8", "replace")
            code = _code_of(status.state)
        codes.append(code)
        words.append(word)
    return Codes(_judge_ends(bytes(codes), lines), words)


def _judge_ends(codes: bytes, lines: Sequence[bytes]) -> bytes:
    """Replace the codes of ``COMPLETE`` statuses by what their notes say."""
    index = codes.find(_COMPLETE)
    if index < 0:
        return codes
    judged = bytearray(codes)
    while index >= 0:
        judged[index] = end_code(last_result(lines[index]))[0]
        index = codes.find(_COMPLETE, index + 1)
    return bytes(judged)


def category_of(state: str, note: str) -> Category:
    """Return the category of a status, by the result in its note if it names one."""
    return categorise(state, result_in(note))
