"""`statustui wait`, while other processes write."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from statustui.cli.root_progress import RootProgress
from statustui.cli.wait_loop import Outcome, wait_for_runs
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.unread import Unread
from statustui.monitor.usage import RootUsage
from statustui.scheduler.answers import Call
from tests.runs import make
from tests.terminal import STATUSTUI, terminal
from tests.trees import DATA, append, write_run

PASSED = "COMPLETE The test completed with result: PASS"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `statustui wait`."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*STATUSTUI, "wait", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and the first line of standard output."""
    out, _err = process.communicate(timeout=40)
    return process.returncode, out.partition("\n")[0] + "\n"


def test_the_runs_are_named_that_somebody_has_to_look_into(tmp_path: Path, start: Start) -> None:
    """Those with a problem, and after a timeout the unfinished ones."""
    write_run(tmp_path / "good", "COMPLETE result: PASS")
    write_run(tmp_path / "bad", "RUN_ERROR no disk")
    write_run(tmp_path / "slow", "RUNNING on", start=time.time())
    waiting = start(str(tmp_path), "--fail-fast")
    out, _err = waiting.communicate(timeout=40)
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["bad"]
    waiting = start(str(tmp_path), "--timeout", "3")
    out, _err = waiting.communicate(timeout=40)
    assert sorted(line.split()[1] for line in out.splitlines()[1:]) == ["bad", "slow"]
    assert "no disk" in out
    waiting = start(str(tmp_path), "-F", "id=typo")
    out, err = waiting.communicate(timeout=40)
    assert (out, waiting.returncode) == ("0 runs\n", 0)
    assert "no run matches" in err
    for number in range(30):
        write_run(tmp_path / f"more{number}", "RUN_TIMEOUT x")
    waiting = start(str(tmp_path), "--timeout", "3")
    out, _err = waiting.communicate(timeout=40)
    assert out.splitlines()[-1].strip() == "and 12 more"


def test_it_ends_when_the_last_run_has_ended(tmp_path: Path, start: Start) -> None:
    """Including a run that appeared later; the exit status gives the result."""
    one = write_run(tmp_path / "one", "RUNNING x")
    waiting = start(str(tmp_path))
    two = write_run(tmp_path / "two", "SCHEDULED x")
    append(one, "COMPLETE The test completed with result: PASS", time.time())
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1.0)
    append(two, "COMPLETE The test completed with result: PASS", time.time())
    assert ended(waiting) == (0, "2 runs: 2 passed\n")


def test_a_problem_makes_the_exit_status_one(tmp_path: Path, start: Start) -> None:
    """Also one that a later state hides."""
    write_run(tmp_path / "test_runs" / "1", "BUILD_FAILED x", "BUILD_CREATED y")
    (tmp_path / "test_runs" / "1" / "RUN_COMPLETE").touch()
    write_run(tmp_path / "test_runs" / "2", "COMPLETE The test completed with result: PASS")
    assert ended(start(str(tmp_path))) == (1, "2 runs: 1 failed, 1 passed\n")


def test_the_mark_of_pavilion_ends_a_run_whatever_its_state(tmp_path: Path, start: Start) -> None:
    """`RUN_COMPLETE` is noticed although the status file does not change."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    waiting = start(str(tmp_path))
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1.0)
    (run / "RUN_COMPLETE").touch()
    assert ended(waiting)[0] == 0


def test_time_is_limited(tmp_path: Path, start: Start) -> None:
    """The exit status is that of `timeout`."""
    write_run(tmp_path / "one", "RUNNING x")
    assert ended(start("--timeout", "1.5", str(tmp_path))) == (124, "1 run: 1 running\n")


def test_the_first_problem_ends_it_on_request(tmp_path: Path, start: Start) -> None:
    """With `--fail-fast`, while other runs are unfinished."""
    one = write_run(tmp_path / "one", "RUNNING x")
    write_run(tmp_path / "two", "RUNNING x")
    waiting = start("--fail-fast", str(tmp_path))
    append(one, "RUN_ERROR x", time.time())
    assert ended(waiting) == (1, "2 runs: 1 error, 1 running\n")


def test_only_what_has_matched_is_waited_for_until_it_has_ended(tmp_path: Path) -> None:
    """Even if it no longer matches; other runs are ignored."""
    one = write_run(tmp_path / "one", "RUNNING x")
    write_run(tmp_path / "two", "SCHEDULED x")
    write_run(tmp_path / "three", "RUN_ERROR x")
    with terminal([*STATUSTUI, "wait", "-F", "state=RUNNING", str(tmp_path)]) as screen:
        screen.wait_for("0 of 1 finished")
        append(one, "RUN_TIMEOUT x", time.time())
        assert screen.wait_for_end() == 1
        assert b"1 run: 1 failed" in screen.output


def test_a_run_that_is_deleted_is_waited_for_no_longer(tmp_path: Path, start: Start) -> None:
    """A directory without a status is not waited for either."""
    one = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    (tmp_path / "test_runs" / "2").mkdir()
    waiting = start(str(tmp_path))
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1.0)
    (one / "status").unlink()
    assert ended(waiting) == (0, "0 runs\n")


@pytest.mark.slow
def test_real_working_directories_have_ended(start: Start, corpora: Path) -> None:
    """A series has finished with its last run, and is not counted as a run."""
    status, out = ended(start("-F", "kind=series", str(corpora / "pavilion-2.4")))
    assert (status, out) == (1, "9 series: 5 error, 2 failed, 1 cancelled, 1 passed\n")
    assert ended(start(str(DATA / "pavilion-2.1.1")))[1] == "3 runs: 2 failed, 1 passed\n"


def test_a_run_that_has_begun_again_is_waited_for(tmp_path: Path) -> None:
    """Although it finished so long ago that it is rarely checked."""
    hour_ago = time.time() - 3600
    old = write_run(tmp_path / "old", "RUNNING x", PASSED, start=hour_ago)
    os.utime(old / "status", (hour_ago, hour_ago))
    new = write_run(tmp_path / "new", "RUNNING x", start=time.time())
    with terminal([*STATUSTUI, "wait", "--watch", "poll", str(tmp_path)]) as screen:
        screen.wait_for("1 of 2 finished, 0 with a problem")
        append(old, "RUNNING once more", time.time())
        append(new, PASSED, time.time())
        screen.wait_for("1 of 2 finished, 0 with a problem")
        with pytest.raises(AssertionError, match="goes on"):
            screen.wait_for_end(3)
        append(old, "RUN_FAILED this time", time.time())
        assert screen.wait_for_end() == 1
        assert b"2 runs: 1 failed, 1 passed" in screen.output


class Stand(NamedTuple):
    """A source that delivers one batch at the start and one for each `check_all`."""

    first: Batch
    looks: Iterator[Batch]
    told: list[Callable[[Batch], object]]

    def start(self, deliver: Callable[[Batch], object]) -> None:
        """Deliver the first batch."""
        self.told.append(deliver)
        deliver(self.first)

    def check_all(self) -> None:
        """Deliver the next batch."""
        self.told[0](next(self.looks))

    def reread(self, path: str) -> None:
        """Fail: `wait` never checks a single run."""
        raise NotImplementedError(path)

    def usage(self) -> list[RootUsage]:
        """Nothing is counted."""
        return []

    @property
    def calls(self) -> list[Call]:
        """Nobody is asked."""
        return []

    def ask_user(self, _tell: object) -> None:
        """Nobody is asked."""

    def readers_of(self, root: str) -> None:
        """Fail: `wait` opens no run."""
        raise NotImplementedError(root)

    def stop(self) -> None:
        """Do nothing."""


def waited(first: Batch, *looks: Batch) -> Outcome:
    """Return the outcome of waiting for all runs of a `Stand` with these batches."""
    source = Stand(first, iter(looks), [])
    return wait_for_runs(
        source,
        RootProgress(["r"], 10.0),
        lambda _run: True,
        timeout=20.0,
        fail_fast=False,
        show_progress=lambda _line: None,
    )


def test_the_verdict_is_that_of_a_last_check_of_everything() -> None:
    """If the final check finds an unfinished run, waiting continues until that has finished."""
    whole = RootHealth("r", swept=True)
    over, again, failed = (make("r/a", *life) for life in ((PASSED,), ("RUNNING",), ("RUN_ERROR",)))
    first = Batch((over,), health=(whole._replace(sweeps=1),))
    second = Batch((again,), health=(whole._replace(sweeps=2),))
    last = Batch((failed,), health=(whole._replace(sweeps=3),))
    assert waited(first, Batch(health=second.health)).runs == (over,)
    outcome = waited(first, Batch((again, failed), health=second.health), last)
    assert (outcome.runs, outcome.has_problem, outcome.has_timed_out) == ((failed,), True, False)


def test_a_part_that_is_missing_at_the_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported once; a part that can be read again is not missing."""
    part = Unread("r/test_runs", "Permission denied")
    lost = RootHealth("r", swept=True, sweeps=1, incomplete=(part,))
    assert waited(Batch(health=(lost,)), Batch(health=(lost._replace(sweeps=2),))).unread_parts == (
        part,
    )
    assert capsys.readouterr().err == "statustui: r/test_runs: Permission denied\n"
    whole = RootHealth("r", swept=True, sweeps=2)
    assert waited(Batch(health=(lost,)), Batch(health=(whole,))).is_complete


def test_a_root_that_another_one_stands_for_is_not_waited_for(tmp_path: Path, start: Start) -> None:
    """The same directory by two names."""
    write_run(tmp_path / "tree" / "one", PASSED)
    (tmp_path / "other").symlink_to("tree")
    assert ended(start(str(tmp_path / "tree"), str(tmp_path / "other")))[0] == 0


def test_a_terminal_shows_the_progress(tmp_path: Path) -> None:
    """In one line that is erased at the end; an interrupt ends waiting."""
    write_run(tmp_path / "one", "RUNNING x")
    write_run(tmp_path / "two", "RUN_ERROR x")
    with terminal([*STATUSTUI, "wait", str(tmp_path)]) as screen:
        screen.wait_for("1 of 2 finished, 1 with a problem")
        screen.press("\x03")
        assert screen.wait_for_end() == 130


def test_a_root_that_cannot_be_read_is_told() -> None:
    """At once."""
    command = [sys.executable, "-m", "statustui", "wait", "/no/such"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "statustui: /no/such: No such file or directory\n"
