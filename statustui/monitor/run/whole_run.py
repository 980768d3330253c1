"""Read everything about one run once, with a time limit for a filesystem that does not answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from statustui.core.durations import DEFAULT_STALE_AFTER
from statustui.core.history import History
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.working_dir import STATUS, root_folder, run_dir
from statustui.monitor.fs.deadline import PATIENCE, Heartbeat, Question
from statustui.monitor.jobs import Looks, judge_jobs
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.run_logs import Logs, RunLogs
from statustui.monitor.series import judge_series
from statustui.monitor.snapshot import read_history, read_snapshot

_MAX_LINK_WAIT = 2.0
"""Seconds that a log, which may be behind a link, may take to answer."""


class RunFiles(NamedTuple):
    """What the files of one run say."""

    run: Run
    history: History
    statuses: list[StatusInfo]
    """Every status, as it stands in the file; empty if only logs were requested."""
    logs: Logs | None
    """Its logs, with the end of the one that explains its state; None if `in_full`."""
    is_status_file: bool
    """Whether the file that was read has the name of a status file."""


def read_run(
    path: str,
    patience: float = PATIENCE,
    *,
    in_full: bool = False,
    on_wait: Callable[[], object] = lambda: None,
) -> RunFiles:
    """Read everything about the run at `path`, a run directory or its status file.

    Args:
        path: The directory or the file.
        patience: Seconds without an answer after which reading is given up.
        in_full: Whether to read every status, and no log.
        on_wait: Called a few times a second while waiting.

    Raises:
        OSError: The status file cannot be read, or does not answer.
    """

    def work(heartbeat: Heartbeat) -> RunFiles:
        def is_needed() -> bool:
            heartbeat()
            return True

        status_path = os.path.join(path, STATUS) if os.path.isdir(path) else path
        folder = os.path.dirname(status_path) or "."
        *_, history = HistoryFile(status_path).read(is_needed)
        statuses = read_history(status_path, heartbeat) if in_full else []
        own = read_snapshot(run_dir(folder, root_folder(folder))).run
        heartbeat()
        looks = Looks(DEFAULT_GRACE, time.time, is_single=True, beat=heartbeat)
        judged, _wanted = judge_jobs([own], looks)
        [run] = judge_series(judged, lambda _path, _error: None, DEFAULT_STALE_AFTER, time.time())
        files = RunLogs(run.place, min(_MAX_LINK_WAIT, patience / 4), on_call=heartbeat)
        try:
            logs = None if in_full else files.read_logs((run.problem or run.current).state)
        finally:
            files.close()
        return RunFiles(
            run=run,
            history=history,
            statuses=statuses,
            logs=logs,
            is_status_file=os.path.basename(status_path) == STATUS,
        )

    return Question(work, f"read {path}").answer(patience, on_wait)
