"""Reading results and ends of logs of many runs, and what has changed between runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from statustui.core.comparison import with_one_before
from statustui.core.logs import LogTail
from statustui.core.measures import Values
from statustui.core.run import Run
from statustui.monitor.fs.deadline import Heartbeat
from statustui.monitor.run.measuring import MeasureReader
from statustui.monitor.run.tree_files import AllFiles, FilesPart, LocalTreeFiles, Wanted
from statustui.monitor.unread import Unread
from tests.cli.test_compare import FAILED, add_run
from tests.trees import read_runs


class StandInFiles:
    """Files that a test makes up."""

    def __init__(self, error: OSError | None = None, hangs: threading.Event | None = None) -> None:
        """Fail after the first run with `error`, or wait there until `hangs` is set."""
        self._error = error
        self._hangs = hangs
        self.asked: list[list[str]] = []

    def values(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[Values]:
        """Yield the same for each run."""
        self.asked.append([place.id for place, _state in runs])
        for _run in runs:
            beat()
            yield {"x": 1.0}
            if self._error is not None:
                raise self._error
            if self._hangs is not None:
                self._hangs.wait()

    def tails(self, runs: Sequence[Wanted], _beat: Heartbeat) -> Iterator[LogTail | None]:
        """Yield nothing for each run."""
        self.asked.append([state for _place, state in runs])
        yield from [None for _run in runs]


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, list[Run]]:
    """Three trees of two runs each."""
    for name in "abc":
        for number in range(2):
            add_run(tmp_path / name, number, "t", FAILED, y=number)
    return {name: read_runs(tmp_path / name) for name in "abc"}


def test_each_part_reads_its_runs_and_one_that_is_lost_is_named(
    runs: dict[str, list[Run]],
) -> None:
    """What it had read until then counts; it is not asked again."""
    files = {"a": StandInFiles(), "b": StandInFiles(ConnectionError(104, "cut off"))}
    hangs = threading.Event()
    files["c"] = StandInFiles(hangs=hangs)
    every = [run for name in "acb" for run in runs[name]]
    parts = [FilesPart([runs[name][0].root], one) for name, one in files.items()]
    reader = AllFiles(parts, 0.3)
    found = reader.values([*every, every[0]._replace(root="/elsewhere")])
    assert {*found} == {run.path for run in (*runs["a"], runs["b"][0], runs["c"][0])}
    roots = {name: runs[name][0].root for name in "abc"}
    assert sorted(reader.unread) == [
        Unread(roots["b"], "cut off"),
        Unread(roots["c"], "not answering"),
    ]
    assert reader.tails(every) == {}
    assert files["a"].asked == [[run.id for run in runs["a"]], ["COMPLETE", "COMPLETE"]]
    assert len(files["b"].asked) == len(files["c"].asked) == 1
    assert len(reader.unread) == 2
    hangs.set()


def test_of_a_lost_part_only_the_roots_that_lack_something_are_named(
    runs: dict[str, list[Run]],
) -> None:
    """Each once, and those that are wanted later too."""
    one, other, third = (runs[name][0] for name in "abc")
    files = StandInFiles(ConnectionError(104, "cut off"))
    reader = AllFiles([FilesPart([one.root, other.root, third.root], files)], 10.0)
    assert reader.values([one, other]) == {one.path: {"x": 1.0}}
    assert reader.unread == [Unread(other.root, "cut off")]
    assert reader.tails([third, other]) == {}
    assert reader.unread == [Unread(other.root, "cut off"), Unread(third.root, "cut off")]


def test_local_files_are_read(runs: dict[str, list[Run]]) -> None:
    """Numbers of results, and the end of the log that explains a failure; each beats."""
    for run in runs["a"]:
        Path(run.path, "run.log").write_text(f"\x1b[2J log of {run.id}\n")
    Path(runs["a"][1].path, "run.log").unlink()
    reader = AllFiles([FilesPart([runs["a"][0].root], LocalTreeFiles(10.0))], 10.0)
    first, second = sorted(runs["a"], key=lambda run: run.id)
    assert reader.values(runs["a"]) == {first.path: {"y": 0.0}, second.path: {"y": 1.0}}
    [tail] = reader.tails(runs["a"]).values()
    assert tail.lines == (rf"\x1b[2J log of {runs['a'][0].id}",)
    assert not reader.unread


def test_measures_are_read_together_and_once(tmp_path: Path) -> None:
    """First the pairs that have passed, then what tells whether large changes are usual."""
    for night, bandwidth in enumerate((100, 130, 100, 60)):
        add_run(tmp_path, night, "swings", days=9 - night, bw=bandwidth)
        add_run(tmp_path, 10 + night, "drops", days=9 - night, bw=100 - 50 * (night == 3))
        add_run(tmp_path, 20 + night, "stays", days=9 - night, bw=100)
        add_run(tmp_path, 30 + night, "fails", FAILED, days=9 - night, bw=night)
    runs = read_runs(tmp_path)
    pairs = with_one_before(runs, runs)
    asked: list[set[str]] = []

    def read(wanted: Sequence[Run]) -> Mapping[str, Values]:
        assert len({run.path for run in wanted}) == len(wanted)
        asked.append({run.id for run in wanted})
        return {
            run.path: json.loads(Path(run.path, "results.json").read_text())
            for run in wanted
            if run.id not in unreached
        }

    def told() -> dict[str, list[str]]:
        asked.clear()
        reader = MeasureReader(runs, 0.2, read)
        reader.prepare(pairs)
        found = {pair.name.name: [str(one) for one in reader.differ(pair)] for pair in pairs}
        return {name: words for name, words in found.items() if words}

    unreached: set[str] = set()
    assert told() == {
        "drops": ["bw 50, before 100 (-50 %)"],
        "swings": ["bw 60, before 100 (-40 %)"],
    }
    assert asked == [{"2", "3", "12", "13", "22", "23"}, {"0", "1", "10", "11"}]
    # A change is not told if nobody knows whether it is usual.
    unreached = {"0", "23"}
    assert told() == {"drops": ["bw 50, before 100 (-50 %)"]}
    unreached = {"13"}
    assert told() == {"swings": ["bw 60, before 100 (-40 %)"]}
