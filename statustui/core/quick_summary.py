"""What a whole status file adds up to, told quickly where nothing is unusual in it.

Most files hold known states alone, and the order of the states decides which lines matter. What an
order of states means is computed once, and only the lines that matter are parsed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from statustui.core.line_codes import END_WORD, KNOWN_WORDS, REMARK, codes_of_known, end_code
from statustui.core.states import KNOWN_STATES
from statustui.core.status_info import StatusInfo
from statustui.core.status_summary import (
    INTERN_LENGTH,
    StatusSummary,
    find_problem,
    parse_kept,
)
from statustui.core.times import Time, may_repeat, parse_time

_MAX_LINES = 64
"""Lines of a file up to which the order of its states is remembered."""
_EPOCH_DIGITS = 10
_MAX_EPOCH_LENGTH = 20
_NAMES = {state.encode(): state for state in KNOWN_STATES}


class _Order(NamedTuple):
    """What an order of states means: the indices of the lines that matter, -1 for none."""

    stage: int
    problem: int
    recovered: int
    seen: frozenset[bytes]


def summarise(block: bytes, offset: int) -> StatusSummary:
    """Return what the lines of a file add up to.

    The answer is the same as that of ``StatusSummary().add(block, offset)``.

    Args:
        block: All whole lines of the file.
        offset: Where they end.
    """
    summary = _summarise_quickly(block, offset)
    return StatusSummary().add(block, offset) if summary is None else summary


def _summarise_quickly(block: bytes, offset: int) -> StatusSummary | None:
    """Return the summary of known states with readable times; None if it takes a closer look."""
    lines = block.split(b"\n")
    if lines.pop() or not 0 < len(lines) <= _MAX_LINES:
        return None
    try:
        words = tuple([line.split(b" ", 2)[1] for line in lines])
    except IndexError:
        return None
    if not KNOWN_WORDS.issuperset(words) or may_repeat(block, lines):
        return None
    last = len(lines) - 1
    order = _order_of(words, end_code(lines[last]) if words[last] == END_WORD else b"")
    started = _read_time(lines[0])
    if order is None or started is None:
        return None
    kept = {
        index: _read_status(lines[index], words[index])
        for index in {last, order.stage, order.problem, order.recovered}
        if index >= 0
    }
    current = kept[last]
    if current is None or not all(kept.values()):
        return None
    return StatusSummary(
        offset=offset,
        status_count=last + 1,
        started=started,
        current=current,
        stage=kept.get(order.stage),
        problem=kept.get(order.problem),
        recovered=kept.get(order.recovered),
        seen=order.seen,
        last_time=current.time,
    )


@lru_cache(maxsize=4096)
def _order_of(words: tuple[bytes, ...], end: bytes) -> _Order | None:
    """Return what an order of known states means; None if the notes of several lines matter.

    Args:
        words: The states.
        end: The code of the last line if that is the end of a run; else empty.
    """
    codes = codes_of_known(words[:-1] if end else words)
    if codes is None:
        return None
    codes += end
    problem, recovered = find_problem(codes, has_problem=False)
    return _Order(len(codes.rstrip(REMARK)) - 1, problem, recovered, frozenset(words))


def _read_time(line: bytes) -> Time:
    """Return when a status was set; None if its time is written in a way that few use."""
    text = line[: line.find(b" ")]
    whole, point, fraction = text.partition(b".")
    if len(whole) == _EPOCH_DIGITS and len(text) <= _MAX_EPOCH_LENGTH and whole.isdigit():
        if fraction.isdigit() or not (fraction or point):
            return float(text)
        return None
    return parse_time(text)


def _read_status(line: bytes, word: bytes) -> StatusInfo | None:
    """Return the status in a line whose state is `word`; None if its time takes a closer look."""
    time = _read_time(line)
    if time is None:
        return None
    if len(line) > INTERN_LENGTH or b"\\" in line or b"\0" in line:
        return parse_kept(line, time)
    note = line[line.find(b" ") + len(word) + 2 :].decode("utf-8", "replace").strip()
    return StatusInfo.read(_NAMES[word], note, time)
