"""Fetch the log of a run from another host for a program on this one."""

from __future__ import annotations

import errno
import queue
from io import FileIO
from typing import TYPE_CHECKING

from statustui.core.run import Run
from statustui.monitor.fs.deadline import NO_ANSWER

if TYPE_CHECKING:
    from statustui.monitor.run.inspection import Inspect, InspectionResult

_CHECK_INTERVAL = 0.5
"""Seconds between two checks whether the host still answers."""


def fetch_log(inspect: Inspect, run: Run, path: str | None, patience: float) -> FileIO | None:
    """Return the end of a log as an open file without a name; None if there is no log.

    Args:
        inspect: Starts to read the files of the run.
        run: The run.
        path: The log; None for the one that tells most of the run.
        patience: Seconds without an answer of the host after which it is given up.

    Raises:
        OSError: The log cannot be read, or the host does not answer.
    """
    from statustui.monitor.run.inspection import LentLog, Logs  # noqa: PLC0415 - the list needs none

    results: queue.SimpleQueue[InspectionResult] = queue.SimpleQueue()
    inspection = inspect(run, (), results.put)
    try:
        if path is not None:
            inspection.lend_log(path, "command")
        while True:
            try:
                result = results.get(timeout=_CHECK_INTERVAL)
            except queue.Empty:
                if inspection.silent > patience:
                    raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER) from None
                continue
            if isinstance(result, LentLog):
                if result.file is None:
                    raise OSError(errno.EIO, result.reason, result.path)
                return result.file
            if isinstance(result, Logs) and path is None:
                if result.trace is None:
                    return None
                path = result.trace.log.path
                inspection.lend_log(path, "command")
    finally:
        inspection.stop()
