"""Which problems are news: by the time of their status."""

from __future__ import annotations

from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.monitor.batch import Batch
from statustui.tui.model.unread_problems import NewProblemDetector, UnreadProblems
from tests.runs import make
from tests.tui.stand_in import make_app, settle
from tests.tui.test_app import shown


class Watch:
    """What is known of some runs, and what was news."""

    def __init__(self, began: float) -> None:
        """Begin with nothing."""
        self.detector = NewProblemDetector(began)
        self.runs: dict[str, Run] = {}
        self.unread = UnreadProblems()
        self.now = began

    def take(self, *runs: Run, removed: tuple[str, ...] = (), swept: bool = True) -> list[str]:
        """Take in a batch; the paths that are news."""
        batch = Batch(runs, removed)
        roots = {run.root for run in runs} if swept else set()
        found = self.detector.detect(
            batch, self.runs, unread=self.unread, scanned=roots, now=self.now
        )
        for path in removed:
            self.runs.pop(path, None)
            self.unread.discard(path)
        self.runs.update({run.path: run for run in runs})
        self.unread.add(run.path for run in (*found.new, *found.returned))
        return [run.path for run in found.new]


def failed(path: str, when: float | None, state: str = "RUN_ERROR") -> Run:
    """A run with a problem of a time."""
    return make(path, f"{state} x")._replace(problem=StatusInfo.read(state, "x", when))


def test_a_problem_from_before_is_no_news_however_late_it_is_found() -> None:
    """Nor is what the first look at a root finds."""
    watch = Watch(1000.0)
    assert watch.take(failed("r/1", 1001.0), swept=False) == []
    assert watch.take(failed("r/2", 100.0), failed("r/3", 1001.0), failed("r/4", 950.0)) == [
        "r/3",
        "r/4",
    ]
    assert watch.take(failed("r/5", None)) == ["r/5"]


def test_a_run_that_gets_a_problem_is_news_once_until_it_has_a_later_one() -> None:
    """Not if that is an old one, of a history that is still being copied."""
    watch = Watch(1000.0)
    watch.take(make("r/1", "RUNNING x"), make("r/2", "RUNNING x"), make("r/3", "RUNNING x"))
    assert watch.take(failed("r/1", 1010.0), failed("r/2", 10.0)) == ["r/1"]
    assert watch.take(failed("r/1", 1010.0), failed("r/3", None)) == ["r/3"]
    assert watch.take(failed("r/1", 1020.0, "RUN_TIMEOUT"), failed("r/3", None)) == ["r/1"]


def test_a_run_that_comes_back_as_it_was_is_no_news() -> None:
    """It is as unread as it was; with another problem it is news."""
    watch = Watch(1000.0)
    assert watch.take(failed("r/1", 1001.0), failed("r/2", 1001.0)) == ["r/1", "r/2"]
    watch.unread.discard("r/1")
    watch.take(removed=("r/1", "r/2"))
    assert len(watch.unread) == 0
    assert watch.take(failed("r/1", 1001.0), failed("r/2", 1001.0)) == []
    assert ("r/1" in watch.unread, "r/2" in watch.unread) == (False, True)
    watch.take(removed=("r/1",))
    assert watch.take(failed("r/1", 1002.0)) == ["r/1"]


def test_what_is_gone_is_forgotten_with_time_and_with_number() -> None:
    """The oldest first."""
    watch = Watch(1000.0)
    for start in range(0, 12_000, 1000):
        paths = [f"r/{number}" for number in range(start, start + 1000)]
        watch.take(*(failed(path, 1001.0) for path in paths))
        watch.take(removed=tuple(paths))
    watch.take()
    assert len(watch.detector) == 10_000
    assert watch.take(failed("r/11999", 1001.0)) == []
    watch.now += 8 * 86400
    watch.take()
    assert len(watch.detector) == 0


def test_removed_runs_take_little_memory_however_long_their_paths_are() -> None:
    """A few megabytes, the oldest dropped first."""
    watch = Watch(1000.0)
    paths = [f"r/{number}/{'x' * 4000}" for number in range(2000)]
    for start in range(0, 2000, 500):
        watch.take(*(failed(path, 1001.0) for path in paths[start : start + 500]))
        watch.take(removed=tuple(paths[start : start + 500]))
    watch.take()
    assert 900 < len(watch.detector) < 1100
    assert watch.take(failed(paths[-1], 1001.0)) == []
    assert watch.take(failed(paths[0], 1001.0)) == [paths[0]]


async def test_old_problems_that_are_found_late_are_not_counted_as_new() -> None:
    """As a tree that is still being written has them."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        await settle(pilot)
        source.deliver(("2", "a", "RUN_ERROR lost"), ("3", "a", "RUN_ERROR lost"), ago=7200)
        await settle(pilot)
        assert "2 error" in shown(app)
        assert " new" not in shown(app)
        source.deliver(("4", "a", "RUN_ERROR lost"), ago=-1)
        await settle(pilot)
        assert "+ 1 new" in shown(app)
