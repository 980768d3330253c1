"""Where runs are in a directory tree, and what Pavilion keeps beside a status file.

Layouts as found in working directories of Pavilion 2.1.1 and 2.4: ``test_runs/<id>/status`` (ids
``12`` or ``0000012``), ``series/<id>/status``, and directories that hold no runs. Links lead in
circles there (``test_runs/12/series``, ``series/2/test_sets/*/12``), so none is followed. In any
other tree every directory with a regular file called ``status`` is a run.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

from statustui.core.run import Kind, RunDir

TEST_RUNS = "test_runs"
SERIES = "series"
STATUS = "status"

_NO_RUNS = frozenset({"builds", "downloads", "jobs", "users"})
"""Directories of a working directory that hold no runs, but whole source trees."""

_JSON_MAX = 1 << 20
"""Bytes: files of Pavilion's that are larger than this are not read."""

_RESULTS = frozenset({"PASS", "FAIL", "ERROR"})

OnError = Callable[[str, OSError], None]


def find_runs(root: str, on_error: OnError) -> Iterator[RunDir]:
    """Find the run directories at and below `root`.

    Args:
        root: A working directory, its ``test_runs``, a run, or any tree. A link is followed here
            and nowhere below.
        on_error: Called with the path and the error for every directory that cannot be read.

    Yields:
        The runs, each as soon as it is found.

    Raises:
        OSError: `root` itself is no directory that can be read.
    """
    with os.scandir(root) as entries:
        listing = list(entries)
    real = os.path.realpath(root)
    name = os.path.basename(real)
    if _has_status(listing):
        parent = os.path.dirname(real)
        yield run_dir(root, root, _kind_below(parent), name)
        return
    finder = _Finder(root, on_error)
    yield from finder.walk(listing, _kind_below(real))


def _kind_below(path: str) -> Kind:
    """What the runs directly below the directory `path` are."""
    name = os.path.basename(path)
    if name == TEST_RUNS:
        return "test"
    if name == SERIES and os.path.isdir(os.path.join(os.path.dirname(path), TEST_RUNS)):
        return "series"
    return "plain"


def run_dir(root: str, path: str, kind: Kind, name: str) -> RunDir:
    """The place of a run whose directory is called `name`."""
    return RunDir(root, path, f"s{name.lstrip('0') or name}" if kind == "series" else name, kind)


def _has_status(listing: list[os.DirEntry[str]]) -> bool:
    return any(entry.name == STATUS and entry.is_file(follow_symlinks=False) for entry in listing)


class _Finder:
    """One walk through a tree."""

    def __init__(self, root: str, on_error: OnError) -> None:
        self.root = root
        self.on_error = on_error

    def walk(self, listing: list[os.DirEntry[str]], kind: Kind) -> Iterator[RunDir]:
        """Find the runs below a directory that is none itself, given what is in it."""
        folders = [entry for entry in listing if _is_folder(entry)]
        names = {entry.name for entry in folders}
        is_working_dir = TEST_RUNS in names and kind == "plain"
        for entry in folders:
            if is_working_dir and entry.name in _NO_RUNS:
                continue
            if kind == "test" and entry.name.isdecimal():
                # A run's directory exists before its status file does.
                yield run_dir(self.root, entry.path, kind, entry.name)
            else:
                yield from self._enter(entry, kind, names)

    def _enter(self, entry: os.DirEntry[str], kind: Kind, siblings: set[str]) -> Iterator[RunDir]:
        try:
            with os.scandir(entry.path) as entries:
                listing = list(entries)
        except OSError as error:
            self.on_error(entry.path, error)
            return
        if _has_status(listing):
            yield run_dir(self.root, entry.path, kind, entry.name)
        elif kind == "plain":
            below: Kind = "plain"
            if entry.name == TEST_RUNS:
                below = "test"
            elif entry.name == SERIES and TEST_RUNS in siblings:
                below = "series"
            yield from self.walk(listing, below)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def read_name(place: RunDir) -> str | None:
    """What a run is called: Pavilion's name of it, in a plain tree its path under the root.

    Pavilion 2.4 keeps the name in ``attributes``, 2.1.1 suite and name in ``config``; a series has
    it in ``config``.

    Returns:
        The name, or None as long as Pavilion has not written it.
    """
    if place.kind == "plain":
        relative = os.path.relpath(place.path, place.root)
        return os.path.basename(os.path.realpath(place.path)) if relative == "." else relative
    if place.kind == "test":
        name = read_json(os.path.join(place.path, "attributes")).get("name")
        if isinstance(name, str) and name:
            return name
    config = read_json(os.path.join(place.path, "config"))
    parts = [config.get("suite"), config.get("name"), config.get("subtitle")]
    return ".".join(part for part in parts if isinstance(part, str) and part) or None


def read_result(path: str) -> str | None:
    """The ``result`` in the ``results.json`` of the run at `path`: PASS, FAIL, ERROR or None."""
    result = read_json(os.path.join(path, "results.json")).get("result")
    return result if isinstance(result, str) and result in _RESULTS else None


def read_json(path: str) -> dict[str, Any]:
    """Read a JSON object from a file that may be missing, damaged, or no file at all.

    Returns:
        The object; an empty one if there is none to be had.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_size > _JSON_MAX:
                return {}
            data = os.pread(descriptor, _JSON_MAX, 0)
        finally:
            os.close(descriptor)
        value = json.loads(data)
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
