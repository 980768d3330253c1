"""The pasts of the runs of one tree: the last results of the test that each is a run of.

When runs change, only the newest runs of their tests are looked at again. Results of runs that are
no longer in the tree count as well, if `FormerRuns` keeps them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from statustui.core.cleaned_results import result_of
from statustui.core.past import Name, chronological, name_of, outcome, past_at, past_before
from statustui.core.recent_results import MAX_RESULTS, CleanedResult, Past
from statustui.core.run import Run
from statustui.monitor.former_runs import FormerRuns

_MAX_SINGLE = 8
"""Runs that are inserted one by one; more are sorted with the others."""


class _Test:
    """The runs of one test, in chronological order.

    The newest results, and the newest of the other runs, carry a past.
    """

    __slots__ = ("added", "cleaned", "has_lost_result", "others", "results", "told")

    def __init__(self) -> None:
        self.results: list[Run] = []
        self.others: list[Run] = []
        self.added: list[Run] = []
        """The runs that are not among these yet."""
        self.cleaned: Sequence[Run] = ()
        """Those of the results whose runs are no longer in the tree."""
        self.told: tuple[CleanedResult, ...] = ()
        """The same as a past holds them."""
        self.has_lost_result = False
        """Whether a result has been removed since the pasts were last found."""

    def discard(self, run: Run) -> None:
        """Remove a run, whatever it was before."""
        for runs in (self.results, self.others):
            place = _place_of(run, runs)
            if place < len(runs) and runs[place].path == run.path:
                del runs[place]
                self.has_lost_result |= runs is self.results
                return

    def set_cleaned(self, runs: Iterable[Run]) -> None:
        """Set the results whose runs are no longer in the tree."""
        before, self.cleaned = self.cleaned, sorted(runs, key=chronological)
        for run in before:
            if run not in self.cleaned:
                self.discard(run)
        self.added += [run for run in self.cleaned if run not in before]
        self.told = tuple(filter(None, map(result_of, self.cleaned)))

    def take_changes(self) -> Iterator[tuple[list[Run], int, Past | None]]:
        """Yield a list, an index in it and a past for each run whose past has changed."""
        added, self.added = self.added, []
        results: list[Run] = []
        others: list[Run] = []
        for run in added:
            (others if outcome(run) is None else results).append(run)
        last = self.results[-1] if self.results and not self.has_lost_result else None
        self.has_lost_result = False
        _insert(results, self.results)
        _insert(others, self.others)
        has_one_more = len(results) == 1 and self.results[-2:] == [last, *results]
        before = last.past if last is not None and has_one_more else None
        for runs in (self.results, self.others):
            # A run that has been added makes another one too old, or is too old itself.
            indexes = {_place_of(run, runs) for run in added if run.past is not None}
            indexes.update(range(max(0, len(runs) - MAX_RESULTS - len(added)), len(runs)))
            for index in sorted(indexes):
                past = self._past_of(runs, index, before)
                is_known = index < len(runs) and not runs[index].is_cleaned
                if is_known and runs[index].past != past:
                    yield runs, index, past

    def _past_of(self, runs: list[Run], index: int, before: Past | None) -> Past | None:
        if not len(runs) - MAX_RESULTS <= index < len(runs):
            return None
        if runs is self.results:
            past = past_at(runs, index, before if index + 1 == len(runs) else None)
        else:
            past = past_before(self.results, _place_of(runs[index], self.results))
        return past._replace(cleaned=self.told) if past is not None and self.told else past


def _place_of(run: Run, runs: Sequence[Run]) -> int:
    """Return the index at which a run is among others in chronological order, or would be."""
    return bisect_left(runs, chronological(run), key=chronological)


def _insert(added: Sequence[Run], runs: list[Run]) -> None:
    """Insert runs among others in chronological order."""
    if len(added) > _MAX_SINGLE:
        runs += added
        runs.sort(key=chronological)
        return
    for run in added:
        insort(runs, run, key=chronological)


class Pasts:
    """Finds the pasts of the runs of one tree.

    Args:
        former: Keeps the results of runs that are no longer in the tree; None to forget them.
        is_wanted: Whether anybody asks for them; if not, there are none.
    """

    def __init__(self, former: FormerRuns | None = None, *, is_wanted: bool = True) -> None:
        self._is_wanted = is_wanted
        self._former = former
        self._tests: dict[Name, _Test] = {}
        self._changed: dict[str, Run | None] = {}
        """Path of a run that has changed -> the run as it was at the last review, if it was."""
        self._new: list[str] = []
        """Paths of runs that were not there then, some perhaps twice; there may be very many."""

    def add(self, path: str, before: Run | None) -> None:
        """Note that a run is new, has changed or has gone.

        Args:
            path: Where it is.
            before: What it was, as it was judged by its job; None if it is new.
        """
        if self._is_wanted:
            self._changed.setdefault(path, before)

    def add_new(self, paths: Iterable[str]) -> None:
        """Note that the runs at these paths are new."""
        if self._is_wanted:
            changed = self._changed
            self._new += [path for path in paths if path not in changed]

    def review_changed(self, get: Callable[[str], Run | None]) -> Iterator[Run]:
        """Bring the pasts of the tests up to date whose runs have changed.

        Args:
            get: Returns the known run at a path, None if it no longer exists.

        Yields:
            The runs whose past has changed, with it.
        """
        changed: dict[str, Run | None] = dict.fromkeys(self._new)
        for path, before in self._changed.items():
            changed.setdefault(path, before)
        self._changed, self._new = {}, []
        tests = dict.fromkeys(self._review_former(changed, get))
        for path, before in changed.items():
            if before is not None and (name := _test_of(before)) in self._tests:
                self._tests[name].discard(before)
                tests[name] = None
            run = get(path)
            if run is not None and (name := _test_of(run)) is not None:
                test = self._tests.get(name)
                if test is None:
                    test = self._tests[name] = _Test()
                test.added.append(run)
                tests[name] = None
        for name in tests:
            test = self._tests[name]
            for runs, index, past in test.take_changes():
                # What the past does not depend on may have changed since.
                run = get(runs[index].path) or runs[index]
                runs[index] = run._replace(past=past)
                yield runs[index]
            if not (test.results or test.others):
                del self._tests[name]

    def _review_former(
        self, changed: Mapping[str, Run | None], get: Callable[[str], Run | None]
    ) -> Iterator[Name]:
        """Keep the results of runs that have gone; yield the tests of which others are kept now."""
        former = self._former
        if former is None:
            return
        has_any = bool(former)
        for path, before in changed.items():
            if before is not None or has_any:
                former.replace(before, get(path))
        for name in former.take_news():
            self._tests.setdefault(name, _Test()).set_cleaned(former.of(name))
            yield name


def _test_of(run: Run) -> Name | None:
    """Return what a run is a run of; in a plain tree each run has a name of its own."""
    return name_of(run) if run.kind == "test" else None


def keep_past(run: Run, before: Run | None) -> Run:
    """Return a run that has changed with the past of what it was `before`, until the next review.

    Another run at the same path, or one that has got another name, has none yet.
    """
    if before is None or before.past is run.past:
        return run
    is_same = (run.started, _test_of(run)) == (before.started, _test_of(before))
    return run._replace(past=before.past) if is_same else run


def with_pasts(
    runs: Sequence[Run],
    beat: Callable[[], object] = lambda: None,
    former: FormerRuns | None = None,
) -> list[Run]:
    """Return the runs of one tree with their pasts.

    Args:
        runs: The runs.
        beat: Called once for each run: with very many, this takes seconds.
        former: The results of runs that are no longer in the tree; None for none.
    """
    if former is not None:
        former.tell_again()
    pasts = Pasts(former)
    known = {run.path: run for run in runs}

    def get(path: str) -> Run | None:
        beat()
        return known.get(path)

    for path in known:
        pasts.add(path, None)
    known.update((run.path, run) for run in pasts.review_changed(get))
    return list(known.values())
