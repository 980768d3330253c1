"""The past of a test on the screen: the column, the filter, the groups, and a run's header."""

from __future__ import annotations

import pytest

from statustui.core.run import Run, RunMetadata
from statustui.monitor.batch import Batch
from statustui.monitor.former_runs import FormerRuns
from statustui.monitor.pasts import with_pasts
from statustui.settings.config import Config
from tests.runs import make
from tests.tui.stand_in import NOW, ROOT, StandIn, make_app, settle
from tests.tui.test_app import ids, line_of, screen_lines, shown
from tests.tui.test_run import wait_for

DAY = 86_400.0
TESTS = {"ok": "PPP", "broke": "PPF", "still": "PFF", "fixed": "FFP", "run": "PFR"}
ENDS = {"P": "COMPLETE result: PASS", "F": "RUN_FAILED exit 1", "R": "RUNNING x"}


def night(name: str, results: str, number: int) -> Run:
    """The run of a test in a night; its id is the number of the test and that of the night."""
    id_ = f"{1 + list(TESTS).index(name)}{number}"
    start = NOW - DAY * (len(results) - number) + DAY / 2 - 60
    run = make(f"{ROOT}/test_runs/{id_}", "BUILDING x", ENDS[results[number]], start=start)
    return run._replace(root=ROOT, metadata=RunMetadata(name))


def nights() -> list[Run]:
    """Runs of several tests in three nights."""
    return with_pasts(
        [night(name, results, n) for name, results in TESTS.items() for n in range(len(results))]
    )


def send(source: StandIn, *runs: Run, removed: tuple[str, ...] = ()) -> None:
    """Deliver runs, with what a complete first scan says of the root."""
    source.lines.update((run.path, [f"{run.started} {run.current.state} x\n"]) for run in runs)
    source.deliver_health(swept=True, found=15, read=15)
    source.send(Batch(runs, removed))


async def test_the_column_shows_the_last_results_and_sorts_and_filters_go_by_them() -> None:
    """The newest is at the right; what broke comes first."""
    app, source = make_app(config=Config(columns=("age", "id", "name", "past"), sort="past"))
    async with app.run_test(size=(80, 24)) as pilot:
        send(source, *nights())
        await settle(pilot)
        assert ids(app)[:4] == ["22", "51", "32", "42"]
        assert "PAST↓" in screen_lines(app)[2]
        assert line_of(app, "22").split()[-1] == "✓✓✗"
        assert line_of(app, "52").split()[-1] == "✓✗"
        await pilot.press("slash", *"broke|fixed", "enter")
        await settle(pilot)
        assert ids(app) == ["22", "51", "42"]
        fixed = night("broke", "PPFP", 3)._replace(started=NOW - 60)
        send(source, *with_pasts([*nights(), fixed]))
        await settle(pilot)
        assert ids(app) == ["51", "23", "42"]
        await pilot.press("slash", "ctrl+u", *"broke|still", "enter", "t")
        await settle(pilot)
        [group] = [line for line in screen_lines(app) if "exit" in line]
        assert group.split()[-2:] == ["36h", "2"]


async def test_the_header_of_a_run_tells_the_past_of_its_test() -> None:
    """Also what came later; a click or a key opens another result."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        send(source, *nights())
        await settle(pilot)
        await pilot.press("slash", *"id=32", "enter", "enter")
        await wait_for(pilot, "past: failing since 36h ago (31), last passed 2d ago (30)")
        assert "✓ 30  ✗ 31  ✗ 32" in shown(app)
        y = next(n for n, line in enumerate(screen_lines(app)) if "✓ 30" in line)
        x = screen_lines(app)[y].index("✓ 30")
        await pilot.click(offset=(x + 2, y))
        await wait_for(pilot, "PASSED  30  still")
        assert "past: failing since" in shown(app)
        await pilot.press("greater_than_sign")
        await wait_for(pilot, "FAILED  31  still")
        await pilot.press("greater_than_sign", "greater_than_sign")
        await wait_for(pilot, "no later result of this")
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        await wait_for(pilot, "no earlier result of")
        send(source, night("still", "PFFP", 3)._replace(started=NOW - 60, updated_at=NOW - 60))
        await wait_for(pilot, "past: fixed 1m ago (33)")
        send(source, removed=tuple(f"{ROOT}/test_runs/3{n}" for n in (1, 2, 3)))
        await settle(pilot)
        assert "past:" not in shown(app)
        await pilot.press("q")
        await settle(pilot)
        assert "id=32" in shown(app)


async def test_a_run_that_was_cleaned_away_is_named_but_cannot_be_opened() -> None:
    """Its id is in parentheses; a click and a key say why nothing opens, and so does `=`."""
    app, source = make_app()
    former = FormerRuns(list)
    former.replace(night("still", "PFF", 0), None)
    runs = [run for run in nights() if run.id != "30"]
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        send(source, *with_pasts([run._replace(past=None) for run in runs], former=former))
        await settle(pilot)
        await pilot.press("slash", *"id=32", "enter", "enter")
        await wait_for(pilot, "failing since 36h ago (31), last passed 2d ago (30, cleaned away)")
        assert "✓ (30)  ✗ 31  ✗ 32" in shown(app)
        y = next(n for n, line in enumerate(screen_lines(app)) if "✓ (30)" in line)
        await pilot.click(offset=(screen_lines(app)[y].index("✓ (30)") + 3, y))
        await wait_for(pilot, "30 was cleaned away: nothing")
        await pilot.press("less_than_sign")
        await wait_for(pilot, "FAILED  31  still")
        await pilot.press("less_than_sign")
        await settle(pilot)
        assert "FAILED  31  still" in shown(app)
        await pilot.press("equals_sign")
        await wait_for(pilot, "The last pass of still (30) was cleaned away")


@pytest.mark.slow
async def test_more_results_than_fit_get_a_line_of_their_own() -> None:
    """At most ten, with the run on show; ellipses stand for the others."""
    app, source = make_app()
    results = "PF" * 15
    many = [
        make(f"{ROOT}/test_runs/{100 + n}", ENDS[result], start=NOW - 1000 + n)
        for n, result in enumerate(results)
    ]
    async with app.run_test(size=(80, 24)) as pilot:
        send(source, *(run._replace(root=ROOT) for run in many))
        await settle(pilot)
        await pilot.press("slash", *"id=129", "enter", "enter")
        await wait_for(pilot, "past: flaky, failing since")
        line = next(line for line in screen_lines(app) if "✗ 129" in line)
        assert line.split() == ["…", *f"{line.split('…')[1]}".split()]
        assert line.count("✓") + line.count("✗") == 10
        await pilot.press(*["less_than_sign"] * 20)
        await wait_for(pilot, "FAILED  109")
        line = next(line for line in screen_lines(app) if "✗ 109" in line and "…" in line)
        assert line.split()[:3] == ["…", "✗", "109"]
        assert line.split()[-1] == "…"
