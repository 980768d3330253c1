"""The pictures of all series of one tree, each put together from its files and its runs.

A run that changes costs a look at the runs of its own series, and nothing else.
"""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence

from statustui.core.durations import StaleAfter
from statustui.core.run import Run, RunDir
from statustui.core.series import is_member, judge
from statustui.core.working_dir import OnError
from statustui.monitor.series_links import Links
from statustui.monitor.snapshot import RunSnapshot, read_snapshot

Get = Callable[[str], Run | None]
"""Gives what is known of the run at a path, None if there is none."""

_SLACK = 1000
"""Entries of the queue that may be there for series that are gone, beside as many as for others."""


class _Series:
    """What is known of one series.

    Args:
        own: What its status file says.
    """

    __slots__ = ("is_listed", "links", "own", "picture", "strangers", "trusts_stat")

    def __init__(self, own: Run) -> None:
        self.own = own
        self.picture: Run | None = None
        self.links = Links(own.path)
        self.is_listed = False
        self.trusts_stat = True
        """Whether the times of change of its files can be relied on."""
        self.strangers: dict[str, RunSnapshot] = {}
        """Path of a run of it that is not in the tree, or not found yet -> what is known of it."""


class AllSeries:
    """Judges the series of one tree whenever something about them has changed.

    Args:
        patience: For how long nothing may happen to a series while further runs are to come.
        clock: Gives the time in seconds since 1970.
        troubles: Directory that cannot be read -> why; kept up for the directories of the series.
    """

    def __init__(
        self,
        patience: StaleAfter,
        clock: Callable[[], float],
        troubles: MutableMapping[str, str],
    ) -> None:
        """Start without series."""
        self._patience = patience
        self._clock = clock
        self._troubles = troubles
        self._known: dict[str, _Series] = {}
        self._of: dict[str, tuple[str, ...]] = {}
        """Path of a run -> paths of the series that link to it."""
        self._owners: dict[str, str] = {}
        """Directory with links -> path of its series."""
        self._changed: dict[str, None] = {}
        """Paths of the series that are to be judged anew."""
        self._queue: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        """Path of a series -> when it is judged anew in any case, in seconds since 1970."""

    def __contains__(self, path: str) -> bool:
        """Whether there is a series at `path`."""
        return path in self._known

    def __len__(self) -> int:
        """How many series there are."""
        return len(self._known)

    def picture(self, run: Run) -> Run:
        """The last picture of a series; any other run is a picture itself."""
        known = self._known.get(run.path)
        return run if known is None or known.picture is None else known.picture

    def directories(self, path: str) -> list[str]:
        """The directories below the series at `path` in which links appear."""
        return self._known[path].links.directories[1:] if path in self._known else []

    def owners(self, directories: Iterable[str]) -> set[str]:
        """The series to which these directories belong."""
        return {self._owners[path] for path in directories if path in self._owners}

    def add(self, run: Run) -> None:
        """Add a run or a series that is new, or replace one that has changed."""
        if run.kind == "series":
            known = self._known.get(run.path)
            if known is None:
                self._known[run.path] = _Series(run)
            else:
                known.own = run
            self._changed[run.path] = None
        self._stir(run.path)

    def _stir(self, member: str) -> None:
        for path in self._of.get(member, ()):
            self._changed[path] = None

    def forget(self, path: str) -> None:
        """Take note that a run or a series is gone."""
        self._stir(path)
        known = self._known.pop(path, None)
        if known is not None:
            self._unlink(path, known.links.files.members)
            self._own(known.links.directories, (), path)
            self._troubles.pop(path, None)
            self._changed.pop(path, None)
            self._due.pop(path, None)
            if len(self._queue) > _SLACK + 2 * len(self._due):
                self._queue = [(due, one) for one, due in self._due.items()]
                heapq.heapify(self._queue)

    def list_links(self, paths: Iterable[str], trust_stat: Callable[[str], bool]) -> None:
        """List the links of these series again where there may be others than before.

        Args:
            paths: Paths of runs; those that are no series are passed over.
            trust_stat: Tells of the path of a series whether times of change can be relied on.
        """
        for path in paths:
            known = self._known.get(path)
            if known is None or not known.is_listed:
                continue
            known.trusts_stat = trust_stat(path)
            if self._list(known) or known.strangers:
                self._changed[path] = None

    def review(self, get: Get) -> Iterator[Run]:
        """Judge whatever is to be judged anew.

        Args:
            get: Gives what is known of a run of the tree.

        Yields:
            The series whose picture has changed.
        """
        now = self._clock()
        while self._queue and self._queue[0][0] <= now:
            due, path = heapq.heappop(self._queue)
            if self._due.get(path) == due:
                del self._due[path]
                self._changed[path] = None
        while self._changed:
            path, _ = self._changed.popitem()
            known = self._known.get(path)
            if known is None:
                continue
            if not known.is_listed:
                known.is_listed = True
                self._list(known)
                _share(known.links, get)
            picture = self._judge(known, get, now)
            if picture != known.picture:
                known.picture = picture
                yield picture

    def _judge(self, known: _Series, get: Get, now: float) -> Run:
        runs: list[Run | None] = []
        strangers: dict[str, RunSnapshot] = {}
        for path in known.links.files.members:
            run = get(path)
            if run is None and (snapshot := _read_stranger(known, path)) is not None:
                strangers[path] = snapshot
                run = snapshot.run
            runs.append(run if run is not None and is_member(run, known.own) else None)
        known.strangers = strangers
        run, dies_at = judge(
            known.own, known.links.files, runs, now=now, stale_after=self._patience
        )
        if dies_at is not None and dies_at < self._due.get(run.path, float("inf")):
            self._due[run.path] = dies_at
            heapq.heappush(self._queue, (dies_at, run.path))
        return run

    def _list(self, known: _Series) -> bool:
        """List the links of a series.

        Returns:
            Whether anything is different.
        """
        links, path = known.links, known.own.path
        before, directories = links.files.members, links.directories
        try:
            is_different = links.look(trust_stat=known.trusts_stat)
        except (FileNotFoundError, NotADirectoryError):
            # It is being deleted: whoever looks for series finds out.
            return False
        except OSError as error:
            self._troubles[path] = error.strerror or str(error)
            return False
        self._troubles.pop(path, None)
        self._own(directories, links.directories, path)
        if links.files.members != before:
            self._unlink(path, before)
            mine = (path,)
            for member in links.files.members:
                others = self._of.get(member)
                self._of[member] = mine if others is None else (*others, path)
        return is_different

    def _own(self, before: Iterable[str], after: Iterable[str], path: str) -> None:
        for directory in before:
            self._owners.pop(directory, None)
        self._owners.update(dict.fromkeys(after, path))

    def _unlink(self, path: str, members: Iterable[str]) -> None:
        for member in members:
            others = tuple(one for one in self._of.get(member, ()) if one != path)
            if others:
                self._of[member] = others
            else:
                self._of.pop(member, None)


def _share(links: Links, get: Get) -> None:
    """Keep the path of each run once: of those that are known it is that of the run."""
    paths = tuple(path if (run := get(path)) is None else run.path for path in links.files.members)
    links.files = links.files._replace(members=paths)


def _read_stranger(known: _Series, path: str) -> RunSnapshot | None:
    """Read a run that is in no picture of the tree; None if there is no such directory."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # pragma: no cover - root, as whom CI runs, may look everywhere
        # Reading it says why.
        pass
    place = RunDir(known.own.root, path, os.path.basename(path), "test")
    return read_snapshot(place, known.strangers.get(path), trust_stat=known.trusts_stat)


def judge_series(
    runs: Sequence[Run], on_error: OnError, patience: StaleAfter, now: float
) -> Iterator[Run]:
    """The same runs, of one tree, those that are series judged by their runs; these come last.

    Args:
        runs: The runs.
        on_error: Called with the path and the error for every series whose links cannot be listed.
        patience: For how long nothing may happen to a series while further runs are to come.
        now: The time in seconds since 1970.
    """
    if not any(run.is_series for run in runs):
        yield from runs
        return
    troubles: dict[str, str] = {}
    known = {run.path: run for run in runs}
    pictures = AllSeries(patience, lambda: now, troubles)
    for run in runs:
        if run.is_series:
            pictures.add(run)
        else:
            yield run
    yield from pictures.review(known.get)
    for path, reason in troubles.items():
        on_error(path, OSError(0, reason))
