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
_MARKS = frozenset({ALL_TESTS_STARTED, SERIES_COMPLETE})
_NO_IDS = frozenset({"", ".", ".."})
_MOST = 100_000
"""Links of one series that are taken in at the most; with more it is not known to have all."""
_FRESH = 2_000_000_000
"""Nanoseconds for which a directory's time of change may miss a further change."""


class Links:
    """What is in the directory of one series, listed again once its times of change are others.

    Args:
        path: The directory of the series.
    """

    def __init__(self, path: str) -> None:
        """Start with nothing listed."""
        self.path = path
        self.files = SeriesFiles()
        self.directories: list[str] = [path]
        """The directories in which links appear."""
        self._runs = _runs_beside(path)
        self._times: list[int] = []

    def look(self, *, trust_stat: bool = True) -> bool:
        """List the links if there may be others than before.

        Args:
            trust_stat: Whether the times of change tell of every change.

        Returns:
            Whether anything is different.

        Raises:
            OSError: A directory of the series cannot be read; what was known of it stays.
        """
        if trust_stat and self._times and self._is_unchanged():
            return False
        self._times = []
        directories, times = [self.path], [os.lstat(self.path).st_mtime_ns]
        marks, members, has_sets = self._list(self.path)
        is_flat = bool(members) and not has_sets
        if has_sets:
            members = []
            sets = f"{self.path}/{_TEST_SETS}"
            for directory in [sets, *_directories_in(sets)]:
                with contextlib.suppress(FileNotFoundError):
                    times.append(os.lstat(directory).st_mtime_ns)
                    directories.append(directory)
                    if directory != sets:
                        members += self._list(directory, _MOST + 1 - len(members))[1]
        files = SeriesFiles(
            tuple(dict.fromkeys(members[:_MOST])),
            is_flat,
            ALL_TESTS_STARTED in marks and len(members) <= _MOST,
            SERIES_COMPLETE in marks,
        )
        # A second change within the clock's grain would leave a time as it is.
        if time.time_ns() - max(times) > _FRESH:
            self._times = times
        self.directories = directories
        is_different, self.files = files != self.files, files
        return is_different

    def _is_unchanged(self) -> bool:
        """Whether the directories with links were not written to since they were listed."""
        try:
            return self._times == [os.lstat(path).st_mtime_ns for path in self.directories]
        except FileNotFoundError:  # pragma: no cover - gone in this very moment
            return False

    def _list(self, path: str, most: int = _MOST + 1) -> tuple[set[str], list[str], bool]:
        """The marks in a directory, the runs that it links to, and whether it has test sets."""
        marks: set[str] = set()
        members: list[str] = []
        has_sets = False
        runs = self._runs
        # There is a link for each run of the tree: what is done for one of them counts.
        with os.scandir(path) as listing:
            for entry in listing:
                if entry.is_symlink():
                    try:
                        target = os.readlink(entry.path)
                    except OSError:  # pragma: no cover - gone in this very moment
                        continue
                    run_id = target[target.rfind("/") + 1 :]
                    if run_id not in _NO_IDS and len(members) < most:
                        members.append(f"{runs}/{run_id}")
                elif entry.name in _MARKS:
                    marks.add(entry.name)
                elif entry.name == _TEST_SETS:
                    has_sets = entry.is_dir(follow_symlinks=False)
        return marks, members, has_sets


def _runs_beside(path: str) -> str:
    """Where the runs of the series at `path` are."""
    series, name = os.path.split(path)
    working_dir, above = os.path.split(series)
    if working_dir and {name, above}.isdisjoint({"", ".", ".."}):
        return f"{working_dir}/{TEST_RUNS}"
    return os.path.join(path, os.pardir, os.pardir, TEST_RUNS)


def _directories_in(path: str) -> Iterator[str]:
    with os.scandir(path) as listing:
        yield from (entry.path for entry in listing if entry.is_dir(follow_symlinks=False))
