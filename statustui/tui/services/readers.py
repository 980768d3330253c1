"""Starts to read the files of runs, for the screens that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from statustui.core.run import Run

if TYPE_CHECKING:
    from statustui.monitor.fs.prober import Stuck
    from statustui.monitor.run.comparison import Comparing, ComparisonRead
    from statustui.monitor.run.histories import HistoriesRead, Reading
    from statustui.monitor.run.inspection import Inspection, InspectionResult
    from statustui.monitor.run.readers import Readers


class LocalReaders:
    """Starts to read files of this host; paths that hang for one reader are known to the next.

    What it starts is imported when it is first needed: the list of runs needs none of it.
    """

    @cached_property
    def _stuck(self) -> Stuck:
        from statustui.monitor.fs.prober import Stuck  # noqa: PLC0415 - as the class has it

        return Stuck()

    def inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> Inspection:
        """Start to read the files of a run, and deliver what is found on another thread."""
        from statustui.monitor.run.inspection import FileInspection  # noqa: PLC0415 - as above

        return FileInspection(run, peers, deliver, self._stuck)

    def compare(
        self, run: Run, other: Run, deliver: Callable[[ComparisonRead], object]
    ) -> Comparing:
        """Start to compare a run with another one, and deliver the result on another thread."""
        from statustui.monitor.run.comparison import FileComparison  # noqa: PLC0415 - as above

        return FileComparison(run, other, deliver, self._stuck)

    def read_histories(self, deliver: Callable[[HistoriesRead], object]) -> Reading:
        """Start a reader of histories, which delivers what it reads on another thread."""
        from statustui.monitor.run.histories import HistoryReader  # noqa: PLC0415 - as above

        return HistoryReader(deliver, self._stuck)


class ReadersByRoot:
    """Starts to read files of any run, by the readers of its root.

    Args:
        readers_of: Returns the readers of a root; None for those of this host.
    """

    def __init__(self, readers_of: Callable[[str], Readers | None]) -> None:
        self._readers_of = readers_of
        self._local = LocalReaders()

    def _of(self, root: str) -> Readers:
        return self._readers_of(root) or self._local

    def inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> Inspection:
        """Start to read the files of a run, and deliver what is found on another thread."""
        return self._of(run.root).inspect(run, peers, deliver)

    def compare(
        self, run: Run, other: Run, deliver: Callable[[ComparisonRead], object]
    ) -> Comparing:
        """Start to compare a run with another one, and deliver the result on another thread."""
        return self._of(run.root).compare(run, other, deliver)

    def read_histories(self, deliver: Callable[[HistoriesRead], object]) -> Reading:
        """Start a reader of histories, which delivers what it reads on other threads."""
        return _ReadingByRoot(self._of, deliver)


class _ReadingByRoot:
    """Reads histories of runs of any root, each by a reader of its own readers.

    Args:
        readers_of: Returns the readers of a root, always the same for the same host.
        deliver: Called with what has been read, on threads of the readers.
    """

    def __init__(
        self, readers_of: Callable[[str], Readers], deliver: Callable[[HistoriesRead], object]
    ) -> None:
        self._readers_of = readers_of
        self._deliver = deliver
        self._parts: dict[Readers, Reading] = {}

    def want(self, runs: Sequence[Run]) -> None:
        """Read the histories of these runs now, and no longer those of the last call."""
        shares: dict[Readers, list[Run]] = {readers: [] for readers in self._parts}
        for run in runs:
            shares.setdefault(self._readers_of(run.root), []).append(run)
        for readers, share in shares.items():
            if readers not in self._parts:
                self._parts[readers] = readers.read_histories(self._deliver)
            self._parts[readers].want(share)

    def stop(self) -> None:
        """Stop reading; deliver nothing more."""
        for part in self._parts.values():
            part.stop()
