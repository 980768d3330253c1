"""The logs of a run: what there are, and which of them tells of a failure.

As found in working directories of Pavilion 2.1.1 and 2.4. Both link some of them in from elsewhere
(``build``, ``job``): unlike runs, logs are looked for behind links.
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
"""Name of a log, as ``pav log`` has it -> where it is below the run directory: in one of these."""

_ENDINGS = (".log", ".out", ".err")
"""How names of logs end in other trees."""
_MOST = 100
"""Logs of a run that are listed at the most."""

_RUN = ("run", "kickoff", "sched")
_BY_PHASE = (
    ("BUILD", ("build", "kickoff")),
    ("SCHED", ("kickoff", "sched")),
    ("RESULTS", ("results", "run")),
    ("CREATION", ("kickoff",)),
)
"""How names of states begin -> the logs in which they leave traces, the likeliest one first."""


class Log(NamedTuple):
    """A log of a run."""

    name: str
    """Pavilion's name of it (``run``, ``build``); in other trees the name of the file."""
    path: str

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return f"{self.name} log" if self.name in _PAVILION else self.name


class LogTail(NamedTuple):
    """The end of the log that is the likeliest to tell how the run does, or why it failed."""

    log: Log
    lines: tuple[str, ...]
    """Safe to show; those that are blank are left out."""
    signature: Signature

    @property
    def modified(self) -> float:
        """When the log was written to last, in seconds since 1970."""
        return self.signature[2] / 1e9


IsThere: TypeAlias = Callable[[str], "bool | None"]
"""Whether there is a file at a path; None if what is there cannot be reached."""


def is_there(path: str) -> bool | None:
    """Look whether there is a file at `path`, also behind links."""
    return os.path.exists(path) or (None if os.path.lexists(path) else False)


def find_logs(place: RunDir, look: IsThere = is_there) -> list[Log]:
    """The logs of a run: Pavilion's, or in other trees any beside its status file.

    What stands where a log belongs is listed whether or not it can be read.

    Args:
        place: The run.
        look: Looks for Pavilion's logs, which may be behind links.
    """
    if place.kind == "test":
        return [
            Log(name, path)
            for name, places in _PAVILION.items()
            if (path := _first_there([f"{place.path}/{one}" for one in places], look)) is not None
        ]
    try:
        names = os.listdir(place.path)
    except OSError:
        return []
    logs = [Log(name, f"{place.path}/{name}") for name in sorted(names) if name.endswith(_ENDINGS)]
    if len(logs) > _MOST:
        # Those that were written to last are the likeliest to tell anything.
        logs = sorted(nlargest(_MOST, logs, key=_written))
    return logs


def _first_there(paths: list[str], look: IsThere) -> str | None:
    """The first file that can be reached, or else the first one that cannot."""
    unreached = None
    for path in paths:
        found = look(path)
        if found:
            return path
        if found is None and unreached is None:
            unreached = path
    return unreached


def log_paths(place: RunDir) -> list[str]:
    """Where each log of a run is, or would be."""
    if place.kind == "test":
        return [f"{place.path}/{below}" for places in _PAVILION.values() for below in places]
    return [log.path for log in find_logs(place)]


def telling_logs(state: str, logs: list[Log]) -> list[Log]:
    """The logs that may tell why a run is in `state`, the likeliest one first.

    In other trees that is the one that was written last.
    """
    order = next((order for start, order in _BY_PHASE if state.startswith(start)), _RUN)
    known = {log.name: log for log in logs}
    if known.keys() <= _PAVILION.keys():
        return [known[name] for name in order if name in known]
    return sorted(logs, key=_written, reverse=True)


def _written(log: Log) -> float:
    # What a link leads to may be on a filesystem that does not answer.
    try:
        return os.lstat(log.path).st_mtime
    except OSError:
        return 0.0
