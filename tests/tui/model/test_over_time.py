"""Runs on an axis of time, against naive recomputations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.run import Run, Stall
from statustui.core.timeline import StateTimeline
from statustui.monitor.run.histories import RunTimeline
from statustui.tui.model import bar_order, over_time, run_order
from statustui.tui.model.bar_order import ORDERS
from statustui.tui.model.bars import Phase, lay_out, life_of, ran, span_of, stamp_of
from statustui.tui.model.load_curve import LoadCurve, draw_curve
from statustui.tui.model.over_time import OverTime
from statustui.tui.model.time_axis import MIN_SECONDS, TimeAxis
from tests.runs import make

STATES = ("SCHEDULED", "BUILDING", "RUNNING", "COMPLETE result: FAIL", "CANCELLED")
PHASES = {
    "SCHEDULED": Phase.WAITING,
    "BUILDING": Phase.BUILDING,
    "RUNNING": Phase.RUNNING,
    "BUILD_FAILED": Phase.OVER,
}
TIMES = st.integers(0, 400).map(float)
AXES = st.builds(
    lambda begin, span, cells: TimeAxis(begin, begin + span, cells),
    TIMES,
    st.floats(0.5, 300),
    st.integers(1, 50),
)


def make_run(number: int, states: list[str], start: float, name: str = "a.b") -> Run:
    """Return a run whose statuses are a second apart."""
    run = make(f"r/{number}", *(f"{state} x" for state in states), name=name, start=start)
    return run if states else run._replace(started=None)


RUNS = st.builds(
    make_run,
    st.integers(0, 25),
    st.lists(st.sampled_from(STATES), max_size=4),
    TIMES,
    st.sampled_from(["b.x", "a.x", "a.10", "a.9"]),
)


@pytest.fixture(autouse=True, scope="module")
def few_at_once() -> Iterator[None]:
    """Let a few changes, and a few runs, be very many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(over_time, "_MAX_SINGLE", 12)
        # Also on a loaded machine: only where a test wants it, the arranging is left half done.
        patch.setattr(over_time, "_MAX_SECONDS", 600.0)
        patch.setattr(run_order, "_CHUNK", 2)
        patch.setattr(run_order, "SLICE", 3)
        patch.setattr(run_order, "MAX_AT_ONCE", 4)
        patch.setattr(run_order, "_SAMPLE_STEP", 2)
        yield


@given(RUNS, AXES, TIMES, st.booleans())
def test_a_bar_lies_on_its_axis_where_its_run_was_under_way(
    run: Run,
    axis: TimeAxis,
    now: float,
    knows: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Clipped at both ends; each cell has the phase in its middle, the last the end."""
    timeline = StateTimeline(
        tuple(range(400)), tuple(list(PHASES)[index % 4] for index in range(400))
    )
    life = life_of(stamp_of(run), timeline) if knows else None
    bar = lay_out(run, life, axis, now)
    span = span_of(run)
    if span is None:
        assert bar.phases == ()
        return
    start, end = span[0], max(now, span[0]) if span[1] is None else span[1]
    assert (span[1] is None) is run.category.is_under_way
    if bar.off:
        assert bar.phases == ()
        assert end < axis.begin if bar.off < 0 else start >= axis.end - axis.scale * 1e-6
        return
    stop = bar.first + len(bar.phases)
    assert 0 <= bar.first < stop <= axis.cells
    assert bar.first in {0, axis.cell_at(start)}
    assert bar.has_end is (axis.cell_at(end) < axis.cells)
    assert stop - 1 == (axis.cell_at(end) if bar.has_end else axis.cells - 1)
    for cell, phase in enumerate(bar.phases, bar.first):
        middle = min(max(axis.begin + (cell + 0.5) * axis.scale, start), end)
        state = timeline.state_at(middle)
        assert phase is (PHASES[state] if knows else Phase.UNREAD)


@given(TIMES, TIMES, st.integers(1, 300), TIMES)
def test_an_axis_holds_what_it_is_fitted_to_and_moves_as_it_is_told(
    begin: float, length: float, cells: int, around: float
) -> None:
    """Its ends are round times; the middle of a cell is in that cell; marks are in order."""
    axis = TimeAxis.fitted(begin, begin + length, cells)
    assert axis.begin <= begin <= begin + length < axis.end
    assert axis.end - axis.begin >= MIN_SECONDS
    assert axis.end - axis.begin <= max(MIN_SECONDS, length) * 1.5
    assert all(axis.cell_at(axis.middle_of(cell)) == cell for cell in range(-2, cells + 2))
    closer = axis.zoomed(0.5, around)
    assert closer.end - closer.begin >= MIN_SECONDS * 0.999
    place = (around - axis.begin) / (axis.end - axis.begin)
    assert (around - closer.begin) / (closer.end - closer.begin) == pytest.approx(place, abs=1e-6)
    later = axis.shifted(0.25)
    assert later.begin > axis.begin
    assert later.end - later.begin == pytest.approx(axis.end - axis.begin)
    marks = list(axis.ticks(is_utc=True))
    ends = [mark.cell + len(mark.label) for mark in marks]
    assert all(end < after.cell for end, after in zip(ends, marks[1:], strict=False))
    assert all(mark.cell >= 0 and end <= cells for mark, end in zip(marks, ends, strict=True))


def test_marks_are_labelled_as_exactly_as_their_distance_asks() -> None:
    """Seconds, minutes, days, years; an axis that no calendar has is bare."""
    noon = 1_795_435_200.0
    for length, labels in (
        (30, ["12:00:00", "12:00:10", "12:00:20"]),
        (3600, ["12:00", "12:30"]),
        (4 * 86400, ["11-25"]),
        (4000 * 86400, ["2029-12", "2033-12"]),
    ):
        axis = TimeAxis(noon, noon + length, 31)
        assert [mark.label for mark in axis.ticks(is_utc=True)][:3] == labels, length
    assert list(TimeAxis(1e15, 1e15 + 10, 80).ticks()) == []


SPANS = st.lists(st.tuples(TIMES, TIMES | st.none()), max_size=20).map(
    lambda pairs: [(start, None if end is None else start + end) for start, end in pairs]
)


@given(SPANS, SPANS, AXES, TIMES)
def test_the_curve_counts_what_goes_on_at_a_time(
    before: list[tuple[float, float | None]],
    after: list[tuple[float, float | None]],
    axis: TimeAxis,
    now: float,
) -> None:
    """Also after spans have been replaced, added and removed; up to now and no further."""
    curve = LoadCurve(
        [start for start, _end in before], [end for _, end in before if end is not None]
    )
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        curve.replace(old, after[index] if index < len(after) else None)
    counts = curve.along(axis, now)
    assert len(counts) == max(0, min(axis.cells, axis.cell_at(now) + 1))
    for cell, count in enumerate(counts):
        time = min(axis.middle_of(cell), now)
        assert count == sum(start <= time and (end is None or time < end) for start, end in after)


def test_the_curve_is_drawn_with_blocks() -> None:
    """The most is as high as there are lines; one is never nothing."""
    assert draw_curve([0, 1, 8, 16], 2) == ["   █", " ▁██"]
    assert draw_curve([0, 1, 1000], 1) == [" ▁█"]
    assert draw_curve([], 2) == ["", ""]
    assert draw_curve([0, 0], 1) == ["  "]


@given(
    st.lists(RUNS, max_size=40),
    st.lists(st.lists(RUNS, max_size=16), max_size=3),
    st.sampled_from(sorted(ORDERS)),
    st.integers(1, 12),
    st.integers(0, 30),
)
def test_runs_are_in_order_and_the_selection_in_view_whatever_changes(
    runs: list[Run], batches: list[list[Run]], order: str, height: int, chosen: int
) -> None:
    """Those without a time are counted; the selected run stays selected while it is there."""
    model = OverTime()
    while model.order != order:
        model.cycle_order()
    model.resize(height, 30)
    known = {run.path: run for run in runs}
    model.set_runs(known.values())
    model.select(chosen)
    for batch in batches:
        selected = model.selected
        # Every third run of a batch is gone.
        gone = [run.path for run in batch[::3]]
        changed = [run for run in batch if run.path not in gone]
        known.update({run.path: run for run in changed})
        for path in gone:
            known.pop(path, None)
        model.change({run.path: run for run in changed}.values(), [run.path for run in batch])
        still = None if selected is None else known.get(selected.path)
        if still is not None and still.started is not None:
            assert model.selected is still
    timed = [run for run in known.values() if run.started is not None]
    expected = sorted(timed, key=ORDERS[order])
    assert len(model) == len(timed)
    assert model.untimed == len(known) - len(timed)
    assert model.in_view == expected[model.top : model.top + height]
    assert len(model.in_view) == min(height, len(expected))
    assert model.selected in expected if expected else model.selected is None
    if model.selected is not None:
        assert model.selected in model.in_view
    now = 500.0
    axis = model.axis(now)
    load = model.load(axis, now)
    for cell, count in enumerate(load.counts):
        time = min(axis.middle_of(cell), now)
        spans = [span for run in timed if (span := span_of(run)) is not None]
        assert count == sum(start <= time and (end is None or time < end) for start, end in spans)
    assert not any(model.bar(run, axis, now).off for run in model.in_view)


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_many_runs_are_arranged_in_slices_and_shown_when_that_is_done(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then all is as it was; a change waits for the end, and a new set begins anew."""
    monkeypatch.setattr(bar_order, "SLICE", 3)
    runs = [make_run(n, ["RUNNING"], float(n * 7 % 5), name=f"n{n % 4}") for n in range(20)]
    runs += [make_run(30 + n, [], 0.0) for n in range(4)]
    model = OverTime()
    model.set_runs(runs[:2])
    while model.order != order:
        model.cycle_order()
    model.prefer("r/7")
    shown = model.in_view
    monkeypatch.setattr(over_time, "_MAX_SECONDS", 0.0)
    model.set_runs(runs)
    steps = 0
    while model.is_arranging:
        assert model.in_view == shown
        model.continue_arranging()
        steps += 1
    assert steps > 10
    model.resize(100, 30)
    assert model.in_view == sorted(runs[:20], key=ORDERS[order])
    assert (len(model), model.untimed) == (20, 4)
    assert model.selected is runs[7]
    model.set_runs(runs[:10])
    model.change([runs[12]], [runs[3].path])
    kept = [run for run in [*runs[:10], runs[12]] if run is not runs[3]]
    assert model.in_view == sorted(kept, key=ORDERS[order])


def test_a_start_in_the_far_future_does_not_stretch_the_axis() -> None:
    """Its bar is later than what is shown; alone, it is shown."""
    model, now = OverTime(), 5000.0
    model.resize(5, 30)
    far = make_run(9, ["RUNNING", "CANCELLED"], 4e9)
    model.set_runs([make_run(1, ["RUNNING", "CANCELLED"], 4000.0), far])
    axis = model.axis(now)
    assert axis.end < 6000.0
    assert [model.bar(run, axis, now).off for run in model.in_view] == [0, 1]
    model.set_runs([far])
    assert not model.bar(far, model.axis(now), now).off


def test_moving_scrolls_by_half_a_page_and_ends_at_the_ends() -> None:
    """Scrolling one line costs as much output as a whole page."""
    model = OverTime()
    model.resize(10, 30)
    model.set_runs([make_run(number, ["RUNNING"], float(number)) for number in range(25)])
    model.select_run(None)
    assert (model.top, model.selected.id if model.selected else "") == (15, "24")
    model.select_run("r/3")
    assert model.top == 0
    model.move(7)
    assert model.top == 6
    model.page(-9.0)
    assert model.top == 0
    model.resize(40, 30)
    assert len(model.in_view) == 25
    model.select_run("r/no")
    assert model.selected is not None
    assert model.selected.id == "24"


def test_zooming_and_scrolling_move_the_axis_until_it_is_fitted_again() -> None:
    """Around the selected bar, if it is in view."""
    model = OverTime()
    model.resize(10, 100)
    model.set_runs([make_run(1, ["RUNNING"], 0.0), make_run(2, ["RUNNING", "CANCELLED"], 960.0)])
    model.select_run("r/2")
    now = 1000.0
    fitted = model.axis(now)
    model.zoom(1, now)
    assert not model.is_fitted
    axis = model.axis(now)
    assert axis.end - axis.begin == pytest.approx((fitted.end - fitted.begin) / 2)
    assert axis.begin < 960 < axis.end
    model.shift(-1, now)
    model.shift(-1, now)
    model.shift(-1, now)
    model.shift(-1, now)
    assert model.bar(model.in_view[1], model.axis(now), now).off == 1
    model.zoom(-1, now)
    model.fit()
    assert model.axis(now) == fitted
    silent = make_run(3, ["RUNNING"], 0.0)._replace(stall=Stall(950.0, "silent"))
    model.change([silent], [])
    later = now + 1e6
    model.change([], ["r/1"])
    assert model.axis(later) == fitted
    empty = OverTime()
    empty.zoom(1, now)
    empty.set_runs([])
    assert empty.axis(now).begin <= now


def test_the_phases_of_all_runs_tell_how_many_ran() -> None:
    """Of runs that are not all in view, or whose histories are not read, those under way count."""
    model = OverTime()
    model.resize(10, 10)
    one = make_run(1, ["SCHEDULED", "BUILDING", "RUNNING", "COMPLETE result: FAIL"], 0.0)
    other = make_run(2, ["SCHEDULED"], 0.0)
    model.set_runs([one, other])
    now = 9.9
    axis = TimeAxis(0, 10, 10)
    assert model.load(axis, now).counts[:5] == [2, 2, 2, 1, 1]
    assert model.without_life == [one, other]
    timeline = StateTimeline((0, 1, 2, 3), ("SCHEDULED", "BUILDING", "RUNNING", "COMPLETE"))
    model.add_lives(
        [RunTimeline(one, timeline), RunTimeline(other, StateTimeline((0,), ("SCHEDULED",)))]
    )
    assert model.without_life == []
    assert model.load(axis, now) == ([0, 0, 1, 0, 0, 0, 0, 0, 0, 0], True)
    assert list(ran(one, life_of(stamp_of(one), timeline))) == [(2, 3.0)]
    assert model.phase_spans(one, now) == {Phase.WAITING: 1, Phase.BUILDING: 1, Phase.RUNNING: 1}
    assert model.phase_spans(other, now) == {Phase.WAITING: now}
    again = make_run(2, ["SCHEDULED", "RUNNING"], 0.0)
    model.change([again], [])
    assert model.without_life == [again]
    assert not model.knows_nodes


def test_another_order_does_not_wait_for_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for the first one: with very many runs each takes a while."""
    monkeypatch.setattr(bar_order, "SLICE", 3)
    monkeypatch.setattr(over_time, "_MAX_SECONDS", 0.0)
    runs = [make_run(n, ["RUNNING"], float(n * 7 % 5), name=f"n{n % 4}") for n in range(20)]
    model = OverTime()
    model.set_runs(runs)
    for _ in range(len(ORDERS) + 1):
        model.cycle_order()
        assert (model.is_arranging, len(model)) == (True, 0)
    while model.is_arranging:
        model.continue_arranging()
    assert model.order == list(ORDERS)[1]
    model.resize(100, 30)
    assert model.in_view == sorted(runs, key=ORDERS[model.order])
