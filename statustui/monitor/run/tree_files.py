"""Read of many runs what lists do not need: the numbers of results, and the ends of logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from statustui.core.logs import LogTail
from statustui.core.measures import Values, values_of
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import RESULTS, read_json
from statustui.monitor.fs.deadline import Heartbeat, Question
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.run_logs import RunLogs
from statustui.monitor.unread import Unread

_MAX_LINK_WAIT = 2.0
"""Seconds that a log, which may be behind a link, may take to answer."""
_Found = TypeVar("_Found")


class Wanted(NamedTuple):
    """A run of which files are wanted."""

    place: RunDir
    state: str
    """The state that tells which log explains how the run is."""


class TreeFiles(Protocol):
    """Reads files of many runs. It may block; whoever waits for it goes by the heartbeat."""

    def values(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[Values]:
        """Yield for each run the numbers of its results; none where they cannot be read.

        Args:
            runs: The runs.
            beat: Called whenever the filesystem has answered.

        Raises:
            OSError: The files are not within reach any more.
        """

    def tails(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[LogTail | None]:
        """Yield for each run the end of the log that explains its failure.

        It is None where there is no such log, or where it cannot be read.

        Args:
            runs: The runs.
            beat: Called whenever the filesystem has answered.

        Raises:
            OSError: The files are not within reach any more.
        """


class LocalTreeFiles:
    """Reads files of this host.

    Args:
        patience: Seconds without an answer after which the filesystem is given up.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience

    def values(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[Values]:
        """Yield for each run the numbers of its results; none where they cannot be read."""
        for place, _state in runs:
            found = values_of(read_json(f"{place.path}/{RESULTS}"))
            beat()
            yield found

    def tails(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[LogTail | None]:
        """Yield for each run the end of the log that explains its failure."""
        stuck = Stuck()
        for place, state in runs:
            logs = RunLogs(place, min(_MAX_LINK_WAIT, self._patience / 4), stuck, beat)
            try:
                yield logs.read_logs(state).trace
            finally:
                logs.close()


class FilesPart(NamedTuple):
    """What reads the files of the runs below some roots."""

    roots: Sequence[str]
    files: TreeFiles


class AllFiles:
    """Reads files of runs of any root, those of each host by itself and all hosts at a time.

    Args:
        parts: What reads the files of which roots. Runs of other roots are left out.
        patience: Seconds without an answer after which a part is given up, for good.
        on_wait: Called a few times a second while waiting.
    """

    def __init__(
        self,
        parts: Sequence[FilesPart],
        patience: float,
        on_wait: Callable[[], object] = lambda: None,
    ) -> None:
        self._parts = parts
        self._patience = patience
        self._on_wait = on_wait
        self._lost: dict[int, str] = {}
        """Number of a part that has been given up -> why."""
        self.unread: list[Unread] = []
        """The roots of which files were wanted and could not be read, each once."""

    def values(self, runs: Sequence[Run]) -> Mapping[str, Values]:
        """Return path of a run -> the numbers of its results; without runs that are not reached."""
        return self._read(runs, lambda files, some, beat: files.values(some, beat))

    def tails(self, runs: Sequence[Run]) -> Mapping[str, LogTail]:
        """Return path of a run -> the end of the log that explains its failure, if there is one."""
        found = self._read(runs, lambda files, some, beat: files.tails(some, beat))
        return {path: tail for path, tail in found.items() if tail is not None}

    def _read(
        self,
        runs: Sequence[Run],
        read: Callable[[TreeFiles, Sequence[Wanted], Heartbeat], Iterator[_Found]],
    ) -> dict[str, _Found]:
        numbers = {root: number for number, part in enumerate(self._parts) for root in part.roots}
        shares: dict[int, list[Run]] = {}
        for run in runs:
            number = numbers.get(run.root)
            if number is None:
                continue
            if number in self._lost:
                self._miss(run.root, self._lost[number])
            else:
                shares.setdefault(number, []).append(run)
        found: dict[str, _Found] = {}
        questions = [
            (number, share, self._ask(number, share, read, found))
            for number, share in shares.items()
        ]
        for number, share, question in questions:
            try:
                question.answer(self._patience, self._on_wait)
            except OSError as error:
                self._lost[number] = reason = error.strerror or str(error)
                for run in share:
                    if run.path not in found:
                        self._miss(run.root, reason)
        # A part that was given up may still add to it.
        return dict(found)

    def _miss(self, root: str, reason: str) -> None:
        if all(one.path != root for one in self.unread):
            self.unread.append(Unread(root, reason))

    def _ask(
        self,
        number: int,
        runs: Sequence[Run],
        read: Callable[[TreeFiles, Sequence[Wanted], Heartbeat], Iterator[_Found]],
        found: dict[str, _Found],
    ) -> Question[None]:
        """Have one part read files of its runs, on a thread of its own."""
        files = self._parts[number].files
        wanted = [Wanted(run.place, (run.problem or run.current).state) for run in runs]

        def work(beat: Heartbeat) -> None:
            for run, one in zip(runs, read(files, wanted, beat), strict=True):
                found[run.path] = one

        return Question(work, "files of runs")
