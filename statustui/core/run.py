"""One immutable picture of one run directory, and what its status file adds up to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from statustui.core.members import Members
from statustui.core.states import KNOWN_STATES, LOG_STATES, STATES, Category, categorise
from statustui.core.status_file import StatusInfo, is_whole_enough, parse_line, read_time

Kind = Literal["test", "series", "plain"]
"""What keeps a run: Pavilion's ``test_runs``, its ``series``, or any other directory."""

_RESULT = re.compile(r"\bresult: (PASS|FAIL|ERROR)\b")
"""How Pavilion 2.1.1 and 2.4 end the note of a ``COMPLETE`` status."""
_RESULT_BYTES = re.compile(_RESULT.pattern.encode())

_CATEGORIES = {state.encode(): categorise(state) for state in KNOWN_STATES}
_LOG_WORDS = frozenset(state.encode() for state in LOG_STATES)
_WINDING_DOWN = frozenset({b"RESULTS", b"RUN_DONE"})
"""States that follow a failure without being a sign that the run went on after it."""
_CALM = frozenset(
    word
    for word, category in _CATEGORIES.items()
    if not category.is_problem and word not in _LOG_WORDS and word != b"COMPLETE"
)
"""States that leave the last word to the status that follows them."""
_LAST_WORDS = frozenset(_CATEGORIES) - _LOG_WORDS
"""States that are the current one and more than a remark where they stand last."""


class Label(NamedTuple):
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
    label: Label
    kind: Kind
    current: StatusInfo
    """The last status; ``UNKNOWN`` with a note that says why if there is none."""
    category: Category
    problem: StatusInfo | None
    """The status that explains why the run is in error or failed, wherever it stands."""
    result: str | None
    """``PASS``, ``FAIL``, ``ERROR``, or None as long as there is none."""
    updates: int
    """Number of statuses."""
    seen: frozenset[str]
    """Every state that it has been in."""
    started: float | None
    """When the first status was set, in seconds since 1970."""
    updated: float | None
    """When the current status was set, in seconds since 1970."""
    error: str | None
    """Why the status file could not be read."""
    stage: str
    """The state of the last status that is more than a remark."""
    is_marked: bool = False
    """Whether Pavilion has marked it as complete, whatever its state says."""
    stall: Stall | None = None
    """That it has been in its state for much longer than is usual, without a sign of life."""
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
    def is_over(self) -> bool:
        """Whether it will not go on: its state is a final one, Pavilion or its runs say so."""
        return (
            self.is_marked
            or categorise(self.stage, self.result).is_final
            or (self.members is not None and self.members.have_ended)
        )

    @property
    def is_series(self) -> bool:
        """Whether it is a container of runs, and counts as none itself."""
        return self.kind == "series"

    @property
    def is_missing(self) -> bool:
        """Whether there is a run directory without any status yet."""
        return self.category is Category.UNKNOWN and not self.updates

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
        return (
            self.problem is not None
            and self.problem != self.current
            and not categorise(self.current.state).is_problem
        )

    def age(self, now: float) -> float | None:
        """Seconds from the current status to `now`, None if its time is not known."""
        return None if self.updated is None else now - self.updated

    @property
    def headline(self) -> str:
        """What to say of the run in one line: its current note, or the failure behind it.

        The note of a series tells of both.
        """
        if self.problem is not None and self.hides_problem and self.members is None:
            return f"{self.problem.state}: {self.problem.note}"
        return self.current.note


class Tally(NamedTuple):
    """What the whole lines of a status file add up to, and the offset to read on from.

    The `problem` is the status that explains a failure, wherever it stands. Of several, the first
    counts, since what goes wrong later usually follows from it, unless the run had gone back to
    work in between. A result of PASS settles the matter.
    """

    offset: int = 0
    """Bytes of the file taken in: the end of its last whole line."""
    updates: int = 0
    started: float | None = None
    current: StatusInfo | None = None
    lifecycle: StatusInfo | None = None
    """The last status that is more than a remark."""
    problem: StatusInfo | None = None
    recovered: bool = False
    """Whether the run went back to work after `problem`."""
    seen: frozenset[bytes] = frozenset()
    """Every state so far."""

    def add(self, block: bytes, offset: int) -> Tally:
        """Take in a block of whole lines that ends at byte `offset` of the file."""
        lines = block.split(b"\n")
        words = _calm_words(lines) if self.problem is None else []
        calm = len(words)
        entries = _entries(lines[calm:])
        if not entries:
            return self._replace(offset=offset)
        lives = [entry for entry in entries if entry.word not in _LOG_WORDS]
        current = parse_line(entries[-1].line)
        lifecycle = self.lifecycle
        if lives:
            lifecycle = current if lives[-1] is entries[-1] else parse_line(lives[-1].line)
        culprit, recovered = _find_culprit(lives, self.problem, recovered=self.recovered)
        if isinstance(culprit, _Entry):
            culprit = lifecycle if culprit is lives[-1] else parse_line(culprit.line)
        return Tally(
            offset,
            self.updates + calm + len(entries),
            self.started if self.updates else read_time(lines[0] if calm else entries[0].line),
            current,
            lifecycle,
            culprit,
            recovered,
            self.seen.union(words, [entry.word for entry in entries]),
        )


def _find_culprit(
    lives: list[_Entry], problem: StatusInfo | None, *, recovered: bool
) -> tuple[StatusInfo | _Entry | None, bool]:
    """The problem that explains a failure after these lines too, and whether work went on."""
    culprit: StatusInfo | _Entry | None = problem
    for entry in lives:
        if entry.word == b"COMPLETE" and entry.category is Category.PASSED:
            culprit, recovered = None, False
        elif entry.category.is_problem:
            # A name that is no state says nothing about how the run goes.
            if (culprit is None or recovered) and entry.word != b"INVALID":
                culprit, recovered = entry, False
        elif entry.category.is_under_way and entry.word not in _WINDING_DOWN:
            recovered = culprit is not None
    return culprit, recovered


def _calm_words(lines: list[bytes]) -> list[bytes]:
    """The states of the lines that only need to be counted, since the one behind them says it all.

    They are all but the last one, or none at all: the shortest way through an ordinary file.
    """
    if len(lines) < 3 or lines[-1]:  # noqa: PLR2004 - two lines, and what is behind the last newline
        return []
    try:
        *words, last = [line.split(b" ", 2)[1] for line in lines[:-1]]
    except IndexError:
        return []
    return words if last in _LAST_WORDS and _CALM.issuperset(words) else []


class _Entry(NamedTuple):
    line: bytes
    word: bytes
    category: Category


def _entries(lines: list[bytes]) -> list[_Entry]:
    """State and category of each line that is not blank."""
    return [entry for line in lines if line and (entry := _entry(line)) is not None]


def _entry(line: bytes) -> _Entry | None:
    """Tell state and category of a line at the least cost; None for a blank line."""
    words = line.split(b" ", 2)
    word = words[1] if len(words) > 1 else b""
    category = _CATEGORIES.get(word)
    if category is None:
        status = parse_line(line)
        if status is None:
            return None
        word = status.state.encode("utf-8", "replace")
        category = categorise(status.state)
    if word == b"COMPLETE":
        # Without a result the end of a run says nothing of a failure before it.
        match = _RESULT_BYTES.search(line)
        category = categorise("COMPLETE", match[1].decode() if match else "none")
    return _Entry(line, word, category)


def result_in(note: str) -> str | None:
    """The result that the note of a ``COMPLETE`` status names, if it does."""
    match = _RESULT.search(note)
    return match[1] if match else None


def make_run(
    place: RunDir, label: Label, tally: Tally, torn: bytes = b"", result: str | None = None
) -> Run:
    """Make the picture of a run.

    Args:
        place: Where the run is.
        label: What the files beside its status file say.
        tally: What the whole lines of its status file add up to.
        torn: What stands behind the last newline. It counts when nothing but the end of its note
            can be missing.
        result: What ``results.json`` says; it counts when the status file does not say.
    """
    if torn and is_whole_enough(torn):
        tally = tally.add(torn, tally.offset)
    current = tally.current
    if current is None or tally.lifecycle is None:
        reason = "There is nothing in the status file."
        if tally.offset or torn:
            reason = "There is no status in what can be read of the status file."
        current = current or StatusInfo.read(STATES.UNKNOWN, reason, None)
        return _picture(place, label, tally, current, Category.UNKNOWN, None, None)
    if tally.lifecycle.state == STATES.COMPLETE:
        result = result_in(tally.lifecycle.note) or result
    else:
        result = None
    category, problem = _judge(tally.lifecycle, tally.problem, result)
    stage = tally.lifecycle.state
    return _picture(place, label, tally, current, category, problem, result, stage=stage)


def make_unread_run(place: RunDir, label: Label, reason: str, *, missing: bool = False) -> Run:
    """Make the picture of a run whose status file cannot be read, or is `missing`."""
    current = StatusInfo.read(STATES.UNKNOWN, reason, None)
    category = Category.UNKNOWN if missing else Category.ERROR
    problem = None if missing else current
    return _picture(place, label, Tally(), current, category, problem, None, reason)


def _judge(
    lifecycle: StatusInfo, problem: StatusInfo | None, result: str | None
) -> tuple[Category, StatusInfo | None]:
    """Category and explanation of a run: its verdict, its state, or the failure before it."""
    category = categorise(lifecycle.state, result)
    if category.is_problem:
        return category, problem or lifecycle
    if problem is not None and result != "PASS":
        hidden = categorise(problem.state, result_in(problem.note))
        return hidden, problem
    return category, None


@lru_cache(maxsize=4096)
def _decode(words: frozenset[bytes]) -> frozenset[str]:
    """The same states as text, one set for all the runs that have had the same life."""
    return frozenset(word.decode("utf-8", "replace") for word in words)


def _picture(  # noqa: PLR0913, PLR0917 - one argument for each thing a run can differ in
    place: RunDir,
    label: Label,
    tally: Tally,
    current: StatusInfo,
    category: Category,
    problem: StatusInfo | None,
    result: str | None,
    error: str | None = None,
    stage: str = STATES.UNKNOWN,
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
        tally.updates,
        _decode(tally.seen),
        tally.started,
        current.timestamp,
        error,
        stage,
    )
