"""The links of a series to its runs, listed and never followed.

Pavilion 2.4 keeps them in ``test_sets/<number>.<name>/<run id>`` below the directory of the series,
2.1.1 in the directory itself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from statustui.core.series import ALL_TESTS_STARTED, SERIES_COMPLETE, SeriesFiles
from statustui.core.working_dir import TEST_RUNS

_TEST_SETS = "test_sets"
_MARKER_FILES = frozenset({ALL_TESTS_STARTED, SERIES_COMPLETE})
_INVALID_IDS = frozenset({"", ".", ".."})
_MAX_LINKS = 100_000
"""Links of one series that are read at most; a series with more never counts as complete."""
_CLOCK_GRAIN_NS = 2_000_000_000
"""Nanoseconds within which two changes may leave a directory with the same time."""


class SeriesLinks:
    """The content of the directory of one series, listed again when its times change.

    Args:
        path: The directory of the series.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.files = SeriesFiles()
        self.directories: list[str] = [path]
        """The directories in which links appear."""
        self._runs = _runs_beside(path)
        self._times: list[int] = []

    def list_if_changed(self, *, trust_stat: bool = True) -> bool:
        """List the links, unless the times of their directories show that nothing has changed.

        Args:
            trust_stat: Whether every change updates the times that `stat` returns.

        Returns:
            Whether anything has changed.

        Raises:
            OSError: A directory of the series cannot be read; the last listing stays.
        """
        if trust_stat and self._times and self._is_unchanged():
            return False
        self._times = []
        directories, times = [self.path], [os.lstat(self.path).st_mtime_ns]
        markers, members, has_sets = self._list(self.path)
        is_flat = bool(members) and not has_sets
        if has_sets:
            members = []
            sets = f"{self.path}/{_TEST_SETS}"
            for directory in [sets, *_directories_in(sets)]:
                with contextlib.suppress(FileNotFoundError):
                    times.append(os.lstat(directory).st_mtime_ns)
                    directories.append(directory)
                    if directory != sets:
                        members += self._list(directory, _MAX_LINKS + 1 - len(members))[1]
        files = SeriesFiles(
            tuple(dict.fromkeys(members[:_MAX_LINKS])),
            is_flat,
            ALL_TESTS_STARTED in markers and len(members) <= _MAX_LINKS,
            SERIES_COMPLETE in markers,
        )
        # A second change within one tick of the clock would leave a time the same.
        if time.time_ns() - max(times) > _CLOCK_GRAIN_NS:
            self._times = times
        self.directories = directories
        is_different, self.files = files != self.files, files
        return is_different

    def _is_unchanged(self) -> bool:
        """Return whether no directory with links has been written since it was listed."""
        try:
            return self._times == [os.lstat(path).st_mtime_ns for path in self.directories]
        except FileNotFoundError:  # pragma: no cover - a race with its removal
            return False

    def _list(self, path: str, most: int = _MAX_LINKS + 1) -> tuple[set[str], list[str], bool]:
        """Return a directory's marker files, linked runs, and whether it has test sets."""
        markers: set[str] = set()
        members: list[str] = []
        has_sets = False
        runs = self._runs
        # A tree has a link for each of its runs: this loop is a hot path.
        with os.scandir(path) as listing:
            for entry in listing:
                if entry.is_symlink():
                    try:
                        target = os.readlink(entry.path)
                    except OSError:  # pragma: no cover - a race with its removal
                        continue
                    run_id = target[target.rfind("/") + 1 :]
                    if run_id not in _INVALID_IDS and len(members) < most:
                        members.append(f"{runs}/{run_id}")
                elif entry.name in _MARKER_FILES:
                    markers.add(entry.name)
                elif entry.name == _TEST_SETS:
                    has_sets = entry.is_dir(follow_symlinks=False)
        return markers, members, has_sets


def _runs_beside(path: str) -> str:
    """Return the directory that holds the runs of the series at `path`."""
    series, name = os.path.split(path)
    working_dir, above = os.path.split(series)
    if working_dir and {name, above}.isdisjoint({"", ".", ".."}):
        return f"{working_dir}/{TEST_RUNS}"
    return os.path.join(path, os.pardir, os.pardir, TEST_RUNS)


def _directories_in(path: str) -> Iterator[str]:
    with os.scandir(path) as listing:
        yield from (entry.path for entry in listing if entry.is_dir(follow_symlinks=False))


def check_links(path: str) -> None:
    """List the links of the series at `path` without reading them.

    Raises:
        OSError: A directory of the series cannot be read.
    """
    sets = f"{path}/{_TEST_SETS}"
    if sets not in _directories_in(path):
        return
    for directory in _directories_in(sets):
        with contextlib.suppress(FileNotFoundError), os.scandir(directory) as listing:
            for _link in listing:
                pass
