"""Find the logs of a run, and the ones that are likely to explain a failure.

The places are those in working directories of Pavilion 2.1.1 and 2.4. Both have links to some logs
(``build``, ``job``): unlike the search for runs, this one follows links.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from heapq import nlargest
from typing import NamedTuple, TypeAlias

from statustui.core.reading import Signature
from statustui.core.run import RunDir

_PAVILION = {
    "run": ("run.log",),
    "build": ("build.log", "build/pav_build_log"),
    "kickoff": ("kickoff.log", "job/kickoff.log"),
    "sched": ("job/sched.log", "slurm.log"),
    "results": ("results.log",),
}
"""Name of a log in ``pav log`` -> the paths that it may have below the run directory."""

_ENDINGS = (".log", ".out", ".err")
"""Endings of the names of logs in other trees."""
_MAX_LOGS = 100
"""Logs listed of one run at most."""

_DEFAULT_LOGS = ("run", "kickoff", "sched")
_BY_STATE_PREFIX = (
    ("BUILD", ("build", "kickoff")),
    ("SCHED", ("kickoff", "sched")),
    ("RESULTS", ("results", "run")),
    ("CREATION", ("kickoff",)),
)
"""Beginnings of names of states, with the logs likely to explain them, the likeliest first."""


class Log(NamedTuple):
    """A log of a run."""

    name: str
    """Pavilion's name of the log (``run``, ``build``); in other trees the name of the file."""
    path: str

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return f"{self.name} log" if self.name in _PAVILION else self.name


MERGED = Log("all by time", "")
"""Stands for all logs of a run together, merged by time."""


class LogTail(NamedTuple):
    """The end of the log that is likeliest to show the progress of a run, or why it failed."""

    log: Log
    lines: tuple[str, ...]
    """Lines made safe for a terminal, without blank ones."""
    signature: Signature

    @property
    def modified(self) -> float:
        """Time of the last write to the log, in seconds since 1970."""
        return self.signature[2] / 1e9


IsThere: TypeAlias = Callable[[str], "bool | None"]
"""Returns whether there is a file at a path; None if it cannot be reached."""


def is_there(path: str) -> bool | None:
    """Return whether there is a file at `path`, following links; None for a dangling link."""
    return os.path.exists(path) or (None if os.path.lexists(path) else False)


def find_logs(place: RunDir, check: IsThere = is_there) -> list[Log]:
    """List the logs of a run: Pavilion's, or in other trees all beside its status file.

    Logs are listed whether or not they can be read.

    Args:
        place: The run directory.
        check: Checks for Pavilion's logs, which may be behind links.
    """
    if place.kind == "test":
        return [
            Log(name, path)
            for name, places in _PAVILION.items()
            if (path := _first_there([f"{place.path}/{one}" for one in places], check)) is not None
        ]
    try:
        names = os.listdir(place.path)
    except OSError:
        return []
    logs = [Log(name, f"{place.path}/{name}") for name in sorted(names) if name.endswith(_ENDINGS)]
    if len(logs) > _MAX_LOGS:
        # The newest ones are the likeliest to be of use.
        logs = sorted(nlargest(_MAX_LOGS, logs, key=_written))
    return logs


def _first_there(paths: list[str], check: IsThere) -> str | None:
    """Return the first path with a reachable file, or else the first unreachable one, or None."""
    unreached = None
    for path in paths:
        found = check(path)
        if found:
            return path
        if found is None and unreached is None:
            unreached = path
    return unreached


def log_paths(place: RunDir) -> list[str]:
    """Return every path at which a run has or may have a log."""
    if place.kind == "test":
        return [f"{place.path}/{below}" for places in _PAVILION.values() for below in places]
    return [log.path for log in find_logs(place)]


def telling_logs(state: str, logs: list[Log]) -> list[Log]:
    """Return the logs that may explain why a run is in `state`, the likeliest first.

    In trees other than Pavilion's that is the last one written to.
    """
    order = next(
        (order for start, order in _BY_STATE_PREFIX if state.startswith(start)), _DEFAULT_LOGS
    )
    known = {log.name: log for log in logs}
    if known.keys() <= _PAVILION.keys():
        return [known[name] for name in order if name in known]
    return sorted(logs, key=_written, reverse=True)


def _written(log: Log) -> float:
    # Links are not followed: the filesystem behind one may not answer.
    try:
        return os.lstat(log.path).st_mtime
    except OSError:
        return 0.0
