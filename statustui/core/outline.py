"""Read a small status file in which nothing is unusual.

Most files hold known states only. Their order decides category, problem and recovery, and is judged
once for all files with the same order. Of a file only the lines that matter are kept: they are
parsed when its run is built.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.line_codes import (
    END_WORD,
    REMARK,
    RUNNING_WORDS,
    codes_of_known,
    end_code,
    last_result,
)
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import KNOWN_STATES, STATES, categorise
from statustui.core.status_info import StatusInfo
from statustui.core.status_summary import INTERN_LENGTH, find_problem, parse_kept
from statustui.core.times import Time, may_repeat, parse_time, seconds_of

_MAX_LINES = 64
"""A file with more lines is left to `make_run`."""
_MAX_SHAPE = 2048
"""Size in bytes up to which the judgement of a file is kept for others that differ in digits."""
_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_EPOCH_DIGITS = 10
_MAX_EPOCH_LENGTH = 20
_UNKNOWN = "-"
"""Stands for an unreadable time."""
_EPOCH = rb"[0-9]{10}(?:\.[0-9]{1,9})?"
_USUAL = re.compile(
    rb" ?(%b)\n(%b)( [^\n\\\0]{0,220})\n([^\n]*)\n([^\n]*)\n(?: ?(%b))?" % (_EPOCH, _EPOCH, _EPOCH)
).fullmatch
"""Matches the text of an `Outline` with plain times in it, and a plain note in its last line.

Its groups are the first time, the time of the last line and what follows that, the lines of the
problem and of the last failure that the run recovered from, and when it began to run.
"""
_NAMES = {state.encode(): state for state in KNOWN_STATES}
_NOWHERE = -1
_NO_LINE = slice(0)


class StateDigest(NamedTuple):
    """What the states in a status file, in their order, say about a run."""

    category: Category
    stage: str
    """The last state that is not a remark."""
    result: str | None
    """The result that the last note names."""
    status_count: int
    """Number of statuses."""
    seen: frozenset[str]
    """Every state."""
    last: str
    problem: str | None
    """The state that explains a failure; None for none."""
    recovered: str | None
    """The state of the last failure from which the run recovered; None for none."""
    is_final: bool
    """Whether the run has finished, by its status file alone."""


class OutlinedStatuses(NamedTuple):
    """The statuses and times in a status file that matter."""

    current: StatusInfo
    problem: StatusInfo | None
    recovered: StatusInfo | None
    started: float | None
    """In seconds since 1970, as `began`."""
    began: float | None


class UsualLines(NamedTuple):
    """What the lines that matter say in most files.

    The problem of the run, if it has one, is its current status, and the run has not recovered from
    any other.
    """

    note: str
    """That of the current status."""
    time: float
    """When this was set, in seconds since 1970, as the two that follow."""
    started: float
    began: float | None


class LineColumns(NamedTuple):
    """The `UsualLines` of many runs, in columns."""

    notes: Sequence[str]
    times: Sequence[float]
    started: Sequence[float]
    began: Sequence[float | None]


class UsualText(NamedTuple):
    """The same as it stands in the file; the last part is empty if the run has not begun."""

    note: bytes
    time: bytes
    started: bytes
    began: bytes


class Outline(NamedTuple):
    """The lines of a status file that matter, and what its states say."""

    digest: StateDigest
    lines: UsualLines | UsualText | bytes
    """What these lines say. If that is unusual, five lines of text: the first time, the last line,
    those of the problem and of the last failure that the run recovered from, and the time at which
    it began to run. These three are empty if there is none, the problem also if it is the last
    line."""


class _Order(NamedTuple):
    """What an order of states means."""

    digest: StateDigest
    problem_at: int
    """Index of the line that explains a failure; -1 for none."""
    recovered_at: int
    """Index of the last failure from which the run recovered; -1 for none."""
    began_at: int
    """Index of the first line in which the run is running; -1 for none."""


class _Layout(NamedTuple):
    """What a status file says by its states, and where its lines are."""

    digest: StateDigest
    is_usual: bool
    """Whether its outline has `UsualText`; else it has five lines of text."""
    parts_of: Callable[[bytes], tuple[bytes, ...]]
    """Returns the parts of that, given the text of the file."""


def _judge_shape(shape: bytes) -> _Layout | None:
    """Judge a status file by its text with every digit replaced by 0, as no state has a digit.

    Args:
        shape: The text.

    Returns:
        What the order of its states means, and where its lines are; None if anything in it is
        unusual.
    """
    lines = shape.split(b"\n")
    if lines.pop() or not 0 < len(lines) <= _MAX_LINES:
        return None
    try:
        words = tuple([line.split(b" ", 2)[1] for line in lines])
        order = _judge(words, last_result(lines[-1]) if words[-1] == END_WORD else None)
    except (IndexError, KeyError):
        return None
    if order is None:
        return None

    def line_at(at: int) -> slice:
        if at < 0:
            return _NO_LINE
        start = sum(map(len, lines[:at])) + at
        return slice(start, start + len(lines[at]))

    def time_at(at: int) -> slice:
        line = line_at(at)
        return slice(line.start, line.start + lines[at].find(b" ")) if at >= 0 else line

    last = len(lines) - 1
    problem_at = order.problem_at if order.problem_at != last else _NOWHERE
    line, first, began = line_at(last), time_at(0), time_at(order.began_at)
    five = itemgetter(first, line, line_at(problem_at), line_at(order.recovered_at), began)
    usual = _USUAL(b"\n".join(five(shape)))
    if usual is None or problem_at != _NOWHERE or order.recovered_at != _NOWHERE:
        return _Layout(order.digest, False, five)
    time = time_at(last)
    note = slice(time.stop + len(f" {order.digest.last} "), line.stop)
    return _Layout(order.digest, True, itemgetter(note, time, first, began))


_judge_known_shape = lru_cache(maxsize=1024)(_judge_shape)


@lru_cache(maxsize=4096)
def _judge(words: tuple[bytes, ...], result: str | None) -> _Order | None:
    """Return what an order of states means; None if the notes matter too.

    Args:
        words: The states.
        result: The result that the last note names; None unless the last state is `END_WORD`.

    Raises:
        KeyError: A state is unknown. Its name, which may be long, is then not cached.
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
    states = [_NAMES[word] for word in words]
    stage = states[stage_at]
    category = categorise(stage, result)
    problem_at, recovered_at = find_problem(codes, has_problem=False)
    if result == "PASS" or (problem_at < 0 and not category.is_problem):
        problem_at = _NOWHERE
    elif problem_at < 0:
        problem_at = stage_at
    is_final = category.is_final or (problem_at >= 0 and stage == STATES.BUILD_CREATED)
    if problem_at not in {_NOWHERE, stage_at}:
        category = categorise(states[problem_at])
    digest = StateDigest(
        category,
        stage,
        result,
        len(words),
        frozenset(states),
        states[-1],
        None if problem_at < 0 else states[problem_at],
        None if recovered_at < 0 else states[recovered_at],
        is_final,
    )
    running = (index for index, word in enumerate(words) if word in RUNNING_WORDS)
    return _Order(digest, problem_at, recovered_at, next(running, _NOWHERE))


def read_outline(block: bytes) -> Outline | None:
    """Return the outline of a whole status file; None if anything in it is unusual."""
    shape = block.translate(_SHAPE)
    layout = _judge_known_shape(shape) if len(shape) <= _MAX_SHAPE else _judge_shape(shape)
    if layout is None or (b"-" in block and may_repeat(block, block.split(b"\n"))):
        return None
    digest, is_usual, parts_of = layout
    parts = parts_of(block)
    return Outline(digest, UsualText._make(parts) if is_usual else b"\n".join(parts))


def parse_outline(outline: Outline) -> OutlinedStatuses | None:
    """Return the statuses and times in an outline; None if a time in it is unusual."""
    digest, lines = outline
    if not isinstance(lines, bytes):
        note, time, started, began = _parse_usual(lines)
        current = StatusInfo.read(digest.last, note, time)
        problem = None if digest.problem is None else current
        return OutlinedStatuses(current, problem, None, started, began)
    return _parse_text(digest, lines)


def _parse_text(digest: StateDigest, lines: bytes) -> OutlinedStatuses | None:
    problem = recovered = None
    started: float | None
    try:
        usual = _USUAL(lines)
        if usual is not None:
            first, last, rest, problem_line, recovered_line, began_text = usual.groups()
            current = StatusInfo.read(digest.last, _note_in(rest, digest.last), float(last))
            started = float(first)
            began = float(began_text) if began_text else None
        else:
            first, last, problem_line, recovered_line, began_text = lines.split(b"\n")
            current = _read_status(last, digest.last)
            started = _read_seconds(first)
            began = _read_seconds(began_text) if began_text else None
            if began_text and began is None:
                # A later line may tell.
                return None
        if digest.problem is not None:
            problem = _read_status(problem_line, digest.problem) if problem_line else current
        if digest.recovered is not None:
            recovered = _read_status(recovered_line, digest.recovered)
    except ValueError:
        return None
    return OutlinedStatuses(current, problem, recovered, started, began)


def usual_lines(outline: Outline) -> UsualLines | None:
    """Return what the lines of an outline say; None if it is not like most others."""
    digest, lines = outline
    if not isinstance(lines, bytes):
        return _parse_usual(lines)
    statuses = _parse_text(digest, lines)
    return None if statuses is None else _as_usual(statuses)


def usual_columns(texts: Sequence[UsualText]) -> LineColumns:
    """Return what `usual_lines` returns of outlines with these texts, in columns."""
    notes, times, started, began = zip(*texts, strict=True)
    known = {note: _read_note(note) for note in {*notes}}
    return LineColumns(
        [known[note] for note in notes],
        list(map(float, times)),
        list(map(float, started)),
        [float(time) if time else None for time in began],
    )


def _parse_usual(lines: UsualLines | UsualText) -> UsualLines:
    if isinstance(lines, UsualLines):
        return lines
    note, time, started, began = lines
    return UsualLines(
        _read_note(note), float(time), float(started), float(began) if began else None
    )


def _as_usual(statuses: OutlinedStatuses) -> UsualLines | None:
    current, problem, recovered, started, began = statuses
    time = current.time
    is_other = problem is not None and problem != current
    if is_other or recovered is not None or started is None or not isinstance(time, float):
        return None
    return UsualLines(current.note, time, started, began)


def _note_in(text: bytes, state: str) -> str:
    """Return the note in the part of a line that follows its time."""
    return _read_note(text[len(state) + 2 :])


def _read_note(text: bytes) -> str:
    # Many runs have the same note.
    return sys.intern(text.decode("utf-8", "replace").strip())


def build_outlined(place: RunDir, metadata: RunMetadata, outline: Outline) -> Run | None:
    """Build the run that `make_run` would build from a status file.

    Args:
        place: The directory of the run.
        metadata: What the files beside its status file say.
        outline: What `read_outline` has returned.

    Returns:
        The run; None if it needs `make_run`, because a time is unusual.
    """
    statuses = parse_outline(outline)
    return None if statuses is None else make_outlined(place, metadata, outline.digest, statuses)


def make_outlined(
    place: RunDir, metadata: RunMetadata, digest: StateDigest, statuses: OutlinedStatuses
) -> Run:
    """Return the run that `build_outlined` builds of an outline that has been parsed."""
    current, problem, recovered, started, began = statuses
    root, path, _id, kind = place
    own_id = place.own_id
    run = Run(
        root,
        path,
        metadata,
        kind,
        current,
        digest.category,
        problem,
        digest.result,
        digest.status_count,
        digest.seen,
        started,
        current.timestamp,
        digest.stage,
        digest.result,
        began,
        recovered,
    )
    return run._replace(own_id=own_id) if own_id else run


def outline_of(run: Run) -> Outline | None:
    """Return an outline from which `build_outlined` builds a finished run again.

    Args:
        run: The run.

    Returns:
        The outline; None if the run has something that no outline holds, such as a result from
        another file.
    """
    problem = None if run.problem is None else run.problem.state
    recovered = None if run.recovered is None else run.recovered.state
    digest = StateDigest(
        run.category,
        run.stage,
        run.result,
        run.status_count,
        run.seen,
        run.current.state,
        problem,
        recovered,
        is_final=True,
    )
    statuses = OutlinedStatuses(run.current, run.problem, run.recovered, run.started, run.began)
    outline = Outline(digest, _as_usual(statuses) or _format_statuses(statuses))
    # The past of a run is none of its own files' business.
    bare = run if run.past is None else run._replace(past=None)
    return outline if build_outlined(run.place, run.metadata, outline) == bare else None


def _format_statuses(statuses: OutlinedStatuses) -> bytes:
    """Return a text that `_parse_text` reads, unless something in it looks otherwise there."""
    current, problem, recovered, started, began = statuses
    if problem == current:
        problem = None
    texts = [_format_seconds(started), *map(_format_status, (current, problem, recovered))]
    return b"\n".join([*texts, b"" if began is None else _format_seconds(began)])


def _format_seconds(seconds: float | None) -> bytes:
    """Return a text that `_read_seconds` reads."""
    return b" " if seconds is None else b" %.9f" % seconds


def _format_status(status: StatusInfo | None) -> bytes:
    """Return a line that `_read_status` reads; empty for no status."""
    if status is None:
        return b""
    when, time = _UNKNOWN, status.time
    if time is not None:
        when = time.isoformat() if isinstance(time, datetime) else f"{time:.9f}"
    note = status.note.replace("\n", "\\n")
    return f"{when} {status.state} {note}".encode("utf-8", "replace")


def _read_seconds(text: bytes) -> float | None:
    """Return a time in seconds since 1970; None if it is unreadable.

    Raises:
        ValueError: It needs the full parser.
    """
    # No time in a file begins with a space, but that of `outline_of` does.
    if text.startswith(b" "):
        return float(text) if text != b" " else None
    return seconds_of(_read_time(text))


def _read_time(text: bytes) -> Time:
    """Return the time in a text; None if it is unreadable.

    Raises:
        ValueError: It needs the full parser.
    """
    whole, point, fraction = text.partition(b".")
    if len(whole) == _EPOCH_DIGITS and len(text) <= _MAX_EPOCH_LENGTH and whole.isdigit():
        if fraction.isdigit() or not (fraction or point):
            return float(text)
        raise ValueError
    time = parse_time(text)
    if time is None and text != _UNKNOWN.encode():
        raise ValueError
    return time


def _read_status(line: bytes, state: str) -> StatusInfo:
    """Return the status of the `state` in a line.

    Raises:
        ValueError: Its time needs the full parser.
    """
    end = line.find(b" ")
    time = _read_time(line[:end])
    if len(line) > INTERN_LENGTH or b"\\" in line or b"\0" in line:
        status = parse_kept(line, time)
        if status is None:  # pragma: no cover - a line with a time is not blank
            raise ValueError
        return status
    return StatusInfo.read(state, _note_in(line[end:], state), time)
