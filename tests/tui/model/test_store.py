"""The store against a naive model of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SERIES_GROUP, SORT_KEYS, natural, sort_key
from statustui.core.query import parse_query
from statustui.core.run import Run, RunMetadata, Stall
from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.tui.model import listing, run_order
from statustui.tui.model import store as store_module
from statustui.tui.model.groups import Group
from statustui.tui.model.listing import Row
from statustui.tui.model.store import PROBLEMS, RunStore
from statustui.tui.model.unread_problems import NewProblemDetector, UnreadProblems
from tests.runs import make


def a_run(number: int, state: str = "RUNNING", second: int = 1000) -> Run:
    """Run `number`, in `state` since `second`."""
    return make(f"r/{number}", f"{state} note", name=f"suite{number % 3}.test", start=second)


def listed_ids(store: RunStore) -> list[str]:
    """The ids of the runs in all rows."""
    return [row.id for row in store.rows(0, len(store)) if isinstance(row, Run)]


def a_series(number: int, state: str = "ALL_STARTED", second: int = 1000) -> Run:
    """Series `number`, with the path of the run of that number, in `state` since `second`."""
    return make(f"r/{number}", f"{state} note", name="nightly", kind="series", start=second)


pytestmark = pytest.mark.usefixtures("arranged_at_once")

STATES = ["RUNNING", "RUN_FAILED", "RUN_ERROR", "COMPLETE", "SCHEDULED"]
RUNS = st.builds(
    lambda build, *arguments: build(*arguments),
    st.sampled_from([a_run, a_run, a_series]),
    st.integers(0, 30),
    st.sampled_from(STATES),
    st.integers(1000, 1005),
)
BATCHES = st.builds(
    lambda updated, removed: Batch(tuple(updated), tuple(f"r/{n}" for n in removed)),
    st.lists(RUNS, max_size=12),
    st.sets(st.integers(0, 30), max_size=4),
)


@dataclass
class Model:
    """What a store is meant to hold, found out by looking at everything each time."""

    runs: dict[str, Run]
    sort: str = "category"
    reverse: bool = False
    grouping: str = "none"
    only: frozenset[Category] | None = None
    words: str = ""

    @property
    def listed(self) -> list[Run]:
        """The runs and series that are listed."""
        return [
            run
            for run in self.runs.values()
            if (self.only is None or run.category in self.only)
            and (not self.words or contains(self.words)(run))
        ]

    def rows(self, toggled: set[str]) -> list[Run | str]:
        """The runs in order, behind the name of their group if there are groups; then series."""
        shown = self.listed
        shown.sort(key=sort_key(self.sort), reverse=self.reverse)
        shown.sort(key=lambda run: run.is_series)
        if self.grouping == "none":
            return list(shown)
        grouping = GROUPINGS[self.grouping]

        def group_of(run: Run) -> str:
            return SERIES_GROUP if run.is_series else grouping.of(run)

        sizes = Counter(map(group_of, shown))
        rows: list[Run | str] = []
        names = sorted(sizes, key=natural)
        if grouping.has_biggest_first:
            names.sort(key=lambda name: -sizes[name])
        names.sort(key=lambda name: (name == SERIES_GROUP, not name))
        for name in names:
            rows.append(name)
            if (name in toggled) is grouping.starts_folded:
                rows += [run for run in shown if group_of(run) == name]
        return rows


def contains(words: str) -> Callable[[Run], bool]:
    """Whether a run matches a filter."""
    query = parse_query(words)
    return lambda run: query.matches(run, 0.0)


class StoreMachine(RuleBasedStateMachine):
    """Whatever is done to a store in whatever order, it holds what the model says."""

    @initialize()
    def begin(self) -> None:
        """Start without runs."""
        self.store = RunStore()
        self.model = Model({})
        self.toggled: set[str] = set()

    @rule(batch=BATCHES)
    def apply(self, batch: Batch) -> None:
        """Take in a batch; what was selected stays selected as long as it is listed."""
        store, before = self.store, self.store.selected
        store.apply(batch)
        for path in batch.removed:
            self.model.runs.pop(path, None)
        self.model.runs |= {run.path: run for run in batch.changed}
        listed = {row.path for row in self.model.rows(set()) if isinstance(row, Run)}
        if before in listed:
            assert store.selected == before

    @rule(sort=st.sampled_from(sorted(SORT_KEYS)), reverse=st.booleans())
    def sort_by(self, sort: str, reverse: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        """Take another order."""
        self.model.sort, self.model.reverse = sort, reverse
        self.store.sort_by(sort, reverse=reverse)

    @rule(only=st.sampled_from([None, PROBLEMS, frozenset({Category.RUNNING})]))
    def show_only(self, only: frozenset[Category] | None) -> None:
        """List some categories."""
        self.model.only = only
        self._list_subset()

    @rule(words=st.sampled_from(["", "1", "1 run", "suite2", "nothing"]))
    def filter_runs(self, words: str) -> None:
        """List what matches."""
        narrows = bool(self.model.words) and words.startswith(self.model.words)
        self.model.words = words
        self._list_subset(narrows=narrows)

    def _list_subset(self, *, narrows: bool = False) -> None:
        words = self.model.words
        matches = contains(words) if words else None
        self.store.list_subset(self.model.only, matches, narrows=narrows)

    @rule(grouping=st.sampled_from(sorted(GROUPINGS)))
    def group_by(self, grouping: str) -> None:
        """Take other groups, each folded as it is in the beginning."""
        self.model.grouping = grouping
        self.toggled = set()
        self.store.group_by(grouping)

    @rule(index=st.integers(0, 40))
    def select(self, index: int) -> None:
        """Select what is in a row."""
        self.store.select(index)
        assert self.store.cursor == max(0, min(index, len(self.store) - 1))

    @rule()
    def fold(self) -> None:
        """Fold the group whose header is selected, or unfold it."""
        row: Row | None = self.store.row(self.store.cursor) if len(self.store) else None
        if isinstance(row, Group):
            self.toggled ^= {row.name}
            self.store.toggle_fold(row)

    @rule()
    def mark(self) -> None:
        """Mark the selected run."""
        run = self.store.current
        if run is not None:
            was_marked = run.path in self.store.marked
            self.store.toggle_mark(run.path)
            assert (run.path in self.store.marked) is not was_marked

    @invariant()
    def is_as_the_model_says(self) -> None:
        """Rows, counts, marks and selection."""
        store = self.store
        rows = store.rows(0, len(store))
        expected = self.model.rows(self.toggled)
        assert [row if isinstance(row, Run) else row.name for row in rows] == expected
        runs = [run for run in self.model.runs.values() if not run.is_series]
        assert +store.counts == Counter(run.category for run in runs)
        assert +store.root_counts == Counter(run.root for run in self.model.runs.values())
        assert set(store.problems) == {run for run in runs if run.category.is_problem}
        assert (store.total, store.total_series) == (len(runs), len(self.model.runs) - len(runs))
        unfolded = self.model.listed
        assert store.listed == sum(not run.is_series for run in unfolded)
        assert store.listed_series == sum(run.is_series for run in unfolded)
        assert store.under_way == sum(
            run.category.is_under_way for run in unfolded if not run.is_series
        )
        assert store.campaign.under_way == sum(run.category.is_under_way for run in runs)
        for row in rows:
            if isinstance(row, Group):
                members = [run.category for run in row.order]
                assert +row.tally.counts == Counter(members)
        assert store.marked <= self.model.runs.keys()
        if rows:
            at_cursor = rows[store.cursor]
            assert store.current is (at_cursor if isinstance(at_cursor, Run) else None)
            if store.selected is not None and isinstance(at_cursor, Run):
                assert at_cursor.path == store.selected


TestStoreMachine = StoreMachine.TestCase


def test_a_series_is_no_news_and_counts_nowhere() -> None:
    """It does not call anybody, and is no problem that was not seen."""
    store = RunStore("id")
    detector = NewProblemDetector(0.0)
    store.apply(Batch((a_run(1), a_series(2), a_series(3, "ERROR"))))
    batch = Batch((a_run(1, "RUN_ERROR"), a_series(2, "ERROR")))
    found = detector.detect(batch, store.runs, unread=UnreadProblems(), scanned={"r"}, now=2.0)
    assert [run.path for run in found.new] == ["r/1"]
    store.apply(batch)
    assert [run.path for run in store.problems] == ["r/1"]
    assert not store.under_way
    store.apply(Batch(removed=("r/1",)))
    assert not +store.counts
    assert listed_ids(store) == ["2", "3"]


def test_series_come_last_in_every_order() -> None:
    """In reverse too; the cursor finds them there."""
    store = RunStore("id")
    store.apply(Batch((a_series(1), a_run(5), a_series(3), a_run(4), a_run(2))))
    assert listed_ids(store) == ["2", "4", "5", "1", "3"]
    store.select_run("r/1")
    assert store.cursor == 3
    store.sort_by("id", reverse=True)
    assert listed_ids(store) == ["5", "4", "2", "3", "1"]
    assert store.cursor == 4
    store.sort_by("time")
    assert [row.is_series for row in store.rows(0, 9) if isinstance(row, Run)] == [
        *[False] * 3,
        *[True] * 2,
    ]


def test_many_changes_at_once_sort_in_as_few_do() -> None:
    """The order does not depend on how the changes come."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(500))))
    store.apply(Batch(tuple(a_run(number, "COMPLETE") for number in range(0, 500, 2))))
    assert listed_ids(store) == [str(number) for number in range(500)]
    assert store.counts == {Category.RUNNING: 250, Category.PASSED: 250}


@pytest.mark.parametrize("grouping", ["none", "state"])
def test_a_run_that_changes_without_moving_is_listed_as_it_is_now(grouping: str) -> None:
    """Whether it has become a failure, a series, or something with another name."""
    store = RunStore("id")
    store.group_by(grouping)
    store.apply(Batch(tuple(a_run(number) for number in range(9))))
    now = [
        a_run(2, "RUN_FAILED"),
        a_run(4)._replace(metadata=RunMetadata("other")),
        a_series(6, "RUNNING")._replace(own_id="6"),
    ]
    store.apply(Batch(tuple(now)))
    rows = store.rows(0, len(store))
    assert sorted(row for row in rows if isinstance(row, Run)) == sorted(store.runs.values())
    assert rows[-1] is now[2]


def test_the_cursor_stays_near_when_the_selected_run_goes() -> None:
    """Not at the top, and not outside of the list."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(5))))
    store.select(3)
    store.apply(Batch(removed=("r/3",)))
    assert store.selected == "r/4"
    store.apply(Batch(removed=("r/4",)))
    assert store.selected == "r/2"
    store.apply(Batch(removed=("r/0", "r/1", "r/2")))
    assert len(store) == 0
    assert store.current is None


def test_selecting_beyond_the_ends_selects_the_ends() -> None:
    """So that keys need not know where the list ends."""
    store = RunStore("id")
    store.select(3)
    assert store.selected is None
    store.apply(Batch(tuple(a_run(number) for number in range(3))))
    store.select(99)
    assert store.cursor == 2
    store.select(-1)
    assert store.cursor == 0


@pytest.mark.parametrize(("start", "step", "row"), [(0, 1, 1), (1, 1, 3), (3, 1, 1), (1, -1, 3)])
def test_finding_goes_around_the_end(start: int, step: int, row: int) -> None:
    """In both directions."""
    store = RunStore("id")
    states = ["RUNNING", "RUN_FAILED", "RUNNING", "RUN_FAILED"]
    store.apply(Batch(tuple(a_run(number, state) for number, state in enumerate(states))))
    assert store.find(start, step, lambda run: run.category.is_problem) == row
    assert store.find(start, step, lambda run: run.id == "no") is None


def test_finding_goes_to_the_header_of_a_folded_group() -> None:
    """It stands for the runs that it hides; the runs of a group that is unfolded for themselves."""
    store = RunStore("id")
    store.apply(Batch((a_run(0), a_run(1, "RUN_ERROR"), a_run(2), a_run(4, "RUN_ERROR"))))
    store.group_by("suite")
    (second,) = [row for row in store.rows(0, 9) if isinstance(row, Group) and row.name == "suite1"]
    assert [store.find(0, step, lambda run: run.category.is_problem) for step in (1, -1)] == [3, 4]
    store.toggle_fold(second)
    assert [store.find(0, step, lambda run: run.category.is_problem) for step in (1, -1)] == [2, 2]


def test_failures_are_gathered_by_their_cause() -> None:
    """The biggest first, folded, and what has no problem at the end."""
    store = RunStore("id")
    store.apply(
        Batch(
            (
                make("r/1", "RUN_ERROR no space on /a"),
                *(make(f"r/{number}", f"RUN_FAILED exit {number}") for number in range(2, 5)),
                make("r/5", "RUNNING x"),
                make("r/6", "BUILD_FAILED error 2", "BUILD_CREATED x"),
                *(make(f"r/{number}", "COMPLETE result: PASS") for number in range(7, 15)),
            )
        )
    )
    store.group_by("failure")
    rows = store.rows(0, 99)
    assert [(row.name, len(row.order)) for row in rows if isinstance(row, Group)] == [
        ("RUN_FAILED: exit #", 3),
        ("BUILD_FAILED: error #", 1),
        ("RUN_ERROR: no space on <path>", 1),
        ("", 9),
    ]
    assert len(rows) == 4


def test_a_changed_run_counts_as_recently_changed_for_a_while() -> None:
    """What comes with the first reading is no news."""
    store = RunStore()
    store.apply(Batch((a_run(1), a_run(2))))
    assert not store.recently_changed
    store.apply(Batch((a_run(1), a_run(2, "RUN_ERROR"), a_run(3))), 10, {"r"})
    store.apply(Batch((a_run(1, "RUN_ERROR"),)), 12, {"r"})
    assert store.recently_changed == {"r/2": 10, "r/3": 10, "r/1": 12}
    store.drop_recent_changes(11)
    assert store.recently_changed == {"r/1": 12}


@given(st.lists(BATCHES, max_size=8), st.integers(1, 9))
def test_batches_that_melt_together_add_up_to_the_same(batches: list[Batch], most: int) -> None:
    """However many changes are taken out of the buffer at a time."""
    plain, melted, buffer = RunStore("id"), RunStore("id"), ChangeBuffer()
    for batch in batches:
        plain.apply(batch)
        buffer.add_batch(batch)
    while buffer:
        melted.apply(buffer.take(most))
    assert listed_ids(melted) == listed_ids(plain)
    assert melted.runs == plain.runs


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few runs take many slices, and let each call do one."""
    monkeypatch.setattr(store_module, "_MAX_SECONDS", 0.0)
    monkeypatch.setattr(run_order, "MAX_AT_ONCE", 10)
    monkeypatch.setattr(run_order, "SLICE", 10)
    monkeypatch.setattr(listing, "SLICE", 10)
    monkeypatch.setattr(listing, "_FIRST_SCREEN", 5)


@pytest.mark.usefixtures("small_slices")
def test_a_group_can_be_unfolded_while_the_list_is_arranged() -> None:
    """At any moment: it is as the user has left it when that is done."""
    for moment in range(1, 40):
        store = RunStore("id")
        store.apply(Batch(tuple(a_run(number, "RUN_ERROR") for number in range(50))))
        store.group_by("failure")
        store.continue_arranging(9.0)
        (failure,) = [row for row in store.rows(0, 9) if isinstance(row, Group)]
        assert (failure.is_folded, len(store)) == (True, 1)
        store.list_subset(None, lambda _run: True)
        for _ in range(moment):
            store.continue_arranging()
        (failure,) = [row for row in store.rows(0, 1) if isinstance(row, Group)]
        store.toggle_fold(failure)
        store.continue_arranging(9.0)
        assert len(store) == 51, moment


@pytest.mark.usefixtures("small_slices")
def test_what_takes_long_is_done_in_slices() -> None:
    """The list stays as it was meanwhile, and what is selected stays selected."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number, second=2000 - number) for number in range(50))))
    store.select(3)
    store.sort_by("time", reverse=True)
    was_arranging = store.is_arranging
    assert was_arranging
    assert listed_ids(store) == [str(number) for number in range(50)]
    store.continue_arranging(9.0)
    assert not store.is_arranging
    assert listed_ids(store) == [str(number) for number in reversed(range(50))]
    assert (store.selected, store.cursor) == ("r/3", 46)


@pytest.mark.usefixtures("small_slices")
def test_the_first_matches_are_listed_before_all_runs_are_filtered() -> None:
    """A change that comes meanwhile waits until the list is whole."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(50))))
    store.list_subset(None, lambda run: run.id != "3")
    assert store.is_arranging
    assert listed_ids(store) == [str(number) for number in range(10) if number != 3]
    store.apply(Batch((a_run(60),)))
    assert len(store) == 50
    assert listed_ids(store) == [str(number) for number in (*range(50), 60) if number != 3]


def test_once_the_first_matches_are_listed_the_rest_leaves_time_to_draw_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it takes long; before, and otherwise, more time is taken."""
    moments = iter(range(10_000))
    clock = SimpleNamespace(perf_counter=lambda: next(moments) / 100)
    monkeypatch.setattr(store_module, "time", clock)
    monkeypatch.setattr(store_module, "_MAX_SECONDS", 9.0)
    monkeypatch.setattr(listing, "SLICE", 10)
    monkeypatch.setattr(listing, "_FIRST_SCREEN", 5)
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(1000))))
    store.list_subset(None, lambda run: int(run.id) >= 300, is_slow=True)
    assert (store.is_arranging, store.has_first_rows) == (True, True)
    assert 10 <= len(store) < 100
    store.list_subset(None, lambda run: int(run.id) >= 300)
    assert (store.is_arranging, store.has_first_rows, len(store)) == (False, False, 700)


def test_of_very_many_runs_nothing_is_arranged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says that it is behind until it is as it was asked for, first rows or not."""
    monkeypatch.setattr(store_module, "MAX_AT_ONCE", 999)
    monkeypatch.setattr(listing, "SLICE", 10)
    monkeypatch.setattr(listing, "_FIRST_SCREEN", 5)
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(1000))))
    assert not store.is_behind
    store.list_subset(None, lambda run: int(run.id) >= 300)
    assert (store.is_behind, store.has_first_rows, len(store)) == (True, False, 1000)
    while not store.has_first_rows:
        store.continue_arranging(0.0)
    assert (store.is_behind, len(store)) == (True, 10)
    store.continue_arranging(9.0)
    assert (store.is_behind, len(store)) == (False, 700)
    store.apply(Batch(tuple(a_run(number) for number in range(2000, 4000))), may_defer=True)
    store.sort_new()
    assert (store.is_arranging, store.is_behind) == (True, False)
    store.sort_by("id", reverse=True)
    assert (store.is_arranging, store.is_behind) == (True, False)
    assert listed_ids(store)[0] == "999"
    store.continue_arranging(9.0)
    assert listed_ids(store)[0] == "3999"
    store.list_subset(None, lambda run: int(run.id) >= 300, is_asked=False)
    assert (store.is_arranging, store.is_behind) == (True, False)


@pytest.mark.usefixtures("small_slices")
def test_a_second_wish_replaces_the_first() -> None:
    """Though the first is not fulfilled; new runs are listed then too."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(150))), may_defer=True)
    had_unsorted = store.has_unsorted
    assert had_unsorted
    assert (len(store), store.total) == (0, 150)
    store.sort_by("time")
    store.group_by("suite")
    store.sort_by("id", reverse=True)
    store.continue_arranging(9.0)
    assert not store.has_unsorted
    names = [row.name for row in store.rows(0, len(store)) if isinstance(row, Group)]
    assert names == ["suite0", "suite1", "suite2"]
    assert listed_ids(store)[:2] == ["147", "144"]


def test_a_new_run_that_goes_or_changes_before_it_is_listed() -> None:
    """It is listed as it is then, or not at all."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(150))), may_defer=True)
    store.apply(Batch((a_run(1, "RUN_ERROR"), a_run(200)), ("r/2",)), may_defer=True)
    assert len(store) == 0
    store.sort_new()
    assert listed_ids(store)[:2] == ["0", "1"]
    assert listed_ids(store)[2:] == [*map(str, range(3, 150)), "200"]
    assert store.counts[Category.ERROR] == 1


def test_runs_of_a_first_scan_count_as_if_they_came_one_by_one() -> None:
    """Of every kind, those included that were removed with an unread problem and are back."""
    runs = [a_run(number, state) for number, state in enumerate(STATES * 30)]
    runs[3] = runs[3]._replace(kind="series")
    stalled = next(number for number, run in enumerate(runs) if run.category is Category.RUNNING)
    runs[stalled] = runs[stalled]._replace(stall=Stall(5.0, "no sign of life"))
    failed = [number for number, run in enumerate(runs) if run.category.is_problem]
    runs[failed[-1]] = runs[failed[-1]]._replace(is_muted=True)
    single, whole = RunStore("id"), RunStore("id")
    for store in (single, whole):
        store.unread_problems.add([runs[failed[0]].path, runs[failed[-1]].path, runs[0].path])
    for run in runs:
        single.apply(Batch((run,)))
    whole.apply(Batch(tuple(runs)), may_defer=True)
    assert whole.has_unsorted
    whole.sort_new()
    whole.continue_arranging(9.0)
    for store in (single, whole):
        assert (store.stalled, store.muted, store.total_series) == (1, 1, 1)
        assert set(store.unread_problems) == {runs[failed[0]].path}
    assert listed_ids(whole) == listed_ids(single)
    assert (whole.counts, whole.root_counts) == (single.counts, single.root_counts)
    assert list(whole.problems) == list(single.problems)
    assert whole.campaign.changes == single.campaign.changes == len(runs) - 1
    assert whole.campaign.under_way == single.campaign.under_way > 0
