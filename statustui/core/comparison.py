"""Two sets of runs side by side, by name: what is new, still broken, fixed, slower or faster."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from statustui.core.categories import Category
from statustui.core.measures import Difference
from statustui.core.order import natural
from statustui.core.past import Name, chronological, fail_alike, name_of, outcome
from statustui.core.run import Run
from statustui.core.text import shorten

_MAX_NOTE = 300
"""Bytes of a note that are part of a cause."""


class Pair(NamedTuple):
    """The runs of one name that are compared: the last result in each of two sets."""

    name: Name
    run: Run | None = None
    """The last result; None if there is none."""
    base: Run | None = None
    """The same of the base."""
    idle: Run | None = None
    """Where there is no result, the last run that is none: under way, cancelled or skipped."""
    runs: int = 0
    """Number of results of which `run` is the last."""
    base_runs: int = 0
    """Number of results of which `base` is the last."""

    @property
    def is_repeated(self) -> bool:
        """Whether one of several results counts."""
        return max(self.runs, self.base_runs) > 1

    @property
    def has_passed_twice(self) -> bool:
        """Whether both runs have passed, and are there: only then their measures are compared."""
        return all(
            run is not None and not run.is_cleaned and outcome(run) is Category.PASSED
            for run in (self.run, self.base)
        )


class Item(NamedTuple):
    """A test in one of the lists of a comparison."""

    name: str
    run: Run | None
    """The run; None if there is none."""
    base: Run | None
    """The run that it was compared with; None if there is none."""
    cause: str
    """What happened, in one line; not yet made safe for any format."""


class Comparison(NamedTuple):
    """What differs between two sets of runs. A test can be in several lists."""

    new: tuple[Item, ...] = ()
    """Broken, and was not before, or was broken otherwise."""
    still: tuple[Item, ...] = ()
    """Broken as before."""
    fixed: tuple[Item, ...] = ()
    """Passed, and was broken before."""
    missing: tuple[Item, ...] = ()
    """Without a result, and had one before."""
    added: tuple[Item, ...] = ()
    """With a result, and had none before."""
    slower: tuple[Item, ...] = ()
    """Passed twice, with a change for the worse."""
    faster: tuple[Item, ...] = ()
    """Passed twice, with a change for the better."""
    unfinished: tuple[Item, ...] = ()
    """Still under way, without a result so far."""
    pairs: tuple[Pair, ...] = ()
    """All that was compared, in the order of their names."""

    @property
    def lists(self) -> dict[str, tuple[Item, ...]]:
        """Name -> the list of that name; the important ones first."""
        return {name: getattr(self, name) for name in MEANINGS}

    @property
    def has_base(self) -> bool:
        """Whether there is anything to compare with."""
        return any(pair.base is not None for pair in self.pairs)

    @property
    def told(self) -> dict[str, tuple[Item, ...]]:
        """The same lists for people, without what they need not read twice.

        A test that is added and broken is told as new; where there is nothing to compare with,
        everything is added.
        """
        new = {item.run.path for item in self.new if item.run is not None}
        added = self.added if self.has_base else ()
        told = [item for item in added if item.run is not None and item.run.path not in new]
        return {**self.lists, "added": tuple(told)}

    @property
    def has_changed(self) -> bool:
        """Whether anything differs: what is still broken, or under way, does not."""
        return any(items for name, items in self.lists.items() if name != "still")

    @property
    def repeated(self) -> list[Pair]:
        """The names with several results in a set, of which the last one counts."""
        return [pair for pair in self.pairs if pair.is_repeated]


MEANINGS: Mapping[str, str] = {
    "new": "new failures",
    "still": "still failing",
    "fixed": "fixed",
    "missing": "missing",
    "added": "added",
    "slower": "slower",
    "faster": "faster",
}
"""Name of a list in a comparison -> its title."""

Differ: TypeAlias = Callable[[Pair], Sequence[Difference]]
"""Returns what has changed between two runs that have passed."""


def identity(run: Run) -> Name:
    """Return what a run is a run of: a run without a name is the only one of its test."""
    return name_of(run) or Name(run.root, run.path.removeprefix(run.root).strip("/") or run.id)


def side_by_side(runs: Iterable[Run], base: Iterable[Run]) -> list[Pair]:
    """Return the pairs of two sets of runs below the same roots."""
    return _paired(_by_name(runs), _by_name(base))


def side_by_side_trees(runs: Sequence[Run], base: Sequence[Run]) -> list[Pair]:
    """Return the pairs of two sets of runs of different trees.

    The roots do not count, and the systems only if some system is in both.
    """
    mine, others = (_by_name(one) for one in (runs, base))
    systems = {name.system for name in mine} & {name.system for name in others} - {""}

    def key(name: Name) -> Name:
        return Name("", name.name, name.system if systems else "")

    return _paired(_renamed(mine, key), _renamed(others, key))


def with_one_before(runs: Sequence[Run], known: Sequence[Run]) -> list[Pair]:
    """Return the last result of each name with the one before.

    Args:
        runs: The runs whose last result counts; some or all of `known`.
        known: All runs, and those that were cleaned away; the one before may be any of these.
    """
    by_name = _by_name(known)
    chosen = by_name if len(runs) == len(known) else _by_name(runs)
    pairs = []
    for pair in _paired(chosen, {}):
        last = pair.run or pair.idle
        same = by_name.get(pair.name, [])
        end = 0 if last is None else bisect_left(same, chronological(last), key=chronological)
        pairs.append(pair._replace(base=_last_result(same[:end]), runs=min(1, pair.runs)))
    return pairs


def _by_name(runs: Iterable[Run]) -> dict[Name, list[Run]]:
    """Return name -> its runs, series left out, in the order of their starts."""
    found: dict[Name, list[Run]] = {}
    for run in runs:
        if not run.is_series:
            found.setdefault(identity(run), []).append(run)
    for same in found.values():
        if len(same) > 1:
            same.sort(key=chronological)
    return found


def _renamed(runs: Mapping[Name, list[Run]], key: Callable[[Name], Name]) -> dict[Name, list[Run]]:
    found: dict[Name, list[Run]] = {}
    for name, same in runs.items():
        found.setdefault(key(name), []).extend(same)
    for same in found.values():
        same.sort(key=chronological)
    return found


def _last_result(runs: Sequence[Run]) -> Run | None:
    return next((run for run in reversed(runs) if outcome(run) is not None), None)


def _paired(runs: Mapping[Name, list[Run]], base: Mapping[Name, list[Run]]) -> list[Pair]:
    pairs = []
    for name in sorted(
        runs.keys() | base.keys(), key=lambda name: (natural(name.name), name.root, name.system)
    ):
        mine, others = runs.get(name, []), base.get(name, [])
        run = _last_result(mine)
        pairs.append(
            Pair(
                name,
                run,
                _last_result(others),
                mine[-1] if mine and run is None else None,
                sum(outcome(one) is not None for one in mine),
                sum(outcome(one) is not None for one in others),
            )
        )
    return pairs


def compare(pairs: Iterable[Pair], differ: Differ = lambda _pair: ()) -> Comparison:
    """Sort pairs of runs into what is new, still broken, fixed, missing, added, slower, faster.

    Args:
        pairs: The pairs.
        differ: Returns what has changed between two runs that have passed.
    """
    pairs = tuple(pairs)
    lists: dict[str, list[Item]] = {}
    for pair in pairs:
        for name, cause in _verdicts(pair, differ):
            item = Item(pair.name.name, pair.run or pair.idle, pair.base, cause)
            lists.setdefault(name, []).append(item)
    return Comparison(pairs=pairs, **{name: tuple(items) for name, items in lists.items()})


def _verdicts(pair: Pair, differ: Differ) -> Iterator[tuple[str, str]]:
    """Yield the name of each list that a pair belongs to, and the cause."""
    run, base, idle = pair.run, pair.base, pair.idle
    if run is None:
        if idle is not None and not idle.has_ended and idle.error is None:
            yield "unfinished", in_one_line(idle.current.state, idle.headline)
        elif base is not None:
            cause = "no run" if idle is None else in_one_line(idle.current.state, idle.headline)
            yield "missing", cause
        return
    if base is None:
        yield "added", "no result before"
    if outcome(run) is not Category.PASSED:
        is_still = base is not None and fail_alike(run, base)
        yield "still" if is_still else "new", _failure_of(run, None if is_still else base)
    elif base is not None and outcome(base) is not Category.PASSED:
        yield "fixed", failure_of(base)
    elif pair.has_passed_twice:
        found = differ(pair)
        for name, is_slower in (("slower", True), ("faster", False)):
            said = [str(change) for change in found if change.is_slower is is_slower]
            if said:
                yield name, "; ".join(said)


def _failure_of(run: Run, base: Run | None) -> str:
    """Return how a run failed, and how it failed before, if it did."""
    if base is None or outcome(base) is Category.PASSED:
        return failure_of(run)
    return f"{failure_of(run)} (before: {failure_of(base)})"


def failure_of(run: Run) -> str:
    """Return in one line the status that explains the failure of a run."""
    if run.problem is None or run.contradiction is not None:
        return run.headline
    return in_one_line(run.problem.state, run.problem.note)


def in_one_line(state: str, note: str) -> str:
    """Return a state and the beginning of a note, its lines joined."""
    words = shorten(" ".join(note.split()), _MAX_NOTE)
    return f"{state}: {words}" if words else state
