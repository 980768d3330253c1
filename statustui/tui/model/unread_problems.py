"""Problems that are news to the user, and those of them that he has not seen yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.monitor.batch import Batch

_STAYS = 5.0
"""Seconds for which a problem counts as new after a key was pressed with it in view."""
_SKEW = 60.0
"""Seconds by which the clocks of two hosts may differ."""
_GONE_STAYS = 7 * 86400.0
"""Seconds for which the problem of a run that is gone is remembered."""
_MOST_GONE = 10_000
"""Runs that are gone and remembered at the most; the oldest leave first."""


class UnreadProblems:
    """Runs with a problem that is news to the user.

    A problem has been seen when somebody has pressed a key with it in view: what a screen shows
    while nobody is there, or to a terminal that is detached, is seen by nobody.
    """

    def __init__(self) -> None:
        """Start with nothing that is news."""
        self._seen_at: dict[str, float | None] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._seen_at)

    def __contains__(self, path: str) -> bool:
        """Whether the problem of the run at `path` is one of them."""
        return path in self._seen_at

    def add(self, paths: Iterable[str]) -> None:
        """Take note of new problems, given the paths of the runs."""
        self._seen_at.update(dict.fromkeys(paths))

    def discard(self, path: str) -> None:
        """Forget a run: it is gone, or has no problem any more."""
        self._seen_at.pop(path, None)

    def see(self, paths: Iterable[str], now: float) -> None:
        """The user is there, and has these runs in view.

        Args:
            paths: Paths of runs.
            now: The time in seconds.
        """
        for path in paths:
            if self._seen_at.get(path, now) is None:
                self._seen_at[path] = now

    def forget_seen(self, now: float) -> bool:
        """Forget those that were seen some seconds ago.

        Returns:
            Whether there were any.
        """
        old = [
            path
            for path, seen_at in self._seen_at.items()
            if seen_at is not None and now - seen_at >= _STAYS
        ]
        for path in old:
            del self._seen_at[path]
        return bool(old)

    def clear(self) -> None:
        """Count all as seen."""
        self._seen_at.clear()


class _Gone(NamedTuple):
    """What is remembered of a run that is gone."""

    problem: tuple[str, float | None]
    was_unseen: bool
    since: float
    """When it went, in seconds since 1970."""


class News:
    """Tells which problems are news, by the time of the status that explains them.

    A problem is news if its status is later than the begin of watching, and than the problem that
    was known of the run before. Clocks of other hosts may be behind by a minute. One without a
    time that can be read is news when it is first seen. What a first look at a root finds is no
    news, nor is a run that was gone and has come back with the problem that it had.

    Args:
        began: When watching began, in seconds since 1970.
    """

    def __init__(self, began: float) -> None:
        """Begin with nothing that is gone."""
        self._since = began - _SKEW
        self._gone: dict[str, _Gone] = {}

    def take(
        self,
        batch: Batch,
        runs: Mapping[str, Run],
        unseen: UnreadProblems,
        swept: Collection[str],
        now: float,
    ) -> tuple[list[Run], list[Run]]:
        """Look through a batch before it is taken in.

        Args:
            batch: The changes.
            runs: Path -> run, as they are known without it.
            unseen: The problems that have not been seen yet.
            swept: The roots that have been seen whole once.
            now: The time in seconds since 1970.

        Returns:
            The runs whose problem is news, and those that have come back with one that was not
            seen before they went.
        """
        self._forget(now)
        news, back = [], []
        for run in batch.changed:
            before, gone = runs.get(run.path), self._gone.pop(run.path, None)
            if run.problem is None or run.root not in swept:
                continue
            if before is None and gone is not None and gone.problem == _key(run.problem):
                back += [run] if gone.was_unseen else []
            elif self._is_news(run.problem, before, gone):
                news.append(run)
        updated = {run.path for run in batch.changed}
        for path in batch.removed:
            lost = runs.get(path)
            if lost is not None and lost.problem is not None and path not in updated:
                self._gone.pop(path, None)
                self._gone[path] = _Gone(_key(lost.problem), path in unseen, now)
        return news, back

    def _is_news(self, problem: StatusInfo, before: Run | None, gone: _Gone | None) -> bool:
        time = problem.timestamp
        known = gone.problem if gone is not None else None
        if before is not None:
            known = _key(before.problem) if before.problem is not None else None
        if time is None:
            return known is None
        return time >= self._since and (known is None or known[1] is None or time > known[1])

    def _forget(self, now: float) -> None:
        for path, gone in list(self._gone.items()):
            if len(self._gone) <= _MOST_GONE and now - gone.since < _GONE_STAYS:
                break
            del self._gone[path]


def _key(problem: StatusInfo) -> tuple[str, float | None]:
    return problem.state, problem.timestamp
