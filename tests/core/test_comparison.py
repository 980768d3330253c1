"""Two sets of runs side by side: the lists, and which runs count."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.comparison import (
    MEANINGS,
    Comparison,
    Pair,
    compare,
    failure_of,
    identity,
    side_by_side,
    side_by_side_trees,
    with_one_before,
)
from statustui.core.measures import Difference
from statustui.core.past import Name, fail_alike, outcome
from statustui.core.run import Run
from tests.runs import make

LIVES = {
    "pass": "COMPLETE The test completed with result: PASS",
    "fail": "COMPLETE The test completed with result: FAIL",
    "time": "RUN_TIMEOUT silent for 30 seconds",
    "time2": "RUN_TIMEOUT silent for 60 seconds",
    "skip": "SKIPPED not here",
    "runs": "RUNNING on",
}


def one(number: int, name: str, life: str, start: float | None = None) -> Run:
    """A run of the test `name` that goes as `life` has it; by default ids tell the order."""
    begin = 1000.0 * number if start is None else start
    return make(f"r/test_runs/{number}", LIVES[life], name=name, start=begin)


def names(comparison: Comparison) -> dict[str, list[str]]:
    """The names of the tests in each list that has any."""
    return {
        name: [item.name for item in items] for name, items in comparison.lists.items() if items
    }


def test_each_test_is_in_the_lists_that_tell_what_became_of_it() -> None:
    """With its runs and the cause; another failure than before is new."""
    last = {"broke": "pass", "worse": "time", "same": "time", "well": "fail", "gone": "pass"}
    this = {"broke": "fail", "worse": "fail", "same": "time2", "well": "pass", "more": "pass"}
    base = [one(number, name, life) for number, (name, life) in enumerate(last.items())]
    runs = [one(10 + number, name, life) for number, (name, life) in enumerate(this.items())]
    found = compare(side_by_side(runs, base))
    assert names(found) == {
        "new": ["broke", "worse"],
        "still": ["same"],
        "fixed": ["well"],
        "missing": ["gone"],
        "added": ["more"],
    }
    assert found.has_changed
    new, worse = found.new
    assert (new.run, new.base) == (runs[0], base[0])
    assert new.cause == "COMPLETE: The test completed with result: FAIL"
    assert worse.cause == f"{new.cause} (before: RUN_TIMEOUT: silent for 30 seconds)"
    assert found.still[0].cause == "RUN_TIMEOUT: silent for 60 seconds"
    assert found.fixed[0].cause == new.cause
    assert (found.missing[0].run, found.missing[0].cause) == (None, "no run")
    assert (found.added[0].base, found.added[0].cause) == (None, "no result before")
    assert list(found.lists) == list(MEANINGS)


def test_a_test_that_is_added_and_broken_is_in_both_lists_and_told_once() -> None:
    """It had not been broken before."""
    runs, base = [one(2, "a", "fail"), one(3, "b", "pass")], [one(1, "c", "pass")]
    found = compare(side_by_side(runs, base))
    assert names(found) == {"new": ["a"], "missing": ["c"], "added": ["a", "b"]}
    assert [item.name for item in found.told["added"]] == ["b"]
    first = compare(side_by_side(runs, []))
    assert (first.has_base, first.told["added"]) == (False, ())


def test_what_is_under_way_is_neither_missing_nor_compared() -> None:
    """A run that was skipped is missing, with its own words as the cause."""
    base = [one(1, "a", "pass"), one(2, "b", "pass"), one(3, "c", "fail")]
    runs = [one(4, "a", "runs"), one(5, "b", "skip"), one(6, "c", "fail"), one(7, "c", "runs")]
    found = compare(side_by_side(runs, base))
    assert [item.name for item in found.unfinished] == ["a"]
    assert [(item.name, item.run, item.cause) for item in found.missing] == [
        ("b", runs[1], "SKIPPED: not here")
    ]
    assert [item.run for item in found.still] == [runs[2]]


def test_of_several_runs_the_last_result_counts_by_its_start() -> None:
    """Ids are used again: they only decide between runs of the same start."""
    runs = [one(1, "a", "pass", 9000), one(9, "a", "fail", 5000), one(3, "a", "runs", 9999)]
    found = compare(side_by_side(runs, [one(2, "a", "fail", 1), one(4, "a", "pass", 2)]))
    [pair] = found.pairs
    assert (pair.run, pair.base and pair.base.id) == (runs[0], "4")
    assert (pair.runs, pair.base_runs) == (2, 2)
    assert found.repeated == [pair]
    assert not found.has_changed


def test_by_default_each_last_result_is_compared_with_the_one_before() -> None:
    """That may be any run of the name, also one that the filter leaves out."""
    known = [one(1, "a", "pass"), one(2, "a", "runs"), one(3, "a", "fail"), one(4, "b", "fail")]
    assert names(compare(with_one_before(known, known))) == {
        "new": ["a", "b"],
        "added": ["b"],
    }
    [pair] = with_one_before(known[2:3], known)
    assert (pair.run, pair.base, pair.is_repeated) == (known[2], known[0], False)
    late = [*known, one(9, "a", "skip")]
    [item] = compare(with_one_before(late[-1:], late)).missing
    assert (item.run, item.base) == (late[-1], known[2])


def test_trees_are_compared_without_their_roots() -> None:
    """Runs without a name are each the only one of its test, and series are of none."""
    mine = one(1, "a", "fail")
    other = one(7, "a", "pass")._replace(root="elsewhere", path="elsewhere/test_runs/7")
    series = make("r/series/1", "COMPLETE", kind="series")
    found = compare(side_by_side_trees([mine, series], [other]))
    assert [(item.run, item.base) for item in found.new] == [(mine, other)]
    # A run without a system in both trees does not make the others differ.
    bare = (one(6, "bare", "pass"), one(7, "bare", "pass"))
    here, there = (
        run._replace(metadata=run.metadata._replace(system=system))
        for run, system in ((mine, "cts1"), (other, "ats2"))
    )
    found = compare(side_by_side_trees([here, bare[0]], [there, bare[1]]))
    assert names(found) == {"new": ["a"]}
    nameless = make("r/test_runs/5", LIVES["pass"], name="")
    assert identity(nameless) == Name("r", "test_runs/5")


def test_only_passes_are_slower_or_faster() -> None:
    """A test can be both."""
    change = [Difference("bw", 2, 1, is_slower=True), Difference("", 9, 3, is_slower=False)]
    asked: list[str] = []

    def differ(pair: Pair) -> list[Difference]:
        asked.append(pair.name.name)
        return change if pair.name.name == "a" else []

    lives = {"a": "pass", "b": "pass", "c": "fail"}
    base, runs = (
        [one(start + number, *life) for number, life in enumerate(lives.items())]
        for start in (0, 10)
    )
    found = compare(side_by_side(runs, base), differ)
    assert names(found) == {"still": ["c"], "slower": ["a"], "faster": ["a"]}
    assert found.slower[0].cause == "bw 1, before 2 (-50 %)"
    assert asked == ["a", "b"]


def test_a_cause_is_one_line_of_limited_length() -> None:
    """Of a note of several lines all are part of it."""
    run = make("r/test_runs/1", f"RUN_ERROR no\\nspace {'x' * 900}")
    cause = failure_of(run)
    assert cause.startswith("RUN_ERROR: no space xxx")
    assert len(cause) < 330
    contradicted = run._replace(status_result="PASS", results_file="FAIL")
    assert failure_of(contradicted) == "PASS, results.json says FAIL"


RUNS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(sorted(LIVES)), st.integers(0, 5)),
    max_size=12,
)


def naive(runs: list[Run], base: Callable[[Run | None, str], Run | None]) -> dict[str, list[str]]:
    """Name of each list -> its tests, by the words of the documentation."""
    lists: dict[str, list[str]] = {name: [] for name in MEANINGS}
    for name in "abc":
        mine = [run for run in runs if run.name == name]
        results = [run for run in mine if outcome(run)]
        last = max(results, key=order, default=None)
        former = base(last or max(mine, key=order, default=None), name)
        if last is None:
            is_idle = mine and not max(mine, key=order).has_ended
            if former is not None and not is_idle:
                lists["missing"].append(name)
            continue
        is_broken = outcome(last) is not Category.PASSED
        was_broken = former is not None and outcome(former) is not Category.PASSED
        if former is None:
            lists["added"].append(name)
        if is_broken:
            is_alike = former is not None and fail_alike(last, former)
            lists["still" if is_alike else "new"].append(name)
        elif was_broken:
            lists["fixed"].append(name)
    return {name: tests for name, tests in lists.items() if tests}


def order(run: Run) -> tuple[float, int]:
    """The key that tells which of two runs is the later one."""
    return run.started or 0.0, int(run.id)


@given(RUNS, RUNS)
def test_the_lists_are_those_of_a_naive_comparison(
    runs: list[tuple[str, str, int]], base: list[tuple[str, str, int]]
) -> None:
    """Of two sets, and of each name's last result with the one before."""
    mine = [one(number, *rest) for number, rest in enumerate(runs)]
    others = [one(100 + number, *rest) for number, rest in enumerate(base)]

    def last_of_base(_run: Run | None, name: str) -> Run | None:
        results = [run for run in others if run.name == name and outcome(run)]
        return max(results, key=order, default=None)

    assert names(compare(side_by_side(mine, others))) == naive(mine, last_of_base)

    def one_before(run: Run | None, name: str) -> Run | None:
        earlier = [one for one in mine if one.name == name and outcome(one)]
        if run is not None:
            earlier = [one for one in earlier if order(one) < order(run)]
        return max(earlier, key=order, default=None)

    assert names(compare(with_one_before(mine, mine))) == naive(mine, one_before)
