"""Runs that have stalled."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.core.durations import DEFAULT_STALE_AFTER, MAX_PEERS, StaleAfter
from statustui.core.run import Run, RunMetadata
from statustui.monitor.fs.prober import CallTarget, Prober, Result
from statustui.monitor.poll_policy import Settings
from statustui.monitor.stalls import Peers, Stalls, last_sign_of_life, mark_stalled
from tests.monitor.scanning import ScannerDriver, changed_runs
from tests.runs import make
from tests.trees import append, read_runs, write_run

START = 1_795_000_000.0
HOUR = 3600.0


def make_tree(root: Path) -> Path:
    """Create a running run, begun at `START`, and five that ran for two hours."""
    runs = root / "test_runs"
    for number in range(1, 6):
        done = write_run(runs / str(number), "RUNNING x", start=START - 9 * HOUR)
        append(done, "COMPLETE result: PASS", START - 7 * HOUR)
        (done / "attributes").write_text('{"name": "suite.long"}')
    running = write_run(runs / "9", "RUNNING x", start=START)
    (running / "attributes").write_text('{"name": "suite.long"}')
    return running


def stalled(root: Path, now: float, patience: StaleAfter = DEFAULT_STALE_AFTER) -> dict[str, Run]:
    """Return the stalled runs of a tree by id, as `list` finds them."""
    runs = read_runs(root, patience, now)
    return {run.id: run for run in runs if run.stall is not None}


def test_a_run_stalls_that_takes_three_times_as_long_as_others_of_its_name(tmp_path: Path) -> None:
    """Not before, however short the configured time is."""
    make_tree(tmp_path)
    assert not stalled(tmp_path, START + 5.9 * HOUR, StaleAfter(60))
    found = stalled(tmp_path, START + 6.1 * HOUR)["9"].stall
    assert found is not None
    assert found.since == START
    assert "5 runs of this name took 2h00m in RUNNING" in found.basis


def test_a_run_without_peers_of_its_name_is_compared_with_all(tmp_path: Path) -> None:
    """Without any peers, it stalls after the configured time."""
    running = make_tree(tmp_path)
    (running / "attributes").write_text('{"name": "suite.other"}')
    assert not stalled(tmp_path, START + 5.9 * HOUR)
    assert "5 runs here" in str(stalled(tmp_path, START + 6.1 * HOUR)["9"].stall)
    append(running, "RUN_USER phase 2", START + HOUR)
    assert not stalled(tmp_path, START + 1.4 * HOUR)
    assert "no run here" in str(stalled(tmp_path, START + 1.6 * HOUR)["9"].stall)


def test_a_run_with_a_very_large_status_file_is_no_peer(tmp_path: Path) -> None:
    """Reading it would take longer than the estimate is worth."""
    running = make_tree(tmp_path)
    assert not stalled(tmp_path, START + 5.9 * HOUR)
    for number in range(1, 6):
        large = running.parent / str(number)
        for _ in range(300):
            append(large, "INFO " + "x" * 1000, START - 7 * HOUR)
        append(large, "COMPLETE result: PASS", START - 7 * HOUR)
    found = stalled(tmp_path, START + 5.9 * HOUR)["9"].stall
    assert "no run here has left RUNNING yet" in str(found)


def test_a_run_is_not_compared_with_a_series(tmp_path: Path) -> None:
    """The statuses of a series mean something else."""
    write_run(tmp_path / "test_runs" / "9", "RUNNING x", start=START)
    series = write_run(tmp_path / "series" / "1", "RUNNING x", start=START - 9 * HOUR)
    append(series, "ALL_STARTED x", START - 7 * HOUR)
    assert "no run here" in str(stalled(tmp_path, START + HOUR)["9"].stall)


def test_a_log_that_grows_is_a_sign_of_life(tmp_path: Path) -> None:
    """In a working directory and in a plain tree; a link or a directory is not a log."""
    running = make_tree(tmp_path)
    log = running / "run.log"
    log.touch()
    os.utime(log, (START + 5 * HOUR, START + 5 * HOUR))
    assert not stalled(tmp_path, START + 6.1 * HOUR)
    log.unlink()
    log.symlink_to("/dev/null")
    assert "9" in stalled(tmp_path, START + 6.1 * HOUR)
    plain = write_run(tmp_path / "plain" / "a", "RUNNING x", start=START)
    (plain / "job.out").touch()
    os.utime(plain / "job.out", (START + 100, START + 100))
    [run] = read_runs(plain, DEFAULT_STALE_AFTER, START)
    assert last_sign_of_life(run, Prober(9.0)) == START + 100


class CountingProber(Prober):
    """Counts its calls."""

    calls = 0

    def call(self, work: Callable[[], Result], target: CallTarget | None = None) -> Result:
        """Call on this thread."""
        self.calls += target is not None
        return work()


def test_only_logs_that_may_be_elsewhere_are_asked_for_on_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a link, or on another filesystem; both are signs of life as any other."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    job = run / "job"
    job.mkdir()
    (job / "kickoff.log").touch()
    os.utime(job / "kickoff.log", (START + 100, START + 100))
    [known] = read_runs(tmp_path, DEFAULT_STALE_AFTER, START)
    prober = CountingProber(9.0)
    assert (last_sign_of_life(known, prober), prober.calls) == (START + 100, 0)
    lstat = os.lstat

    def elsewhere(path: str) -> os.stat_result:
        state = lstat(path)
        return (
            os.stat_result([*state[:2], state.st_dev + 1, *state[3:]])
            if path == str(job)
            else state
        )

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", elsewhere)
        assert (last_sign_of_life(known, prober), prober.calls) == (START + 100, 1)
    job.rename(tmp_path / "job")
    job.symlink_to(tmp_path / "job")
    assert (last_sign_of_life(known, prober), prober.calls) == (START + 100, 2)


def test_a_run_that_is_found_finished_stalls_as_it_does_when_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file says that it has finished, and nobody knows its state."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    run = write_run(tmp_path / "test_runs" / "1", "SOME_STRANGE x", start=START)
    (run / "RUN_COMPLETE").touch()
    driver = ScannerDriver(tmp_path, Settings(clock=lambda: START + 30 * HOUR))
    driver.sweep_all()
    found = list(changed_runs(driver.findings))[-1]
    assert found.is_finished
    assert found.stall is not None
    assert [found.stall] == [one.stall for one in stalled(tmp_path, START + 30 * HOUR).values()]


def test_a_stalled_run_is_checked_again(tmp_path: Path) -> None:
    """Its log may grow; a run that is removed or has changed is not checked again."""
    running = make_tree(tmp_path)
    now = [START + HOUR]
    stalls = Stalls(DEFAULT_STALE_AFTER, lambda: now[0])
    runs = {run.id: run for run in read_runs(tmp_path, StaleAfter(1e9))}
    for run in runs.values():
        stalls.add(run)
    by_path = {run.path: run for run in runs.values()}
    # It has taken longer than it must, and not longer than others.
    assert list(stalls.review_due(by_path.get)) == []
    now[0] = START + 7 * HOUR
    [marked] = stalls.review_due(by_path.get)
    assert marked.stall is not None
    by_path[marked.path] = marked
    assert list(stalls.review_due(by_path.get)) == []
    (running / "run.log").touch()
    os.utime(running / "run.log", (now[0], now[0]))
    now[0] += 600
    assert list(stalls.review_due(by_path.get)) == [marked._replace(stall=None)]
    by_path.clear()
    now[0] += 20 * HOUR
    assert list(stalls.review_due(by_path.get)) == []


def test_a_state_with_a_shorter_limit_is_checked_in_time(tmp_path: Path) -> None:
    """The time limit of the previous state no longer counts, and the run is reported once."""
    running = write_run(tmp_path / "one", "SCHEDULED x", start=START)
    now = [START]
    stalls = Stalls(StaleAfter(HOUR, {"SCHEDULED": 12 * HOUR}), lambda: now[0])

    def meet() -> dict[str, Run]:
        [run] = read_runs(tmp_path, StaleAfter(1e9))
        stalls.add(run)
        return {run.path: run}

    meet()
    append(running, "RUNNING y", START + HOUR)
    meet()
    # Of both times the earlier one counts, and the later one comes to nothing.
    now[0] = START + 20 * HOUR
    assert list(stalls.review_due(lambda _path: None)) == []
    now[0] = START + HOUR
    meet()
    append(running, "RUN_USER z", START + 1.5 * HOUR)
    known = meet()
    now[0] = START + 2.4 * HOUR
    assert list(stalls.review_due(known.get)) == []
    now[0] = START + 2.6 * HOUR
    [marked] = stalls.review_due(known.get)
    assert marked.stall is not None
    assert marked.stall.since == START + 1.5 * HOUR


def test_removed_runs_leave_nothing_in_memory(tmp_path: Path) -> None:
    """However many there were; the remaining runs are still checked in time."""
    kept = write_run(tmp_path / "kept", "RUNNING x", start=START)
    os.utime(kept / "status", (START, START))
    now = [START]
    stalls = Stalls(StaleAfter(HOUR), lambda: now[0])
    [run] = read_runs(tmp_path, StaleAfter(1e9))
    stalls.add(run)
    gone = [f"{tmp_path}/{number}" for number in range(5000)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for path in gone:
            other = run._replace(path=path)
            stalls.add(other)
            stalls.forget(other)
        kept_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept_bytes < 300_000
    now[0] = START + 2 * HOUR
    [marked] = stalls.review_due({run.path: run}.get)
    assert marked.path == run.path


@pytest.mark.parametrize("is_named", [True, False])
def test_a_run_is_compared_with_those_that_ended_last(*, is_named: bool, tmp_path: Path) -> None:
    """In whatever order they are found, and however often they have been read."""
    runs = tmp_path / "test_runs"
    for number in range(2 * MAX_PEERS):
        # Those that ended last took two minutes, the others an hour.
        end, took = START - 60 * number, 120 if number < MAX_PEERS else HOUR
        done = write_run(runs / str(number), "RUNNING x", start=end - took)
        append(done, "COMPLETE result: PASS", end)
    write_run(runs / "99", "RUNNING x", start=START)
    if is_named:
        for run in runs.iterdir():
            (run / "attributes").write_text('{"name": "suite.one"}')
    found = read_runs(tmp_path, StaleAfter(1e9))
    patience, now = StaleAfter(60.0), START + HOUR
    for rotation in range(0, len(found), 3):
        shuffled = [*found[rotation:], *found[:rotation]]
        order = [*shuffled, *shuffled[::2]]
        marked = mark_stalled(order if rotation % 2 else order[::-1], patience, now)
        [stall] = {run.stall for run in marked if run.id == "99"}
        assert stall is not None
        assert f"{MAX_PEERS} runs" in stall.basis
        assert "took 2m" in stall.basis


@pytest.mark.slow
def test_unused_names_leave_nothing_in_memory(tmp_path: Path) -> None:
    """Neither those of removed runs nor those of renamed runs."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING x", "COMPLETE result: PASS", start=START)
    write_run(tmp_path / "test_runs" / "2", "RUNNING x", start=START)
    done, running = read_runs(tmp_path, StaleAfter(1e9))
    stalls = Stalls(StaleAfter(HOUR), lambda: START)
    before = 0
    tracemalloc.start()
    try:
        for number in range(3000):
            if number == 1000:
                before = tracemalloc.get_traced_memory()[0]
            first, second = (
                done._replace(
                    path=f"{done.path}{number}",
                    metadata=RunMetadata(f"{number}{letter * 200}"),
                )
                for letter in "ab"
            )
            stalls.add(first)
            stalls.add(second, first)
            stalls.judge(running._replace(metadata=second.metadata), START + 9 * HOUR)
            stalls.judge(
                running._replace(metadata=RunMetadata(f"{number}{'c' * 200}")), START + 9 * HOUR
            )
            stalls.forget(second)
        kept_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept_bytes < 100_000


def test_the_peers_of_a_name_are_removed_with_its_last_run() -> None:
    """Runs are removed one at a time; removing one twice is a no-op."""
    peers = Peers()
    runs = [make(f"r/{number}", "COMPLETE x", name="suite.test") for number in range(3)]
    for run in runs:
        peers.add(run)
    before = len(peers._by_name)  # noqa: SLF001 - nothing of it shows
    for run in runs:
        peers.forget(run)
        peers.forget(run)
    assert (before, len(peers._by_name), len(peers._all)) == (1, 0, 0)  # noqa: SLF001 - as above
