"""Results and ends of logs of many runs of another host, without a network."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from statustui.core.logs import LogTail
from statustui.core.measures import Values
from statustui.core.run import Run, RunDir
from statustui.monitor.run.tree_files import LocalTreeFiles, Wanted
from statustui.remote import far_files, tree_files
from statustui.remote.codec import CodecError
from statustui.remote.far_files import answer_for_files
from statustui.remote.link import Link, Place
from statustui.remote.paths import Paths
from statustui.remote.protocol import MAX_FRAME, Message
from statustui.remote.ssh_process import ConnectionFailed
from statustui.remote.tree_files import RemoteTreeFiles
from tests.cli.test_compare import FAILED, add_run
from tests.trees import read_runs


class StandInLink:
    """A connection to an agent in this process, or to something that a test makes up."""

    def __init__(self, root: str, answers: list[Message] | None = None) -> None:
        """Connect to `root`; with `answers`, whatever is asked is answered by them."""
        self.place = Place([f"host:{root}"])
        self.there = Paths([root])
        self.asked: list[Message] = []
        self.sizes: list[int] = []
        self._is_agent = answers is None
        self._answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
        for one in answers or ():
            self._answers.put(one)

    def send(self, message: Message) -> None:
        """Answer a request at once."""
        self.asked.append(json.loads(json.dumps(message)))
        if self._is_agent:
            answer_for_files(self.asked[-1], self.there, self._take)()

    def _take(self, answer: Message) -> None:
        text = json.dumps(answer)
        self.sizes.append(len(text))
        self._answers.put(json.loads(text))

    def receive(self) -> Message:
        """Return the next answer; without one the connection has ended."""
        try:
            return self._answers.get_nowait()
        except queue.Empty:
            raise ConnectionFailed("the connection has ended") from None


def files_on(link: StandInLink) -> RemoteTreeFiles:
    """What reads the files beyond a connection."""
    return RemoteTreeFiles(cast("Link", link), 10.0)


def wanted(runs: list[Run], prefix: str = "") -> list[Wanted]:
    """The runs as they are called on one side."""
    return [
        Wanted(
            run.place._replace(root=prefix + run.root, path=prefix + run.path), run.current.state
        )
        for run in runs
    ]


def as_here(tail: LogTail | None) -> LogTail | None:
    """The end of a log with the path that it has on this side."""
    if tail is None:
        return None
    return tail._replace(log=tail.log._replace(path=f"host:{tail.log.path}"))


def test_the_same_is_read_as_on_that_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With requests for some runs at a time, and answers in parts of bounded size."""
    for number in range(25):
        path = add_run(tmp_path, number, "t", FAILED, y=number, huge=1e300)
        if number % 3:
            (path / "run.log").write_text(f"line {number} \x1b[2J\u202e\n", encoding="utf-8")
    (tmp_path / "test_runs" / "7" / "results.json").write_text("{")
    many = {f"{number}" * 60: number for number in range(300)}
    (tmp_path / "test_runs" / "8" / "results.json").write_text(json.dumps(many))
    runs = read_runs(tmp_path)
    monkeypatch.setattr(tree_files, "_MAX_WANTED", 10)
    monkeypatch.setattr(far_files, "_MAX_PART", 500)
    # A filesystem that answers slowly is told as alive between two parts.
    monkeypatch.setattr(far_files, "_BEAT_INTERVAL", -1.0)
    link, local = StandInLink(str(tmp_path)), LocalTreeFiles(10.0)
    beats: list[int] = []
    values: list[Values] = list(
        files_on(link).values(wanted(runs, "host:"), lambda: beats.append(1))
    )
    assert values == list(local.values(wanted(runs), list))
    assert [len(message["runs"]) for message in link.asked] == [10, 10, 5]
    assert len(link.sizes) == len(beats) > 25
    tails = list(files_on(link).tails(wanted(runs, "host:"), list))
    assert tails == [as_here(tail) for tail in local.tails(wanted(runs), list)]
    assert sum(tail is None for tail in tails) == 9


def test_the_largest_answer_fits_into_a_frame(tmp_path: Path) -> None:
    """Results belong to other users of that host."""
    many = {"é" * 195 + str(number): 1.5e300 / 7 for number in range(300)}
    for number in range(3):
        path = add_run(tmp_path, number, "t", FAILED)
        (path / "results.json").write_text(json.dumps(many))
        (path / "run.log").write_bytes(b"\xff\x1b" * 500_000)
    runs = read_runs(tmp_path)
    link = StandInLink(str(tmp_path))
    assert len(list(files_on(link).values(wanted(runs, "host:"), list))) == 3
    assert len(list(files_on(link).tails(wanted(runs, "host:"), list))) == 3
    assert max(link.sizes) < MAX_FRAME / 10


RUN = Wanted(RunDir("host:wd", "host:wd/1", "1", "plain"), "COMPLETE")
TAIL = [["run", "0:/1/run.log"], ["x"], [1, 2, 3, 4]]
HOSTILE: dict[str, tuple[str, list[Any], str]] = {
    "no list": ("values", [{"files": {"a": 1}}], "dict instead of a list"),
    "no numbers": ("values", [{"files": [{"a": "b"}]}], "str instead of a number"),
    "no finite ones": ("values", [{"files": [{"a": float("nan")}]}], "a number out of bounds"),
    "huge ones": ("values", [{"files": [{"a": 10**400}]}], "a number out of bounds"),
    "too many": ("values", [{"files": [dict.fromkeys(map(str, range(999)), 1)]}], "more results"),
    "long names": ("values", [{"files": [{"a" * 999: 1}]}], "more results"),
    "others": ("values", [{"files": [{}]}, {"files": [{}, {}]}], "files of more runs"),
    "its end": ("values", [{}, {"files": [{}]}], "the connection has ended"),
    "a log beside": ("tails", [{"files": [[["run", "0:x"], *TAIL[1:]]]}], "a path beside"),
    "long logs": ("tails", [{"files": [[TAIL[0], ["x"] * 999, TAIL[2]]]}], "more lines"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_the_other_side_answers(kind: str) -> None:
    """It ends the connection, and what has come before counts."""
    name, answers, reason = HOSTILE[kind]
    files = files_on(StandInLink("wd", answers))
    read: Callable[..., Any] = getattr(files, name)
    with pytest.raises(ConnectionFailed) as caught:
        list(read([RUN, RUN], list))
    assert reason in str(caught.value.strerror)


def test_a_request_of_no_known_kind_is_refused() -> None:
    """This side never makes one."""
    with pytest.raises(CodecError):
        answer_for_files({"files": "x", "runs": [], "patience": 1}, Paths(["wd"]), list)


def test_text_is_cleaned() -> None:
    """As if it came from a tree."""
    tail = [["\x1b[2J", "0:/1/run.log"], ["\u202e"], [1, 2, 3, 4]]
    [found] = files_on(StandInLink("wd", [{"files": [tail]}])).tails([RUN], list)
    assert found is not None
    assert (found.log.name, found.lines) == (r"\x1b[2J", (r"\u202e",))
