"""Build a run from a small status file in which nothing is unusual.

Most files hold known states only. Their order decides category, problem and recovery, and is judged
once for all files with the same order. Of a file only the first, last and failing lines are parsed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.line_codes import (
    END_WORD,
    KNOWN_WORDS,
    REMARK,
    codes_of_known,
    end_code,
    last_result,
)
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import KNOWN_STATES, categorise
from statustui.core.status_info import StatusInfo
from statustui.core.status_summary import INTERN_LENGTH, find_problem, parse_kept
from statustui.core.times import Time, may_repeat, parse_time, seconds_of

_MAX_LINES = 64
"""A file with more lines is left to `make_run`."""
_EPOCH_DIGITS = 10
_MAX_EPOCH_LENGTH = 20
_NAMES = {state.encode(): state for state in KNOWN_STATES}
_NOWHERE = -1


class _Order(NamedTuple):
    """What an order of states means."""

    problem_at: int
    """Index of the line that explains a failure; -1 for none."""
    recovered_at: int
    """Index of the last failure from which the run recovered; -1 for none."""
    category: Category
    stage: str
    seen: frozenset[str]


def quick_run(place: RunDir, metadata: RunMetadata, block: bytes) -> Run | None:
    """Build the run that `make_run` would build, if nothing in its status file is unusual.

    Args:
        place: The directory of the run.
        metadata: What the files beside its status file say.
        block: The whole status file.

    Returns:
        The run; None if it needs `make_run`.
    """
    lines = block.split(b"\n")
    if lines.pop() or not 0 < len(lines) <= _MAX_LINES:
        return None
    try:
        words = tuple([line.split(b" ", 2)[1] for line in lines])
    except IndexError:
        return None
    if not KNOWN_WORDS.issuperset(words) or may_repeat(block, lines):
        return None
    last = lines[-1]
    result = last_result(last) if words[-1] == END_WORD else None
    order = _order_of(words, result)
    started, current = _read_time(lines[0]), _read_status(last, words[-1])
    if order is None or started is None or current is None:
        return None
    problem = recovered = None
    if order.problem_at >= 0:
        is_last = order.problem_at == len(lines) - 1
        problem = current if is_last else _status_at(order.problem_at, lines, words)
    if order.recovered_at >= 0:
        recovered = _status_at(order.recovered_at, lines, words)
    if (problem is None and order.problem_at >= 0) or (
        recovered is None and order.recovered_at >= 0
    ):
        return None
    return Run(
        place.root,
        place.path,
        place.id,
        metadata,
        place.kind,
        current,
        order.category,
        problem,
        result,
        len(lines),
        order.seen,
        seconds_of(started),
        current.timestamp,
        None,
        order.stage,
        recovered=recovered,
        status_result=result,
    )


@lru_cache(maxsize=4096)
def _order_of(words: tuple[bytes, ...], result: str | None) -> _Order | None:
    """Return what an order of known states means; None if the notes matter too.

    Args:
        words: The states.
        result: The result that the last note names; None unless the last state is `END_WORD`.
    """
    is_end = words[-1] == END_WORD
    codes = codes_of_known(words[:-1] if is_end else words)
    if codes is None or (is_end and result is None):
        return None
    if is_end:
        codes += end_code(result)
    stage_at = len(codes.rstrip(REMARK)) - 1
    if stage_at < 0:
        return None
    stage = _NAMES[words[stage_at]]
    category = categorise(stage, result)
    problem_at, recovered_at = find_problem(codes, has_problem=False)
    if result == "PASS" or (problem_at < 0 and not category.is_problem):
        problem_at = _NOWHERE
    elif problem_at < 0:
        problem_at = stage_at
    elif problem_at != stage_at:
        category = categorise(_NAMES[words[problem_at]])
    seen = frozenset(map(_NAMES.__getitem__, words))
    return _Order(problem_at, recovered_at, category, stage, seen)


def _status_at(index: int, lines: list[bytes], words: tuple[bytes, ...]) -> StatusInfo | None:
    return _read_status(lines[index], words[index])


def _read_time(line: bytes) -> Time:
    """Return when a status was set; None if its time needs the full parser."""
    text = line[: line.find(b" ")]
    whole, point, fraction = text.partition(b".")
    if len(whole) == _EPOCH_DIGITS and len(text) <= _MAX_EPOCH_LENGTH and whole.isdigit():
        if fraction.isdigit() or not (fraction or point):
            return float(text)
        return None
    return parse_time(text)


def _read_status(line: bytes, word: bytes) -> StatusInfo | None:
    """Return the status in a line with the state `word`; None if its time needs the full parser."""
    time = _read_time(line)
    if time is None:
        return None
    if len(line) > INTERN_LENGTH or b"\\" in line or b"\0" in line:
        return parse_kept(line, time)
    note = line[line.find(b" ") + len(word) + 2 :].decode("utf-8", "replace").strip()
    return StatusInfo.read(_NAMES[word], note, time)
