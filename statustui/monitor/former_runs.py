"""The last results of runs that are no longer in a tree, from one session to the next.

They are few, and have a file of their own in the cache: reading the runs of a tree does not wait
for it. What is stored is JSON, compressed: loading it executes nothing.
"""

from __future__ import annotations

import heapq
import json
import math
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from statustui.core.categories import Category
from statustui.core.cleaned_results import (
    is_another,
    is_kept,
    result_of,
    run_of,
    worth_keeping,
)
from statustui.core.past import Name, name_of
from statustui.core.recent_results import MAX_RESULTS, CleanedResult
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.times import in_range

_FORMAT = 1
_MAX_RUNS = 50_000
"""Runs that are stored, the last to end."""
_MAX_AGE = 400 * 86400.0
"""Seconds since its end after which a run is not stored any more."""
_MAX_CHARACTERS = 1 << 24
"""Characters of all stored runs."""
_MAX_ROW = 1 << 14
"""Characters of one run; a longer one is not stored, so that the others are."""
_MAX_PLAIN_BYTES = 1 << 28
_MAX_KEPT = 2 * MAX_RESULTS + 2
"""Runs of a test above which those that tell nothing are forgotten."""
_RESULTS = {
    category.value: category for category in (Category.PASSED, Category.FAILED, Category.ERROR)
}
_DAMAGE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that damaged data can cause."""


class FormerRuns:
    """The last results of the runs that are no longer in one tree, by test.

    Args:
        load: Returns those that are known from earlier; called when they are first needed.
        is_elsewhere: Returns whether the run at a path belongs to another root, or cannot be
            reached, so that it is not known to be gone.
    """

    def __init__(
        self,
        load: Callable[[], Iterable[Run]],
        is_elsewhere: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self._load = load
        self._is_elsewhere = is_elsewhere
        self._by_name: dict[Name, list[Run]] | None = None
        self._gone: dict[Name, list[Run]] = {}
        """Runs that have gone and are not among the others yet."""
        self._news: dict[Name, None] = {}
        """The tests whose runs have changed since `take_news`."""
        self._has_changed = False

    @property
    def _known(self) -> dict[Name, list[Run]]:
        """The runs by test, without those that have just gone."""
        if self._by_name is None:
            self._by_name = {}
            self.update(self._load())
        return self._by_name

    @property
    def _runs(self) -> dict[Name, list[Run]]:
        """The runs by test."""
        self._add_gone()
        return self._known

    def _add_gone(self) -> None:
        """Add the runs that have just gone, as far as they are worth it."""
        gone, self._gone = self._gone, {}
        for name, runs in gone.items():
            kept = (result_of(run) for run in worth_keeping(runs))
            self._has_changed |= self.update(run_of(one, name) for one in kept if one is not None)

    @property
    def has_changed(self) -> bool:
        """Whether there is something new to save."""
        self._add_gone()
        return self._has_changed

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._runs)

    def __iter__(self) -> Iterator[Run]:
        """Yield all runs."""
        for runs in self._runs.values():
            yield from runs

    def of(self, name: Name) -> Sequence[Run]:
        """Return the runs of a test, in no particular order."""
        return self._runs.get(name, ())

    def tell_again(self) -> None:
        """Take all runs as news."""
        self._news = dict.fromkeys(self._runs)

    def take_news(self) -> list[Name]:
        """Return the tests whose runs have changed since the last call; at first all of them."""
        if not self:
            return []
        news, self._news = list(self._news), {}
        return news

    def replace(self, before: Run | None, now: Run | None) -> None:
        """Take in what has become of the run at a path.

        The result of a run that is no longer there is kept; that of one that is there again is not.

        Args:
            before: The run that was there; None for nothing.
            now: What is there now; None for nothing.
        """
        if now is not None:
            self._take_back(now)
        if before is None or not is_another(before, now) or not is_kept(before):
            return
        name = name_of(before)
        if name is not None and not self._is_elsewhere(before.path):
            self._gone.setdefault(name, []).append(before)

    def update(self, kept: Iterable[Run]) -> bool:
        """Add runs that were kept elsewhere; return whether one of them is new."""
        is_new = False
        for run in kept:
            name = name_of(run)
            runs = [] if name is None else self._known.setdefault(name, [])
            if name is None or run in runs:
                continue
            runs.append(run)
            self._news[name] = None
            is_new = True
            if len(runs) > _MAX_KEPT:
                runs[:] = worth_keeping(runs)
        return is_new

    def _take_back(self, run: Run) -> None:
        name = name_of(run)
        runs = None if name is None else self._known.get(name)
        if name is None or runs is None:
            return
        others = [one for one in runs if one.path != run.path or is_another(one, run)]
        if len(others) < len(runs):
            runs[:] = others
            # That it is stored harms nothing: it is taken back the next time as well.
            self._news[name] = None

    def mark_saved(self) -> None:
        """Take all that is new as saved."""
        self._has_changed = False

    def encode(self) -> bytes:
        """Return the runs for storage, as far as they tell the past of their tests."""
        least = time.time() - _MAX_AGE
        kept = [
            run
            for runs in self._runs.values()
            for run in worth_keeping(runs)
            if run.updated_at is not None and run.updated_at >= least
        ]
        return _pack(heapq.nlargest(_MAX_RUNS, kept, key=lambda run: run.updated_at or 0.0))


def _pack(kept: Iterable[Run]) -> bytes:
    names: dict[Name, int] = {}
    rows: list[list[Any]] = []
    room = _MAX_CHARACTERS
    for run in kept:
        result, name = result_of(run), name_of(run)
        if result is None or name is None:
            continue
        path, category, started, current, problem = result
        texts = [path, *_texts(current), *_texts(problem), *(() if name in names else name[1:])]
        size = sum(map(len, texts))
        if size > _MAX_ROW:
            continue
        room -= size
        if room < 0:
            break
        row = [names.setdefault(name, len(names)), path[len(run.root) :], category.value, started]
        rows.append([*row, _write_status(current), problem and _write_status(problem)])
    data = {
        "format": _FORMAT,
        "names": [[name.name, name.system] for name in names],
        "runs": rows,
    }
    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 1)


def _texts(status: StatusInfo | None) -> tuple[str, ...]:
    return () if status is None else (status.state, status.note)


def _write_status(status: StatusInfo) -> list[Any]:
    return [status.state, status.note, status.timestamp]


def read_former(data: bytes | None, root: str) -> list[Run]:
    """Return the runs in what `FormerRuns.encode` has returned; none if that is damaged.

    Args:
        data: What was stored; None for nothing.
        root: The root, as the user gave it.
    """
    if data is None:
        return []
    try:
        table = json.loads(zlib.decompressobj().decompress(data, _MAX_PLAIN_BYTES))
        if table["format"] != _FORMAT:
            return []
        names = [Name(root, _text(name), _text(system)) for name, system in table["names"]]
        return [_read_run(row, names) for row in table["runs"][:_MAX_RUNS]]
    except (*_DAMAGE, zlib.error):
        return []


def _read_run(row: Sequence[Any], names: Sequence[Name]) -> Run:
    number, path, category, started, current, problem = row
    name = names[number]
    result = CleanedResult(
        name.root + _text(path),
        _RESULTS[category],
        _time(started),
        _read_status(current),
        problem and _read_status(problem),
    )
    return run_of(result, name)


def _read_status(data: Sequence[Any]) -> StatusInfo:
    state, note, moment = data
    return StatusInfo.read(_text(state), _text(note), _time(moment))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _time(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError("not a time")
    return in_range(float(value))
