"""The interface through which screens read the files of runs, wherever these are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from statustui.core.run import Run

if TYPE_CHECKING:
    from statustui.monitor.run.comparison import Comparing, ComparisonRead
    from statustui.monitor.run.histories import HistoriesRead, Reading
    from statustui.monitor.run.inspection import Inspection, InspectionResult


class Readers(Protocol):
    """Starts to read files of runs. No method waits for a file; results come on other threads."""

    def inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> Inspection:
        """Start to read the files of a run.

        Args:
            run: The run.
            peers: Paths of finished runs of the same name.
            deliver: Called with each result.
        """

    def compare(
        self, run: Run, other: Run, deliver: Callable[[ComparisonRead], object]
    ) -> Comparing:
        """Start to compare a run with another one of the same root."""

    def read_histories(self, deliver: Callable[[HistoriesRead], object]) -> Reading:
        """Start a reader of the histories of many runs."""
