"""Starts inspections of the files of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from statustui.core.run import Run

if TYPE_CHECKING:
    from statustui.monitor.run.inspection import Inspect, Inspection, InspectionResult


class FileInspector:
    """Starts an inspection of a run; paths that hang for one are known to the next."""

    def __init__(self) -> None:
        self._inspect: Inspect | None = None

    def __call__(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> Inspection:
        """Start to read the files of a run, and deliver what is found on another thread."""
        if self._inspect is None:
            # The list of runs needs none of this.
            from statustui.monitor.fs.prober import Stuck  # noqa: PLC0415
            from statustui.monitor.run.inspection import FileInspection  # noqa: PLC0415

            self._inspect = partial(FileInspection, stuck=Stuck())
        return self._inspect(run, peers, deliver)
