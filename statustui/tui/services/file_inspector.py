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


class FileInspector:
    """Starts to read files of runs; paths that hang for one reader are known to the next.

    What it starts is imported when it is first needed: the list of runs needs none of it.
    """

    @cached_property
    def _stuck(self) -> Stuck:
        from statustui.monitor.fs.prober import Stuck  # noqa: PLC0415 - as the class has it

        return Stuck()

    def __call__(
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
