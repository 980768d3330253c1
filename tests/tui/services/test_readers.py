"""Which readers read the files of which runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from statustui.core.run import Run
from statustui.monitor.run.histories import HistoriesRead
from statustui.tui.services.readers import ReadersByRoot
from tests.trees import read_runs, write_run
from tests.waiting import wait_until


class StandInReaders:
    """Readers that only remember."""

    def __init__(self) -> None:
        """Start without calls."""
        self.calls: list[Any] = []

    def inspect(self, run: Run, _peers: Sequence[str], _deliver: object) -> Any:  # noqa: ANN401 - nothing
        """Remember the call."""
        self.calls.append(("inspect", run.id))

    def compare(self, run: Run, other: Run, _deliver: object) -> Any:  # noqa: ANN401 - nothing
        """Remember the call."""
        self.calls.append(("compare", run.id, other.id))

    def read_histories(self, _deliver: Callable[[HistoriesRead], object]) -> StandInReaders:
        """Read nothing."""
        self.calls.append("read_histories")
        return self

    def want(self, runs: Sequence[Run]) -> None:
        """Remember the call."""
        self.calls.append([run.id for run in runs])

    def stop(self) -> None:
        """Remember the call."""
        self.calls.append("stop")


def test_files_are_read_by_the_readers_of_their_root(tmp_path: Path) -> None:
    """A screen need not know where its runs are; runs that left the view are wanted no more."""
    write_run(tmp_path / "7", "RUNNING a")
    [local] = read_runs(tmp_path)
    far = [local._replace(root="host:wd", path=f"host:wd/{name}") for name in "ab"]
    stand_in = StandInReaders()
    readers = ReadersByRoot(lambda root: stand_in if root == "host:wd" else None)
    readers.inspect(far[0], [], lambda _found: None)
    readers.compare(far[0], far[1], lambda _found: None)
    found: list[HistoriesRead] = []
    reading = readers.read_histories(found.append)
    reading.want([far[0], local, far[1]])
    wait_until(lambda: found, "the local history")
    assert [one.run for one in found[0].timelines] == [local]
    reading.want([local])
    reading.stop()
    assert stand_in.calls == [
        *(("inspect", "a"), ("compare", "a", "b"), "read_histories", ["a", "b"], [], "stop")
    ]
