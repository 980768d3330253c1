"""What screens read of runs of another host, with the agent's side in this process."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from statustui.core.log_partings import Parting
from statustui.core.run import Run
from statustui.core.run_comparison import LogComparison, RunComparison, ValueComparison, ValueRow
from statustui.core.timeline import StateTimeline
from statustui.monitor.run.comparison import ComparisonRead, FileComparison
from statustui.monitor.run.histories import HistoriesRead
from statustui.monitor.run.readers import Readers
from statustui.monitor.run.run_logs import Unreadable
from statustui.remote.codec import CodecError
from statustui.remote.comparison_codec import decode_comparison, encode_comparison
from statustui.remote.far_runs import OpenRuns
from statustui.remote.paths import Paths
from statustui.remote.protocol import MAX_FRAME, Message
from statustui.remote.readers import RemoteReaders
from statustui.tui.services.log_fetcher import fetch_log
from tests.monitor.run.test_comparison import write_pavilion_run
from tests.remote.test_codec import as_here
from tests.trees import append, read_runs, write_run
from tests.waiting import wait_until


class Host:
    """Both sides of a connection that a test can cut."""

    def __init__(self, root: Path) -> None:
        """Connect."""
        self.there = Paths([str(root)])
        self.here = Paths([f"host:{root}"], "host:")
        self.sent: list[Message] = []
        self.silent = 0.0
        self._lock = threading.RLock()
        self._agent: OpenRuns | None = None
        self.readers = RemoteReaders(self.here, self._send, lambda: self.silent, self._lock)
        self.connect()

    def connect(self) -> None:
        """Connect to a new agent."""
        agent = OpenRuns(self.there, lambda message: self._receive(agent, message))
        with self._lock:
            self._agent = agent
            self.readers.open()

    def cut(self) -> None:
        """Lose the connection."""
        with self._lock:
            agent, self._agent = self._agent, None
            self.readers.lose("cut off")
        assert agent is not None
        for message in self.sent:
            if "open" in message:
                agent.handle({"opened": message["open"], "call": "stop"})

    def _send(self, message: Message) -> bool:
        self.sent.append(json.loads(json.dumps(message)))
        if self._agent is not None:
            self._agent.handle(self.sent[-1])
        return self._agent is not None

    def _receive(self, agent: OpenRuns, message: Message) -> None:
        text = json.dumps(message)
        assert len(text) < MAX_FRAME
        with self._lock:
            if self._agent is agent:
                self.readers.receive(json.loads(text))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with a tree in `tmp_path`."""
    host = Host(tmp_path)
    yield host
    host.cut()


def test_two_runs_are_compared_there(host: Host, tmp_path: Path) -> None:
    """As on that host itself; what changes later comes too, also after a cut."""
    folder = tmp_path / "test_runs"
    runs = (
        write_pavilion_run(folder / "12", 40.0, "gcc/13", "host cn7\nstep 1\n\x1bnan in step 2\n"),
        write_pavilion_run(folder / "9", 80.0, "gcc/12", "host cn9\nstep 1\nstep 2\nwell\n"),
    )
    local: list[ComparisonRead] = []
    found: list[ComparisonRead] = []
    comparison = FileComparison(*runs, local.append)
    far = host.readers.compare(as_here(runs[0]), as_here(runs[1]), found.append)
    wait_until(lambda: local and found, "both comparisons")
    comparison.stop()
    assert found[-1] == local[-1]
    assert found[-1].comparison.logs[0].partings[0].here == (r"\x1bnan in step 2",)
    append(Path(runs[0].path), "RUN_USER again")
    far.check()
    wait_until(lambda: "RUN_USER" in found[-1].comparison.timeline_here.states, "the status")
    host.cut()
    assert found[-1].comparison == found[-2].comparison
    assert found[-1].unread == tuple(Unreadable(f"host:{run.path}", "cut off") for run in runs)
    host.connect()
    wait_until(lambda: not found[-1].unread, "the files")
    far.stop()
    assert host.sent[-1]["call"] == "stop"
    count = len(found)
    host.cut()
    assert len(found) == count
    late: list[ComparisonRead] = []
    host.readers.compare(as_here(runs[0]), as_here(runs[1]), late.append).stop()
    assert [one.unread[0].reason for one in late] == ["cut off"]
    host.connect()


def test_histories_are_read_there_a_few_at_a_time(host: Host, tmp_path: Path) -> None:
    """All that are wanted last come, or are told as unread; of a lost connection too."""
    for number in range(80):
        write_run(tmp_path / "test_runs" / str(number), "SCHEDULED x", "RUNNING y")
    runs = [as_here(run) for run in read_runs(tmp_path)]
    (tmp_path / "test_runs" / "3" / "status").unlink()
    found: list[HistoriesRead] = []

    def states() -> dict[str, tuple[str, ...]]:
        return {one.run.id: one.timeline.states for all_ in found for one in all_.timelines}

    def unread() -> list[Unreadable]:
        return [one for all_ in found for one in all_.unread]

    reader = host.readers.read_histories(found.append)
    reader.want(runs)
    wait_until(lambda: len(states()) + len(unread()) == 80, "the histories")
    assert set(states().values()) == {("SCHEDULED", "RUNNING")}
    assert unread() == [
        Unreadable(f"host:{tmp_path}/test_runs/3/status", "No such file or directory")
    ]
    assert {id(one.run) for all_ in found for one in all_.timelines} <= set(map(id, runs))
    asked = [message["runs"]["count"] for message in host.sent if message.get("call") == "want"]
    assert asked == [32, 32, 16]
    host.cut()
    found.clear()
    reader.want(runs[:40])
    assert [one.reason for one in unread()] == ["there is no connection to its host"] * 40
    host.connect()
    found.clear()
    reader.want(runs[:2])
    wait_until(lambda: len(states()) + len(unread()) == 2, "the histories")
    reader.stop()


def test_a_log_is_fetched_for_a_command(host: Host, tmp_path: Path) -> None:
    """The one that tells most, or one that is given; none, and errors, are told."""
    run = write_pavilion_run(tmp_path / "test_runs" / "1", 1.0, "a", "the log\n")
    far = as_here(run)
    for path in (None, f"{far.path}/run.log"):
        file = fetch_log(host.readers.inspect, far, path, 10.0)
        assert file is not None
        with file:
            assert os.pread(file.fileno(), 99, 0) == b"the log\n"
    with pytest.raises(OSError, match="No such file"):
        fetch_log(host.readers.inspect, far, f"{far.path}/none.log", 10.0)
    Path(run.path, "run.log").unlink()
    assert fetch_log(host.readers.inspect, far, None, 10.0) is None
    opened = sum("open" in message for message in host.sent)
    assert sum(message.get("call") == "stop" for message in host.sent) == opened == 4
    host.silent = 20.0
    host.cut()
    with pytest.raises(TimeoutError, match="not answering"):
        fetch_log(host.readers.inspect, far, None, 10.0)
    host.connect()


def test_what_is_on_the_way_when_a_connection_is_lost_is_told_as_unread(tmp_path: Path) -> None:
    """With its reason."""
    write_run(tmp_path / "1", "RUNNING x")
    [run] = read_runs(tmp_path)
    sent: list[Message] = []

    def send(message: Message) -> bool:
        sent.append(message)
        return True

    here = Paths([f"host:{tmp_path}"], "host:")
    readers: Readers = RemoteReaders(here, send, lambda: 0.0, threading.RLock())
    found: list[HistoriesRead] = []
    readers.read_histories(found.append).want([as_here(run)])
    assert not found
    assert isinstance(readers, RemoteReaders)
    readers.lose("cut off")
    [[timelines, [unread]]] = found
    assert timelines == ()
    assert unread == Unreadable(f"host:{run.status_path}", "cut off")
    wrong: list[Any] = [
        {},
        [[["0:/2", [[1], ["A"], [], []]]], []],
        [[["0:/1", [[1], [], [], []]]], []],
        [[], [["0:/2/status", "x"]]],
    ]
    for junk in wrong:
        with pytest.raises(CodecError):
            readers.receive({"opened": 1, "found": junk})
    readers.receive({"opened": 9, "found": "nothing that is open"})


HUGE = "é" * 5000
PARTING = Parting(1, 1, (HUGE,) * 2, (HUGE,) * 8, (HUGE,) * 8, 0, 0)
ROWS = ValueComparison(tuple(ValueRow(HUGE, HUGE, None, 1e300) for _ in range(500)))
MANY = StateTimeline(
    tuple(map(float, range(100_000))),
    tuple(f"é{number}" for number in range(100_000)),
    {f"é{number}": 1.0 for number in range(100_000)},
    {f"é{number}": 1.0 for number in range(100_000)},
)
LOGS = tuple(LogComparison(HUGE, (PARTING,) * 6) for _ in range(200))
UNREAD = tuple(Unreadable(f"wd/{HUGE[:4000]}", "x") for _ in range(300))


def test_the_largest_comparison_fits_into_a_frame() -> None:
    """It is cut; of a timeline the newest states stay."""
    there, here = Paths(["wd"]), Paths(["host:wd"], "host:")
    whole = ComparisonRead(RunComparison(MANY, MANY, ROWS, ROWS, LOGS), UNREAD)
    text = json.dumps(encode_comparison(whole, there))
    assert len(text) < MAX_FRAME
    found = decode_comparison(json.loads(text), here).comparison
    assert found.timeline_here.states[-1] == "é99999"
    assert len(found.timeline_here.starts) == len(found.timeline_here.states) > 1000
    assert found.results.rows[0].change == 1e12
    assert len(found.results.rows) == 500
    assert found.logs[-1].partings[-1].there[-1].endswith("…")


def _junk(change: Callable[[list[Any]], object]) -> Any:  # noqa: ANN401 - JSON
    nothing = ComparisonRead(
        RunComparison(StateTimeline(), StateTimeline(), ValueComparison(), ValueComparison(), ()),
        (),
    )
    data = json.loads(json.dumps(encode_comparison(nothing, Paths(["wd"]))))
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop(),
        lambda data: data[0][0][0].append(1.0),
        lambda data: data[0][2][0].append(["x", 1, None, None]),
        lambda data: data[1].append(["0:x", "beside its root"]),
        lambda data: data[0].reverse(),
    ],
)
def test_a_comparison_that_is_none_is_refused(change: Callable[[list[Any]], object]) -> None:
    """With the one kind of error that ends the connection."""
    decode_comparison(_junk(list), Paths(["host:wd"], "host:"))
    with pytest.raises(CodecError):
        decode_comparison(_junk(change), Paths(["host:wd"], "host:"))


def test_what_is_cleaned() -> None:
    """Lines of logs are printed as they are."""
    parting = Parting(1, 1, ("\x1b",), ("\x1b",), ("\u202e",), 0, 0)
    log = LogComparison("run log", (parting,))
    read = ComparisonRead(
        RunComparison(
            StateTimeline(), StateTimeline(), ValueComparison(), ValueComparison(), (log,)
        ),
        (),
    )
    there, here = Paths(["wd"]), Paths(["host:wd"], "host:")
    found = decode_comparison(encode_comparison(read, there), here).comparison.logs[0].partings[0]
    assert (found.before, found.here, found.there) == ((r"\x1b",), (r"\x1b",), (r"\u202e",))


def test_the_other_side_must_not_open_anything_else(tmp_path: Path) -> None:
    """Unknown kinds, and comparisons of other than two runs, end the connection."""
    run: Run = write_pavilion_run(tmp_path / "test_runs" / "1", 1.0, "a", "b")
    assert run
    agent = OpenRuns(Paths([str(tmp_path)]), lambda _message: None)
    for message in ({"kind": "shell"}, {}, {"kind": "comparison"}):
        with pytest.raises(CodecError):
            agent.handle({"open": 1, **message})
    agent.handle({"opened": 1, "call": "check"})
    agent.handle({"opened": 1, "call": "stop"})
