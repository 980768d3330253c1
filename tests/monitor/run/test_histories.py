"""Reading the histories of the runs in view, on real files."""

from __future__ import annotations

import threading
from pathlib import Path

from statustui.core.run import Run
from statustui.monitor.fs.prober import CallTarget, Stuck
from statustui.monitor.run import histories as histories_module
from statustui.monitor.run.histories import HistoriesRead, HistoryReader
from tests.trees import read_runs, write_run
from tests.waiting import wait_until


def read(runs: list[Run], stuck: Stuck | None = None) -> HistoriesRead:
    """Return all that a reader delivers of some runs."""
    found: list[HistoriesRead] = []
    reader = HistoryReader(found.append, stuck)
    reader.want(runs)
    wait_until(
        lambda: sum(len(one.timelines) + len(one.unread) for one in found) == len(runs),
        "the histories",
    )
    reader.stop()
    timelines = tuple(timeline for one in found for timeline in one.timelines)
    return HistoriesRead(timelines, tuple(unread for one in found for unread in one.unread))


def test_histories_are_read_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    """With the reason: gone, not a file, too long, a filesystem that does not answer."""
    for number in range(20):
        write_run(tmp_path / "test_runs" / str(number), "SCHEDULED x", "RUNNING y")
    runs = sorted(read_runs(tmp_path), key=lambda run: int(run.id))
    (tmp_path / "test_runs" / "3" / "status").unlink()
    (tmp_path / "test_runs" / "4" / "status").unlink()
    (tmp_path / "test_runs" / "4" / "status").mkdir()
    long = "1795000000.0 INFO x\n" * (histories_module._MAX_BYTES // 20 + 1)  # noqa: SLF001 - the limit
    (tmp_path / "test_runs" / "5" / "status").write_text(long)
    found = read(runs)
    assert [one.run.id for one in found.timelines] == [
        run.id for run in runs if run.id not in {"3", "4", "5"}
    ]
    assert all(one.timeline.states == ("SCHEDULED", "RUNNING") for one in found.timelines)
    reasons = {Path(path).parent.name: reason for path, reason in found.unread}
    assert reasons == {
        "3": "No such file or directory",
        "4": "not a regular file but a directory",
        "5": "2.1 MB are too much to be read here",
    }

    class Hung(Stuck):
        def refuses(self, target: object) -> bool:
            assert target is not None
            return True

    assert {reason for _path, reason in read(runs[:2], Hung()).unread} == {"not answering"}


def test_what_is_wanted_last_is_read_first(tmp_path: Path) -> None:
    """The rest of what was wanted before is left; nothing is delivered after the end."""
    for number in range(40):
        write_run(tmp_path / "test_runs" / str(number), "RUNNING y")
    runs = read_runs(tmp_path)
    found: list[HistoriesRead] = []
    reader: list[HistoryReader] = []

    def take(read_now: HistoriesRead) -> None:
        found.append(read_now)
        if len(found) == 1:
            reader[0].want(runs[-1:])
        elif len(found) == 2:
            reader[0].stop()
            reader[0].want(runs)

    reader.append(HistoryReader(take))
    reader[0].want(runs)
    wait_until(lambda: len(found) == 2, "the last one")
    assert [len(one.timelines) for one in found] == [8, 1]
    assert found[1].timelines[0].run is runs[-1]


def test_nothing_is_delivered_after_the_end(tmp_path: Path) -> None:
    """Even if it comes while a file is read."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING y")
    found: list[HistoriesRead] = []
    readers: list[HistoryReader] = []

    class Ending(Stuck):
        def refuses(self, target: CallTarget) -> bool:
            readers[0].stop()
            return super().refuses(target)

    readers.append(HistoryReader(found.append, Ending()))
    readers[0].want(read_runs(tmp_path))
    wait_until(lambda: "histories" not in {one.name for one in threading.enumerate()}, "the end")
    assert found == []
