"""One immutable picture of one run directory, and what its status file adds up to."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from statustui.core.categories import Category
from statustui.core.lines import (
    BLANK,
    KNOWN_WORDS,
    PASS,
    PROBLEM,
    REMARK,
    WORK,
    category_of,
    last_result,
)
from statustui.core.lines import read_codes as _read_codes
from statustui.core.lines import result_in as result_in  # noqa: PLC0414 - part of this interface
from statustui.core.members import Members
from statustui.core.states import STATES, categorise
from statustui.core.status_file import (
    STATE_BYTES,
    StatusInfo,
    is_whole_enough,
    parse_line,
    read_time,
)
from statustui.core.times import (
    Time,
    decided,
    ends_in_second,
    in_order,
    is_open,
    may_repeat,
    moved,
    seconds_of,
)

Kind = Literal["test", "series", "plain"]
"""What keeps a run: Pavilion's ``test_runs``, its ``series``, or any other directory."""

NOTE_BYTES = 4096
"""Bytes of a note that are kept of a run: what a line of a status file may have."""
_LONG = 256
"""Characters of a note from which on the same note of several runs is kept once."""
_MOST_STATES = 64
"""Different states that Pavilion does not know that are kept of a run."""
_MORE = "…"
"""Stands among the states of a run for those that are not kept."""

_NOT_SAID = BLANK + REMARK
_NEWS = re.compile(b"[" + WORK + PASS + b"]")
"""What may follow a problem and change what it means."""


class RunMetadata(NamedTuple):
    """What the files beside a status file say of a run; what they do not say is empty."""

    name: str = ""
    """What the run is a run of; in a plain tree its path under the root."""
    user: str = ""
    """Who made the run, by Pavilion's record or by the owner of the status file."""
    series: str = ""
    """Number of the series that the run belongs to, or is."""


class Stall(NamedTuple):
    """That a run seems to have stalled."""

    since: float
    """Its last sign of life, in seconds since 1970."""
    basis: str
    """What the guess is based on, in clean words."""


class RunDir(NamedTuple):
    """Where a run is and what it is called, before anything in it has been read."""

    root: str
    """The watched directory, as it was given."""
    path: str
    """The run directory: `root` and the way from there."""
    id: str
    kind: Kind

    @property
    def status_path(self) -> str:
        """The run's status file."""
        return f"{self.path}/status"


@dataclass(frozen=True, slots=True)
class Run:
    """One picture of one run."""

    root: str
    path: str
    id: str
    """The name of its directory; for a series with an ``s`` in front, as Pavilion calls it."""
    label: RunMetadata
    kind: Kind
    current: StatusInfo
    """The last status; ``UNKNOWN`` with a note that says why if there is none."""
    category: Category
    problem: StatusInfo | None
    """The status that explains why the run is in error or failed, wherever it stands."""
    result: str | None
    """``PASS``, ``FAIL``, ``ERROR``, or None as long as there is none."""
    status_count: int
    """Number of statuses."""
    seen: frozenset[str]
    """Every state that it has been in."""
    started: float | None
    """When the first status was set, in seconds since 1970."""
    updated_at: float | None
    """When the current status was set, in seconds since 1970."""
    error: str | None
    """Why the status file could not be read."""
    stage: str
    """The state of the last status that is more than a remark."""
    has_run_complete: bool = False
    """Whether Pavilion has marked it as complete, whatever its state says."""
    stall: Stall | None = None
    """That it has been in its state for much longer than is usual, without a sign of life."""
    recovered: StatusInfo | None = None
    """The last error or failure after which it went back to work."""
    is_abandoned: bool = False
    """Whether its making has failed, so that it will never get on."""
    status_result: str | None = None
    """The result that the status file names."""
    results_file: str | None = None
    """What a newer ``results.json`` says, where the status file says otherwise."""
    members: Members | None = None
    """What its runs add up to, if it is a series that has been judged by them."""

    @property
    def name(self) -> str:
        """What the run is a run of; in a plain tree its path under the root."""
        return self.label.name

    @property
    def user(self) -> str:
        """Who made the run."""
        return self.label.user

    @property
    def series(self) -> str:
        """Number of the series that the run belongs to, or is."""
        return self.label.series

    @property
    def is_finished(self) -> bool:
        """Whether it will not go on: its state is a final one, Pavilion or its runs say so.

        A failed build does not go on when ``pav status`` has looked at it.
        """
        return (
            self.has_run_complete
            or self.is_abandoned
            or categorise(self.stage, self.result).is_final
            or (self.problem is not None and self.stage == STATES.BUILD_CREATED)
            or (self.members is not None and self.members.have_ended)
        )

    @property
    def is_series(self) -> bool:
        """Whether it is a container of runs, and counts as none itself."""
        return self.kind == "series"

    @property
    def is_missing(self) -> bool:
        """Whether there is a run directory without any status yet."""
        return not self.status_count and (self.category is Category.UNKNOWN or self.is_abandoned)

    @property
    def place(self) -> RunDir:
        """Where it is."""
        return RunDir(self.root, self.path, self.id, self.kind)

    @property
    def status_path(self) -> str:
        """Its status file."""
        return f"{self.path}/status"

    @property
    def hides_problem(self) -> bool:
        """Whether another status than the current one explains the problem that the run has."""
        return self.problem is not None and self.problem != self.current

    def age(self, now: float) -> float | None:
        """Seconds from the current status to `now`, None if its time is not known."""
        return None if self.updated_at is None else now - self.updated_at

    @property
    def headline(self) -> str:
        """What to say of the run in one line: its current note, or the failure behind it.

        Where a ``results.json`` says otherwise than the status file, both are told. The note of a
        series tells of its runs and of its own problem.
        """
        if self.contradiction is not None:
            return self.contradiction
        if self.problem is not None and self.hides_problem and self.members is None:
            return f"{self.problem.state}: {self.problem.note}"
        return self.current.note

    @property
    def contradiction(self) -> str | None:
        """That ``results.json`` says otherwise than the status file, in words; None if not."""
        if self.results_file is None:
            return None
        return f"{self.status_result}, results.json says {self.results_file}"

    @property
    def is_untimed(self) -> bool:
        """Whether there is a current status, and its time cannot be read."""
        return self.updated_at is None and bool(self.status_count)


class StatusSummary(NamedTuple):
    """What the whole lines of a status file add up to, and the offset to read on from.

    The `problem` is the status that explains a failure, wherever it stands. Of several, the first
    counts, since what goes wrong later usually follows from it. Once the run has gone back to work
    it is a `recovered` one. A result of PASS settles the matter.

    Of a state `STATE_BYTES` are kept, of a note `NOTE_BYTES`.
    """

    offset: int = 0
    """Bytes of the file taken in: the end of its last whole line."""
    status_count: int = 0
    started: Time = None
    current: StatusInfo | None = None
    lifecycle: StatusInfo | None = None
    """The last status that is more than a remark."""
    problem: StatusInfo | None = None
    recovered: StatusInfo | None = None
    seen: frozenset[bytes] = frozenset()
    """Every state so far, but for those beyond the first `_MOST_STATES` that nobody knows."""
    last_time: Time = None
    """The last time that could be read."""

    def add(self, block: bytes, offset: int) -> StatusSummary:
        """Take in a block of whole lines that ends at byte `offset` of the file."""
        if not block.endswith(b"\n"):
            block += b"\n"
        lines = block.split(b"\n")
        del lines[-1]
        codes, words = _read_codes(lines, block)
        last = len(codes.rstrip(BLANK)) - 1
        if last < 0:
            return self._replace(offset=offset)
        life = len(codes.rstrip(_NOT_SAID)) - 1
        problem, recovered = _find_culprit(codes, has_problem=self.problem is not None)
        first = len(codes) - len(codes.lstrip(BLANK))
        lasting = [first, last, life, problem, recovered]
        times = _times_of(block, lines, self.last_time, lasting)
        before = self._with_times(decided) if times.has_closed else self
        kept = {
            index: _kept(lines[index], times.at[index]) for index in {*lasting[1:]} if index >= 0
        }
        return StatusSummary(
            offset,
            self.status_count + len(codes) - codes.count(BLANK),
            before.started if self.status_count else times.at[first],
            kept[last],
            kept.get(life, before.lifecycle),
            before.problem if problem == _BEFORE else kept.get(problem),
            before.problem if recovered == _BEFORE else kept.get(recovered, before.recovered),
            _remember(self.seen, words),
            times.last,
        )

    def settled(self, modified: float | None) -> StatusSummary:
        """The same with times as the end of a file that was written to at `modified` has them.

        Args:
            modified: Seconds since 1970; None if it is not known.
        """
        if not ends_in_second(self.last_time, modified):
            return self

        return self._with_times(moved)

    def _with_times(self, change: Callable[[Time], Time]) -> StatusSummary:
        """The same with other times."""

        def settle(status: StatusInfo | None) -> StatusInfo | None:
            return None if status is None else status.at(change(status.time))

        return self._replace(
            started=change(self.started),
            current=settle(self.current),
            lifecycle=settle(self.lifecycle),
            problem=settle(self.problem),
            recovered=settle(self.recovered),
        )


_NOWHERE, _BEFORE = -1, -2
"""In place of the index of a line: there is none, or it is that of the problem so far."""


def _find_culprit(codes: bytes, *, has_problem: bool) -> tuple[int, int]:
    """Where the problem stands that explains a failure, and the last one that is overcome."""
    if has_problem:
        codes = PROBLEM + codes
    news = max(codes.rfind(WORK), codes.rfind(PASS))
    problem, recovered, end = codes.find(PROBLEM, news + 1), _NOWHERE, news + 1
    while recovered == _NOWHERE and (last := codes.rfind(PROBLEM, 0, end)) >= 0:
        end = max(codes.rfind(WORK, 0, last), codes.rfind(PASS, 0, last)) + 1
        outcome = _NEWS.search(codes, last)
        if outcome is not None and outcome[0] == WORK:
            recovered = codes.find(PROBLEM, end)
    if has_problem:
        return _BEFORE if not problem else max(problem - 1, _NOWHERE), (
            _BEFORE if not recovered else max(recovered - 1, _NOWHERE)
        )
    return problem, recovered


def _kept(line: bytes, time: Time) -> StatusInfo | None:
    status = parse_line(line, NOTE_BYTES)
    if status is None:  # pragma: no cover - no line that says nothing comes here
        return None
    if len(line) > NOTE_BYTES and status.state == STATES.COMPLETE:
        # The result stands at the end of what has been cut.
        result = last_result(line)
        note = f"{status.note} result: {result}" if result else status.note
        status = StatusInfo.read(status.state, note, time)
    if len(status.note) > _LONG:
        # Many runs may say the same at length.
        return StatusInfo.read(status.state, sys.intern(status.note), time)
    return status.at(time)


class _Times(NamedTuple):
    at: dict[int, Time]
    """Index of a line -> its time."""
    last: Time
    """The last time up to the end of the lines."""
    has_closed: bool
    """Whether a line has closed which instants the times before it mean."""


def _times_of(block: bytes, lines: list[bytes], before: Time, wanted: list[int]) -> _Times:
    """The times of some lines, which follow a line of the time `before`."""
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


def _remember(seen: frozenset[bytes], words: Sequence[bytes]) -> frozenset[bytes]:
    """The states so far, and those of further lines as far as they are kept."""
    if seen.issuperset(words):
        return seen
    if KNOWN_WORDS.issuperset(words):
        return seen.union(words)
    known = KNOWN_WORDS.intersection(words)
    room = _MOST_STATES - len(seen - KNOWN_WORDS)
    if room <= 0:
        # The mark is one of those that are kept.
        return seen | known
    kept = []
    for word in dict.fromkeys(words):
        if word not in KNOWN_WORDS:
            short = word if len(word) <= STATE_BYTES else word[:STATE_BYTES] + _MORE.encode()
            if short not in seen:
                kept.append(short)
    if len(kept) >= room:
        kept = [*kept[: room - 1], _MORE.encode()]
    return seen.union(known, kept)


def make_run(  # noqa: PLR0913 - one argument for each thing that a picture is made of
    place: RunDir,
    label: RunMetadata,
    tally: StatusSummary,
    torn: bytes = b"",
    result: str | None = None,
    *,
    overrides: bool = False,
    modified: float | None = None,
) -> Run:
    """Make the picture of a run.

    Args:
        place: Where the run is.
        label: What the files beside its status file say.
        tally: What the whole lines of its status file add up to.
        torn: What stands behind the last newline. It counts when nothing but the end of its note
            can be missing.
        result: What ``results.json`` says; it counts when the status file does not say.
        overrides: Whether it counts also where the status file says otherwise.
        modified: When the status file was written to, in seconds since 1970, if that is known.
    """
    if torn and is_whole_enough(torn):
        tally = tally.add(torn, tally.offset)
    tally = tally.settled(modified)
    current = tally.current
    if current is None or tally.lifecycle is None:
        reason = "There is nothing in the status file."
        if tally.offset or torn:
            reason = "There is no status in what can be read of the status file."
        current = current or StatusInfo.read(STATES.UNKNOWN, reason, None)
        return _picture(place, label, tally, current, Category.UNKNOWN)
    lifecycle = tally.lifecycle
    if lifecycle.state != STATES.COMPLETE:
        category, problem = _judge(lifecycle, tally.problem, None)
        return _picture(
            place, label, tally, current, category, problem=problem, stage=lifecycle.state
        )
    told = result_in(lifecycle.note)
    is_contradicted = overrides and None not in {told, result} and told != result
    counts = result if is_contradicted or told is None else told
    category, problem = _judge(lifecycle, tally.problem, counts)
    return _picture(
        place,
        label,
        tally,
        current,
        category,
        problem=problem,
        result=counts,
        stage=lifecycle.state,
        status_result=told,
        results_file=result if is_contradicted else None,
    )


def make_unread_run(
    place: RunDir, label: RunMetadata, reason: str, *, missing: bool = False
) -> Run:
    """Make the picture of a run whose status file cannot be read, or is `missing`."""
    current = StatusInfo.read(STATES.UNKNOWN, reason, None)
    category = Category.UNKNOWN if missing else Category.ERROR
    problem = None if missing else current
    return _picture(place, label, StatusSummary(), current, category, problem=problem, error=reason)


def make_abandoned(run: Run, reason: str) -> Run:
    """The same run, of which is known that nothing will come any more: its making has failed.

    Args:
        run: The run.
        reason: What has become of it, in a sentence.
    """
    current = run.current
    problem = StatusInfo.read(current.state, reason, current.time)
    if not run.status_count:
        current = problem
    return replace(
        run, current=current, category=Category.ERROR, problem=problem, is_abandoned=True
    )


def _judge(
    lifecycle: StatusInfo, problem: StatusInfo | None, result: str | None
) -> tuple[Category, StatusInfo | None]:
    """Category of a run, and the one status that explains it: the first failure, or the verdict."""
    category = categorise(lifecycle.state, result)
    if result == "PASS" or (problem is None and not category.is_problem):
        return category, None
    if problem is None or problem == lifecycle:
        return category, lifecycle
    return category_of(problem.state, problem.note), problem


@lru_cache(maxsize=1024)
def _decode(words: frozenset[bytes]) -> frozenset[str]:
    """The same states as text, one set for all the runs that have had the same life."""
    return frozenset(word.decode("utf-8", "replace") for word in words)


def _states_of(words: frozenset[bytes]) -> frozenset[str]:
    # Names that are not known may be of any length: they leave with their run.
    return _decode(words) if words <= KNOWN_WORDS else _decode.__wrapped__(words)


def _picture(  # noqa: PLR0913 - one argument for each thing a run can differ in
    place: RunDir,
    label: RunMetadata,
    tally: StatusSummary,
    current: StatusInfo,
    category: Category,
    *,
    problem: StatusInfo | None = None,
    result: str | None = None,
    error: str | None = None,
    stage: str = STATES.UNKNOWN,
    status_result: str | None = None,
    results_file: str | None = None,
) -> Run:
    return Run(
        place.root,
        place.path,
        place.id,
        label,
        place.kind,
        current,
        category,
        problem,
        result,
        tally.status_count,
        _states_of(tally.seen),
        seconds_of(tally.started),
        current.timestamp,
        error,
        stage,
        recovered=tally.recovered,
        status_result=status_result,
        results_file=results_file,
    )
