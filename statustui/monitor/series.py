"""The series of one tree, each judged by its own files and its runs.

When a run changes, only the series that link to it are judged again.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence

from statustui.core.durations import StaleAfter
from statustui.core.run import Run, RunDir
from statustui.core.series import is_member, judge
from statustui.core.working_dir import OnError
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.series_links import SeriesLinks, check_links
from statustui.monitor.snapshot import RunSnapshot, read_snapshot

GetRun = Callable[[str], Run | None]
"""Returns the known run at a path, None if there is none."""


class _Series:
    """What is known of one series.

    Args:
        own: The series as its own status file describes it.
    """

    __slots__ = ("is_listed", "judged", "links", "outside_members", "own", "trusts_stat")

    def __init__(self, own: Run) -> None:
        self.own = own
        self.judged: Run | None = None
        """The series as it was last judged by its runs."""
        self.links = SeriesLinks(own.path)
        self.is_listed = False
        self.trusts_stat = True
        """Whether `stat` shows every change of its files."""
        self.outside_members: dict[str, RunSnapshot] = {}
        """Path of a member that is outside the tree, or not found yet -> its snapshot."""


class AllSeries:
    """Judges the series of one tree whenever their files or runs have changed.

    Args:
        stale_after: How long a series that still expects runs may go without any change.
        clock: Returns the time in seconds since 1970.
        errors: Directory that cannot be read -> reason; updated for the directories of series.
    """

    def __init__(
        self,
        stale_after: StaleAfter,
        clock: Callable[[], float],
        errors: MutableMapping[str, str],
    ) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._errors = errors
        self._known: dict[str, _Series] = {}
        self._series_of: dict[str, tuple[str, ...]] = {}
        """Path of a run -> paths of the series that link to it."""
        self._owners: dict[str, str] = {}
        """Directory with links -> path of its series."""
        self._changed: dict[str, None] = {}
        """Paths of the series to judge again."""
        self._due = DueQueue()
        """When to judge a series even without a change, in seconds since 1970."""

    def __contains__(self, path: str) -> bool:
        """Return whether there is a series at `path`."""
        return path in self._known

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all series."""
        return iter(self._known)

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self._known)

    def judged(self, run: Run) -> Run:
        """Return a series as it was last judged by its runs; any other run unchanged."""
        known = self._known.get(run.path)
        return run if known is None or known.judged is None else known.judged

    def directories(self, path: str) -> list[str]:
        """Return the directories below the series at `path` in which links appear."""
        return self._known[path].links.directories[1:] if path in self._known else []

    def owners(self, directories: Iterable[str]) -> set[str]:
        """Return the paths of the series to which `directories` belong."""
        return {self._owners[path] for path in directories if path in self._owners}

    def add(self, run: Run) -> None:
        """Add a new run or series, or replace one that has changed."""
        if run.kind == "series":
            known = self._known.get(run.path)
            if known is None:
                self._known[run.path] = _Series(run)
            else:
                known.own = run
            self._changed[run.path] = None
        self._mark_series_of(run.path)

    def add_runs(self, paths: Iterable[str]) -> None:
        """Add new runs, none of them a series."""
        for path in self._series_of.keys() & paths:
            self._mark_series_of(path)

    def _mark_series_of(self, member: str) -> None:
        for path in self._series_of.get(member, ()):
            self._changed[path] = None

    def forget(self, path: str) -> None:
        """Remove a run or a series."""
        self._mark_series_of(path)
        known = self._known.pop(path, None)
        if known is not None:
            self._unlink(path, known.links.files.members)
            self._set_owner(known.links.directories, (), path)
            self._errors.pop(path, None)
            self._changed.pop(path, None)
            self._due.remove(path)

    def list_links(self, paths: Iterable[str], trust_stat: Callable[[str], bool]) -> None:
        """List the links of series again if they may have changed.

        Args:
            paths: Paths of runs; those that are not series are ignored.
            trust_stat: Returns whether `stat` shows every change of the series at a path.
        """
        for path in paths:
            known = self._known.get(path)
            if known is None or not known.is_listed:
                continue
            known.trusts_stat = trust_stat(path)
            if self._list(known) or known.outside_members:
                self._changed[path] = None

    def review_changed(self, get: GetRun) -> Iterator[Run]:
        """Judge the series whose files or runs have changed, or whose time has come.

        Args:
            get: Returns a known run of the tree.

        Yields:
            The series whose judgement differs from the last one.
        """
        now = self._clock()
        self._changed.update(dict.fromkeys(self._due.pop_due(math.inf, now)))
        while self._changed:
            path, _ = self._changed.popitem()
            known = self._known.get(path)
            if known is None:
                continue
            if not known.is_listed:
                known.is_listed = True
                self._list(known)
                _share_paths(known.links, get)
            judged = self._judge(known, get, now)
            if judged != known.judged:
                known.judged = judged
                yield judged

    def _judge(self, known: _Series, get: GetRun, now: float) -> Run:
        runs: list[Run | None] = []
        outside_members: dict[str, RunSnapshot] = {}
        for path in known.links.files.members:
            run = get(path)
            if run is None and (snapshot := _read_outside_member(known, path)) is not None:
                outside_members[path] = snapshot
                run = snapshot.run
            runs.append(run if run is not None and is_member(run, known.own) else None)
        known.outside_members = outside_members
        run, dies_at = judge(
            known.own, known.links.files, runs, now=now, stale_after=self._stale_after
        )
        if dies_at is not None:
            self._due.schedule_no_later(run.path, dies_at)
        return run

    def _list(self, known: _Series) -> bool:
        """List the links of a series; return whether anything has changed."""
        links, path = known.links, known.own.path
        before, directories = links.files.members, links.directories
        try:
            is_different = links.list_if_changed(trust_stat=known.trusts_stat)
        except (FileNotFoundError, NotADirectoryError):
            # It is being deleted; the next listing of the directory above removes it.
            return False
        except OSError as error:
            self._errors[path] = error.strerror or str(error)
            return False
        self._errors.pop(path, None)
        self._set_owner(directories, links.directories, path)
        if links.files.members != before:
            self._unlink(path, before)
            mine = (path,)
            for member in links.files.members:
                others = self._series_of.get(member)
                self._series_of[member] = mine if others is None else (*others, path)
        return is_different

    def _set_owner(self, before: Iterable[str], after: Iterable[str], path: str) -> None:
        for directory in before:
            self._owners.pop(directory, None)
        self._owners.update(dict.fromkeys(after, path))

    def _unlink(self, path: str, members: Iterable[str]) -> None:
        for member in members:
            others = tuple(one for one in self._series_of.get(member, ()) if one != path)
            if others:
                self._series_of[member] = others
            else:
                self._series_of.pop(member, None)


def _share_paths(links: SeriesLinks, get: GetRun) -> None:
    """Use the path strings of known runs as member paths, so that each is in memory once."""
    paths = tuple(path if (run := get(path)) is None else run.path for path in links.files.members)
    links.files = links.files._replace(members=paths)


def _read_outside_member(known: _Series, path: str) -> RunSnapshot | None:
    """Read a member outside the tree; return None if its directory does not exist."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # pragma: no cover - CI runs as root, who may read everything
        # The snapshot holds the reason.
        pass
    place = RunDir(known.own.root, path, os.path.basename(path), "test")
    return read_snapshot(place, known.outside_members.get(path), trust_stat=known.trusts_stat)


def judge_series(
    runs: Sequence[Run], on_error: OnError, stale_after: StaleAfter, now: float
) -> Iterator[Run]:
    """Yield `runs`, with each series judged by its runs; the series come last.

    Args:
        runs: The runs of one tree.
        on_error: Called with the path and the error of every series whose links cannot be listed.
        stale_after: How long a series that still expects runs may go without any change.
        now: The time in seconds since 1970.
    """
    if not any(run.is_series for run in runs):
        yield from runs
        return
    errors: dict[str, str] = {}
    known = {run.path: run for run in runs}
    all_series = AllSeries(stale_after, lambda: now, errors)
    for run in runs:
        if run.is_series:
            all_series.add(run)
        else:
            yield run
    yield from all_series.review_changed(known.get)
    for path, reason in errors.items():
        on_error(path, OSError(0, reason))


def check_series(runs: Iterable[Run], on_error: OnError) -> None:
    """Report every series among `runs` whose links cannot be listed."""
    for run in runs:
        if run.is_series:
            try:
                check_links(run.path)
            except (FileNotFoundError, NotADirectoryError):
                # It is being deleted.
                continue
            except OSError as error:
                on_error(run.path, error)
