"""An independent reader of a tree at rest, written from the description of the format alone.

It is slow and simple, shares no code with the program, and says of a run only what it is sure of.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

KNOWN = frozenset(
    """
    ABORTED ALL_STARTED BUILDING BUILD_COPIED BUILD_CREATED BUILD_DEFERRED BUILD_DONE BUILD_ERROR
    BUILD_FAILED BUILD_REUSED BUILD_SUCCESS BUILD_TIMEOUT BUILD_WAIT CANCELED CANCELLED COMPLETE
    CREATED CREATION_ERROR ENV_FAILED ERROR FINALIZED INFO INVALID PREPPING_RUN RESULTS
    RESULTS_ERROR RUN RUNNING RUN_DONE RUN_ERROR RUN_READY RUN_TIMEOUT RUN_USER SCHEDULED
    SCHED_CANCELLED SCHED_ERROR SCHED_RUNNING SET_BUILD SET_CANCELED SET_CREATED SET_KICKOFF
    SET_MAKE SKIPPED STATUS_CREATED STATUS_ERROR TESTS_SKIPPED UNKNOWN WARNING
    """.split()  # noqa: SIM905 - easier to read
)
"""States that a line without its newline may have."""

REMARKS = frozenset({"INFO", "WARNING"})

CATEGORIES = {
    **dict.fromkeys(["CREATED", "SCHEDULED"], "waiting"),
    **dict.fromkeys(["BUILDING", "BUILD_DONE"], "building"),
    **dict.fromkeys(["RUNNING", "RUN_DONE", "RESULTS", "RUN_USER"], "running"),
    **dict.fromkeys(["ABORTED", "CANCELLED"], "cancelled"),
    **dict.fromkeys(["SKIPPED"], "skipped"),
    **dict.fromkeys(["SOMETHING_ELSE"], "unknown"),
}

_TIME = re.compile(rb"(\d{1,21}(\.\d{0,9})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?)$")
_NO_RUNS = {"builds", "downloads", "jobs", "users"}


@dataclass(frozen=True)
class View:
    """What is sure of a run; None stands for what is not."""

    state: str | None
    note: str | None = None
    updates: int | None = None
    category: str | None = None
    is_readable: bool = True


@dataclass
class Picture:
    """What is sure of a tree."""

    runs: dict[str, View] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Directories that cannot be read: nothing is known of them and what is below."""
    denied: list[str] = field(default_factory=list)
    """Runs whose status file is there and cannot be read."""

    members: dict[str, list[str]] = field(default_factory=dict)
    """Path of a series -> paths of its runs, of which some may be gone."""

    def is_hidden(self, path: str) -> bool:
        """Whether nothing is known of a run, or of a series since nothing is known of its runs."""
        paths = [path, *self.members.get(path, ())]
        return any(f"{one}/".startswith(f"{top}/") for one in paths for top in self.unread)


def read_trees(roots: tuple[str, ...]) -> Picture:
    """Read every run below the roots."""
    picture = Picture()
    for root in roots:
        _walk(root, picture)
    return picture


def _walk(path: str, picture: Picture) -> None:
    """Take in a folder of a plain tree, or a working directory, and all below it."""
    names = _directories(path, picture)
    if names is None:
        return
    left_out: set[str] = set()
    if os.path.isdir(f"{path}/test_runs"):
        left_out = {"test_runs", "series", *_NO_RUNS}
        _take_working_dir(path, picture)
    else:
        _take(path, picture)
    for name in sorted(names):
        if name not in left_out:
            _walk(f"{path}/{name}", picture)


def _take_working_dir(path: str, picture: Picture) -> None:
    """Take in the runs and series of a working directory; both parts may be links."""
    for part in ("test_runs", "series"):
        names = _directories(f"{path}/{part}", picture) if os.path.isdir(f"{path}/{part}") else None
        for name in names or ():
            _take(f"{path}/{part}/{name}", picture, part)
            if part == "series":
                _follow_links(f"{path}/{part}/{name}", f"{path}/test_runs", picture)


def _follow_links(series: str, runs: str, picture: Picture) -> None:
    """Find the runs of a series: links below its test sets, or in it."""
    try:
        places = [series, *(one.path for one in os.scandir(f"{series}/test_sets"))]
    except FileNotFoundError:
        places = [series]
    except PermissionError:
        picture.unread.append(series)
        return
    for place in places:
        names = _names(place, picture, stat.S_ISLNK)
        picture.members.setdefault(series, []).extend(f"{runs}/{name}" for name in names or ())


def _directories(path: str, picture: Picture) -> list[str] | None:
    """The directories in a directory, without links; None if it cannot be read."""
    return _names(path, picture, stat.S_ISDIR)


def _names(path: str, picture: Picture, is_wanted: Callable[[int], bool]) -> list[str] | None:
    """What in a directory has the wanted mode; None if it cannot be read."""
    try:
        names = os.listdir(path)
        return [name for name in names if is_wanted(os.lstat(f"{path}/{name}").st_mode)]
    except PermissionError:
        picture.unread.append(path)
        return None


def _take(path: str, picture: Picture, part: str = "") -> None:
    """Take in what is perhaps a run, in a `part` of a working directory or in a plain tree."""
    # In a working directory the number makes the run, elsewhere its status file.
    is_run = bool(part) and os.path.basename(path).isdecimal()
    unreadable = View("UNKNOWN", None, 0, "error", is_readable=False)
    view = None
    try:
        if stat.S_ISREG(os.lstat(f"{path}/status").st_mode):
            view = unreadable
            with open(f"{path}/status", "rb") as file:
                view = read_view(file.read())
        elif is_run:
            view = unreadable
    except FileNotFoundError:
        # A series needs no status; a run that has none is not readable, but no error.
        view = replace(unreadable, category="unknown", is_readable=part == "series")
        view = view if is_run else None
    except PermissionError:
        (picture.unread if view is None else picture.denied).append(path)
    if view is not None:
        # What a series adds up to is a matter of its members.
        is_series = part == "series"
        picture.runs[path] = replace(view, category=None, note=None) if is_series else view


def read_view(data: bytes) -> View:
    """What is sure of a run with this status file."""
    lines = list(_lines(data))
    if not lines:
        return View("UNKNOWN", None, 0, "unknown")
    statuses = [_status(line) for line in lines]
    state, note = statuses[-1]
    return View(state, note, len(lines), _category(statuses))


def _lines(data: bytes) -> Iterator[bytes]:
    """The lines that hold a status."""
    *whole, torn = data.split(b"\n")
    for line in whole:
        line = line.strip(b"\0\r")  # noqa: PLW2901 - what is left of it
        if line.strip(b"\0 \t"):
            yield line
    torn = torn.strip(b"\0\r")
    time, _, rest = torn.partition(b" ")
    state, space, _ = rest.decode("utf-8", "replace").partition(" ")
    may_be_cut = any(other != state and other.startswith(state) for other in KNOWN)
    if _TIME.match(time) and state in KNOWN and (space or not may_be_cut):
        yield torn


def _status(line: bytes) -> tuple[str | None, str | None]:
    """State and note of a line; None where it is damaged, so that opinions may differ."""
    time, _, rest = line.partition(b" ")
    state, _, note = rest.decode("utf-8", "replace").partition(" ")
    if not _TIME.match(time) or not state:
        return None, None
    return state, note.strip().replace("\\n", "\n")


def _category(statuses: list[tuple[str | None, str | None]]) -> str | None:
    """The category, where it takes no judgement."""
    life = [(state, note or "") for state, note in statuses if state not in REMARKS]
    if not life:
        return "unknown"
    state, note = life[-1]
    if state == "COMPLETE" and note.endswith("result: PASS"):
        return "passed"
    is_calm = all(
        one in CATEGORIES or (one == "COMPLETE" and " result: " not in text)
        for one, text in life[:-1]
    )
    if not is_calm or state is None:
        return None
    if state == "COMPLETE":
        return {"result: FAIL": "failed", "result: ERROR": "error"}.get(
            note[-13:].lstrip("0123456789 ")
        )
    if state.endswith("_ERROR"):
        return "error"
    return "failed" if state.endswith(("_FAILED", "_TIMEOUT")) else CATEGORIES.get(state)
