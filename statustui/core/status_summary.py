"""What the lines of a status file add up to, computed block by block."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from statustui.core.line_codes import (
    BLANK,
    KNOWN_WORDS,
    PASS,
    PROBLEM,
    REMARK,
    RUNNING_WORDS,
    WORK,
    last_result,
    read_codes,
)
from statustui.core.states import STATES
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import STATE_BYTES, parse_line, read_time
from statustui.core.times import (
    Time,
    decided,
    ends_in_second,
    in_order,
    is_open,
    may_repeat,
    moved,
)

NOTE_BYTES = 4096
"""Bytes kept of a note: as many as a line of a status file may have."""
INTERN_LENGTH = 256
"""Characters of a note above which equal notes of several runs share their memory."""
_MAX_UNKNOWN_STATES = 64
"""Different states unknown to Pavilion that are kept of a run."""
_ELLIPSIS = "…"
"""Stands among the states of a run for those that were not kept."""

_NO_CHANGE = BLANK + REMARK
_OUTCOME = re.compile(b"[" + WORK + PASS + b"]")
"""Codes of lines that end a problem: the run recovered, or passed."""


class StatusSummary(NamedTuple):
    """What the whole lines of a status file add up to, and the offset to read on from.

    `problem` is the status that explains a failure, wherever it is in the file. Of several it is
    the first, since later problems usually follow from it. Once the run has gone back to work, it
    becomes `recovered`. A result of PASS clears it.

    States are cut to `STATE_BYTES`, notes to `NOTE_BYTES`.
    """

    offset: int = 0
    """Where to read on: the end of the last whole line."""
    status_count: int = 0
    started: Time = None
    current: StatusInfo | None = None
    stage: StatusInfo | None = None
    """The last status that is not a remark."""
    problem: StatusInfo | None = None
    recovered: StatusInfo | None = None
    seen: frozenset[bytes] = frozenset()
    """Every state so far; of unknown ones the first `_MAX_UNKNOWN_STATES`."""
    last_time: Time = None
    """The last readable time."""
    began: Time = None
    """Time of the first status of running that has one; None if there is none."""

    def add(self, block: bytes, offset: int) -> StatusSummary:
        """Return the summary after a further block of whole lines, which ends at `offset`."""
        if not block.endswith(b"\n"):
            block += b"\n"
        lines = block.split(b"\n")
        del lines[-1]
        codes, words = read_codes(lines, block)
        last = len(codes.rstrip(BLANK)) - 1
        if last < 0:
            return self._replace(offset=offset)
        stage = len(codes.rstrip(_NO_CHANGE)) - 1
        problem, recovered = find_problem(codes, has_problem=self.problem is not None)
        first = len(codes) - len(codes.lstrip(BLANK))
        lasting = [first, last, stage, problem, recovered]
        began = self._find_begin(lines, words)
        times = _times_of(block, lines, self.last_time, [*lasting, began])
        before = self._with_times(decided) if times.has_closed else self
        kept = {
            index: parse_kept(lines[index], times.at[index])
            for index in {*lasting[1:]}
            if index >= 0
        }
        return StatusSummary(
            offset=offset,
            status_count=self.status_count + len(codes) - codes.count(BLANK),
            started=before.started if self.status_count else times.at[first],
            current=kept[last],
            stage=kept.get(stage, before.stage),
            problem=before.problem if problem == _BEFORE else kept.get(problem),
            recovered=(
                before.problem if recovered == _BEFORE else kept.get(recovered, before.recovered)
            ),
            seen=_add_states(self.seen, words),
            last_time=times.last,
            began=times.at.get(began, before.began),
        )

    def _find_begin(self, lines: list[bytes], words: Sequence[bytes]) -> int:
        """Return the line with which the run begins to run; `_NOWHERE` if it is none of these."""
        if self.began is not None or RUNNING_WORDS.isdisjoint(words):
            return _NOWHERE
        for index, line in enumerate(lines):
            fields = line.split(b" ", 2)
            is_running = len(fields) > 1 and fields[1] in RUNNING_WORDS
            if is_running and read_time(line) is not None:
                return index
        return _NOWHERE

    def settled(self, modified: float | None) -> StatusSummary:
        """Return the summary at the end of the file, with ambiguous times there resolved.

        Args:
            modified: Time of the last write to the file, in seconds since 1970; None if unknown.
        """
        if not ends_in_second(self.last_time, modified):
            return self
        return self._with_times(moved)

    def _with_times(self, change: Callable[[Time], Time]) -> StatusSummary:
        """Return the summary with `change` applied to every time but the last one."""

        def settle(status: StatusInfo | None) -> StatusInfo | None:
            return None if status is None else status.at(change(status.time))

        return self._replace(
            started=change(self.started),
            began=change(self.began),
            current=settle(self.current),
            stage=settle(self.stage),
            problem=settle(self.problem),
            recovered=settle(self.recovered),
        )


_NOWHERE, _BEFORE = -1, -2
"""In place of the index of a line: no line, or the problem known before these lines."""


def find_problem(codes: bytes, *, has_problem: bool) -> tuple[int, int]:
    """Return the line of the problem that explains a failure, and of the last one recovered from.

    Args:
        codes: The codes of the lines.
        has_problem: Whether the lines before them left a problem.
    """
    if has_problem:
        codes = PROBLEM + codes
    cleared = max(codes.rfind(WORK), codes.rfind(PASS))
    problem, recovered, end = codes.find(PROBLEM, cleared + 1), _NOWHERE, cleared + 1
    while recovered == _NOWHERE and (last := codes.rfind(PROBLEM, 0, end)) >= 0:
        end = max(codes.rfind(WORK, 0, last), codes.rfind(PASS, 0, last)) + 1
        outcome = _OUTCOME.search(codes, last)
        if outcome is not None and outcome[0] == WORK:
            recovered = codes.find(PROBLEM, end)
    if has_problem:
        return _BEFORE if not problem else max(problem - 1, _NOWHERE), (
            _BEFORE if not recovered else max(recovered - 1, _NOWHERE)
        )
    return problem, recovered


def parse_kept(line: bytes, time: Time) -> StatusInfo | None:
    """Return the status in a line as it is kept of a run; `time` is its resolved time."""
    status = parse_line(line, NOTE_BYTES)
    if status is None:  # pragma: no cover - blank lines are never kept
        return None
    if len(line) > NOTE_BYTES and status.state == STATES.COMPLETE:
        # The result is at the end of the note, which has been cut.
        result = last_result(line)
        note = f"{status.note} result: {result}" if result else status.note
        status = StatusInfo.read(status.state, note, time)
    if len(status.note) > INTERN_LENGTH:
        # Many runs may have the same long note.
        return StatusInfo.read(status.state, sys.intern(status.note), time)
    return status.at(time)


class _Times(NamedTuple):
    at: dict[int, Time]
    """Index of a line -> its resolved time."""
    last: Time
    """The last readable time up to the end of the lines."""
    has_closed: bool
    """Whether a line has decided which instants the ambiguous times before it mean."""


def _times_of(block: bytes, lines: list[bytes], before: Time, wanted: list[int]) -> _Times:
    """Return the times of the lines with the indices `wanted`.

    Args:
        block: The lines in one piece.
        lines: The lines.
        before: The last readable time before them.
        wanted: Indices; negative ones are ignored. The second one is that of the last status.
    """
    at: dict[int, Time] = {}
    if not may_repeat(block, lines):
        at = {index: read_time(lines[index]) for index in wanted if index >= 0}
        last = at[wanted[1]]
        if last is None:
            times = map(read_time, dict.fromkeys(reversed(lines[: wanted[1]])))
            last = next((time for time in times if time is not None), before)
        return _Times(at, last, last is not before and is_open(before))
    has_closed = False
    for index, line in enumerate(lines):
        time = in_order(read_time(line), before)
        if time is not None and not is_open(time) and is_open(before):
            has_closed = True
            at = {earlier: decided(one) for earlier, one in at.items()}
        before = before if time is None else time
        if index in wanted:
            at[index] = time
    return _Times(at, before, has_closed)


def _add_states(seen: frozenset[bytes], words: Sequence[bytes]) -> frozenset[bytes]:
    """Return the states seen so far with those of further lines, within the limits."""
    if seen.issuperset(words):
        return seen
    if KNOWN_WORDS.issuperset(words):
        return seen.union(words)
    known = KNOWN_WORDS.intersection(words)
    room = _MAX_UNKNOWN_STATES - len(seen - KNOWN_WORDS)
    if room <= 0:
        # The ellipsis is one of those already kept.
        return seen | known
    kept = []
    for word in dict.fromkeys(words):
        if word not in KNOWN_WORDS:
            short = word if len(word) <= STATE_BYTES else word[:STATE_BYTES] + _ELLIPSIS.encode()
            if short not in seen:
                kept.append(short)
    if len(kept) >= room:
        kept = [*kept[: room - 1], _ELLIPSIS.encode()]
    return seen.union(known, kept)
