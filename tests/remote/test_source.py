"""A source whose other side may be anything."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from statustui.cli.sources import watch_roots
from statustui.core.durations import StaleAfter
from statustui.core.history import History
from statustui.monitor.batch import Batch
from statustui.monitor.poll_policy import Settings
from statustui.monitor.run.inspection import (
    Documents,
    InspectionResult,
    LentLog,
    Logs,
    Matches,
)
from statustui.monitor.run.log_text import ERRORS, LogPage, PageRequest, search_pattern
from statustui.remote.link import Link, Place
from statustui.remote.messages import ReadRequest
from statustui.remote.reading import read_any_run, read_trees
from statustui.remote.requests import read_far_once
from statustui.remote.ssh_process import ConnectionFailed
from tests.processes import children, descendants, wait_until_ended
from tests.remote.server import is_agent
from tests.remote.watched import Watched
from tests.trees import append, write_run
from tests.waiting import wait_until

Result = TypeVar("Result")
PASSED = "COMPLETE The test completed with result: PASS"
FAKE = """\
import json, os, struct, sys, zlib
out = sys.stdout.buffer
size = int(sys.stdin.buffer.readline())
text = sys.stdin.buffer.read(size).decode()
marker = text.rstrip().rpartition("'")[0].rpartition("'")[2]
sys.stdin.buffer.read(int(text.rpartition("run(")[2].partition(",")[0]))
squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
def frame(message):
    data = squeeze.compress(json.dumps(message).encode()) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    return struct.pack(">I", len(data) - 4) + data[:-4]
def say(data):
    out.write(data); out.flush()
def hello(protocol=1):
    return frame({"hello": [protocol, []], "unknown": 1})
"""


def agent_below() -> int:
    """The agent that runs on this host."""
    wait_until(lambda: any(map(is_agent, descendants(os.getpid()))), "an agent")
    return next(filter(is_agent, descendants(os.getpid())))


def test_runs_elsewhere_are_watched(
    ssh: Callable[..., None], watch: Callable[..., Watched], tmp_path: Path
) -> None:
    """New, changed and removed ones; after the end of an agent the picture stays, with its age."""
    ssh()
    root = tmp_path / "wd"
    for number in range(3):
        write_run(root / str(number), "RUNNING a")
    watched = watch(f"host:{root}", Settings(interval=0.2))
    watched.wait_for(lambda health: health.swept)
    assert set(watched.runs) == {f"host:{root}/{number}" for number in range(3)}
    assert watched.health.found == 3
    assert watched.health.problem is None
    _sent, received = watched.source.sizes
    append(root / "0", "RUN_ERROR b")
    wait_until(lambda: watched.states()["0"] == "RUN_ERROR")
    assert watched.source.sizes[1] - received < 300
    agent = agent_below()
    assert os.getpriority(os.PRIO_PROCESS, agent) >= 10
    os.kill(agent, signal.SIGKILL)
    lost = watched.wait_for(lambda health: health.unreachable)
    assert lost.problem == "host: ssh was ended by SIGKILL"
    assert lost.as_of is not None
    assert lost.swept
    assert len(watched.runs) == 3
    # What has gone meanwhile goes with the next connection; the look makes it come at once.
    (root / "1" / "status").unlink()
    (root / "1").rmdir()
    append(root / "2", PASSED)
    watched.source.check_all()
    watched.wait_for(lambda health: not health.unreachable and health.sweeps > lost.sweeps)
    wait_until(lambda: watched.states() == {"0": "RUN_ERROR", "2": "COMPLETE"})
    sweeps = watched.health.sweeps
    watched.source.check_all()
    watched.wait_for(lambda health: health.sweeps > sweeps)
    watched.source.usage()
    wait_until(lambda: watched.source.usage()[0].usage.looks)
    assert [usage.root for usage in watched.source.usage()] == [f"host:{root}"]


@pytest.mark.slow
def test_a_silent_host_is_reported_and_q_does_not_wait_for_it(
    ssh: Callable[..., None], watch: Callable[..., Watched], tmp_path: Path
) -> None:
    """A frozen agent says nothing; the end of the program ends it too."""
    ssh()
    root = write_run(tmp_path / "wd" / "1", "RUNNING a").parent
    watched = watch(f"host:{root}")
    watched.wait_for(lambda health: health.swept)
    agent = agent_below()
    os.kill(agent, signal.SIGSTOP)
    silent = watched.wait_for(lambda health: health.silent)
    assert silent.as_of is not None
    assert silent.swept
    begin = time.monotonic()
    watched.source.stop()
    assert time.monotonic() - begin < 1
    wait_until(lambda: not is_agent(agent), "the frozen agent to end", 5)


@pytest.mark.slow
def test_an_agent_that_stays_silent_is_given_up(
    ssh: Callable[..., None],
    watch: Callable[..., Watched],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A minute later another one is started, which brings what has changed meanwhile."""
    monkeypatch.setattr("statustui.remote.source._LOST", 8.0)
    ssh()
    run = write_run(tmp_path / "wd" / "1", "RUNNING a")
    watched = watch(f"host:{run.parent}")
    watched.wait_for(lambda health: health.swept)
    frozen = agent_below()
    os.kill(frozen, signal.SIGSTOP)
    append(run, "RUN_ERROR b")
    wait_until(lambda: watched.states() == {"1": "RUN_ERROR"}, "another agent")
    watched.wait_for(lambda health: not (health.silent or health.unreachable or health.as_of))
    assert not is_agent(frozen)


def test_what_takes_long_to_end_leaves_nothing(
    ssh: Callable[..., None],
    watch: Callable[..., Watched],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy machine ssh takes longer to end than anybody waits; it is no zombie then."""
    monkeypatch.setattr("statustui.remote.ssh_process._END_SECONDS", 0.0)
    ssh()
    watched = watch(f"host:{write_run(tmp_path / 'wd' / '1', 'RUNNING a').parent}")
    watched.wait_for(lambda health: health.swept)
    before = set(descendants(os.getpid())) - {agent_below()}
    watched.source.stop()
    wait_until_ended(before)


HUGE = 'say(struct.pack(">I", 1 << 30)); sys.stdin.read()'
BOMB = """
data = squeeze.compress(b"[" + b" " * (1 << 26)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
say(struct.pack(">I", len(data) - 4) + data[:-4]); sys.stdin.read()
"""
HOSTILE = {
    "garbage": ("say(os.urandom(100_000))", "the agent has sent a frame"),
    "a huge frame": (HUGE, "the agent has sent a frame of 1,073,741,824 bytes"),
    "a bomb": (BOMB, "the agent has sent a frame that is larger than it may be"),
    "no object": ("say(frame([1])); sys.stdin.read()", "a frame that is no message"),
    "other runs": ('say(frame({"runs": {"count": 1e9}}))', "the agent has sent no integer"),
    "a root beside": (
        'say(frame({"removed": ["0:x/etc"]}))',
        "the agent has sent a path beside its root",
    ),
    "a root above": (
        'say(frame({"removed": ["0:/x/../../etc"]}))',
        "the agent has sent a path that leaves its root",
    ),
    "a cut frame": (
        'say(struct.pack(">I", 9) + b"ab"); sys.exit("Connection closed by remote host")',
        "host: Connection closed by remote host",
    ),
    "a million heartbeats": (
        'say(bytes(4_000_000)); sys.exit("that was all")',
        "host: that was all",
    ),
    "its end": ("", "the connection has ended"),
    "words": ('sys.stderr.write("\\x1b[2J no \\u202e\\n"); sys.exit(255)', r"\x1b[2J no \u202e"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_the_other_side_sends(
    kind: str, ssh: Callable[..., None], watch: Callable[..., Watched]
) -> None:
    """It ends that connection alone, and says why in clean words."""
    program, reason = HOSTILE[kind]
    ssh(f"{FAKE}say(b'noise' + marker.encode() + hello())\n{program}\n")
    watched = watch("host:wd")
    health = watched.wait_for(lambda health: health.unreachable)
    assert health.problem is not None
    assert reason in health.problem
    assert health.problem.isprintable()
    assert not watched.runs


BEFORE = {
    "another protocol": (
        "say(marker.encode() + hello(2))",
        "protocol 2",
    ),
    "no greeting": ("say(marker.encode() + frame({}))", "does not greet"),
    "endless noise": (
        "while True: say(b'x' * 65536)",
        "something else than an agent answers",
    ),
    "a message": ("say(b'This account is \\x07closed.\\n')", "This account is \\x07closed."),
}


@pytest.mark.parametrize("kind", BEFORE)
def test_whatever_answers_instead_of_an_agent(
    kind: str, ssh: Callable[..., None], watch: Callable[..., Watched]
) -> None:
    """It is named as the reason."""
    program, reason = BEFORE[kind]
    ssh(f"{FAKE}\n{program}\n")
    health = watch("host:wd").wait_for(lambda health: health.unreachable)
    assert health.problem is not None
    assert reason in health.problem


def test_an_endless_stream_of_runs_is_bounded(
    ssh: Callable[..., None], watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is what one root can have."""
    monkeypatch.setattr("statustui.remote.known.MAX_ROOT_RUNS", 50)
    monkeypatch.setattr("statustui.remote.requests.MAX_ROOT_RUNS", 50)
    program = f"""
sys.path.insert(0, {os.getcwd()!r})
from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.remote.paths import Paths
from statustui.remote.run_codec import encode_runs
say(marker.encode() + hello())
for number in range(10**9):
    place = RunDir("wd", f"wd/{{number}}", str(number), "plain")
    run = make_unread_run(place, RunMetadata(), "x", missing=True)
    say(frame({{"runs": encode_runs([run], Paths(["wd"]))}}))
"""
    ssh(FAKE + program)
    watched = watch("host:wd")
    health = watched.wait_for(lambda health: health.unreachable)
    assert health.problem == "host: the agent has sent more runs than a root can have"
    assert len(watched.runs) <= 51
    watched.source.stop()
    link = Link(Place(["host:wd"]))
    request = ReadRequest(StaleAfter(), 10.0, "all", 60.0, asks=False, tells_pasts=False)
    with pytest.raises(ConnectionFailed, match="more runs than roots can have"):
        read_far_once(link, request, lambda _read: None, lambda: None)
    link.close()


GREETING = f"{FAKE}say(marker.encode() + hello())\nsys.stdin.buffer.read()\n"


@pytest.mark.usefixtures("watch")
def test_patience_holds_for_a_host_that_lets_ssh_in(ssh: Callable[..., None]) -> None:
    """Whether it says nothing at all, or nothing after the greeting; nobody reads from it then."""
    before = set(children(os.getpid()))
    ssh(f"{FAKE}sys.stdin.buffer.read()")
    with pytest.raises(ConnectionFailed, match="not answering"):
        Link(Place(["host:wd"]), patience=0.3)
    ssh(GREETING)
    source = watch_roots(["host:wd"], Settings(), 1.0)
    wait_until(lambda: before.issuperset(children(os.getpid())), "the connection to end")
    source.stop()


@pytest.mark.usefixtures("watch")
def test_an_interrupted_command_leaves_no_connection(
    ssh: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it waits for the connections, or reads local files meanwhile."""

    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    ssh(GREETING)
    for name in ("reading.read_once", "connections.Connections.settle"):
        monkeypatch.setattr(f"statustui.remote.{name}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            read_trees(["host:wd"], 0.0)
    with pytest.raises(KeyboardInterrupt):
        read_any_run("host:wd")
    # The fixture looks whether they have ended.


class Opened:
    """A run that is open on a screen, and what is found of it."""

    def __init__(self, watched: Watched, root: str) -> None:
        """Open the only run."""
        self.found: list[InspectionResult] = []
        self.log = f"{root}/test_runs/1/run.log"
        watched.wait_for(lambda health: health.swept)
        [run] = watched.runs.values()
        readers = watched.source.readers_of(root)
        assert readers is not None
        assert watched.source.readers_of(f"{root}2") is None
        self.inspection = readers.inspect(run, [], self.found.append)

    def next(self, kind: type[Result]) -> Result:
        """Wait for a result of some kind, and take it and all that came before."""
        wait_until(lambda: any(isinstance(one, kind) for one in self.found), f"{self.found}")
        place = next(n for n, one in enumerate(self.found) if isinstance(one, kind))
        result = self.found[place]
        del self.found[: place + 1]
        assert isinstance(result, kind)
        return result


@pytest.fixture
def failed_run(tmp_path: Path) -> Path:
    """A run with a long log and results."""
    run = write_run(tmp_path / "wd" / "test_runs" / "1", "RUNNING a", "RUN_ERROR \x1bb")
    lines = [f"line {number} \x1b[2J\n" for number in range(20_000)]
    (run / "run.log").write_text("".join(lines), encoding="utf-8")
    (run / "results.json").write_text('{"result": "FAIL", "x": NaN}', encoding="utf-8")
    return run


def test_the_logs_of_a_run_elsewhere_are_read_there(
    ssh: Callable[..., None], watch: Callable[..., Watched], failed_run: Path, tmp_path: Path
) -> None:
    """By the page; they are searched there too."""
    ssh()
    root = f"host:{tmp_path}/wd"
    opened = Opened(watch(root), root)
    logs = opened.next(Logs)
    assert logs.telling is not None
    assert logs.trace is not None
    assert (logs.telling.path, logs.trace.lines[-1]) == (opened.log, r"line 19999 \x1b[2J")
    opened.inspection.show_log(opened.log)
    page = opened.next(LogPage)
    assert (page.path, page.lines[-1].text) == (opened.log, r"line 19999 \x1b[2J")
    opened.inspection.request_page(opened.log, PageRequest("head"))
    assert opened.next(LogPage).lines[0].text.startswith("line 0 ")
    opened.inspection.search(opened.log, search_pattern("777 "), 0, backwards=False)
    found, matches = opened.next(LogPage).target, opened.next(Matches)
    assert found is not None
    assert (matches.starts[0], len(matches.starts)) == (found, 20)
    opened.inspection.search(opened.log, ERRORS, 0, backwards=False)
    opened.inspection.stop_search()
    opened.inspection.lend_log(opened.log, "pager")
    lent = opened.next(LentLog)
    assert lent.file is not None
    with lent.file as file:
        assert os.pread(file.fileno(), 1 << 24, 0) == (failed_run / "run.log").read_bytes()
    opened.inspection.lend_log(f"{root}/test_runs/1/none.log", "pager")
    assert opened.next(LentLog).reason == "No such file or directory"
    opened.inspection.stop()


@pytest.mark.slow
def test_an_open_run_elsewhere_is_read_again_after_a_cut(
    ssh: Callable[..., None], watch: Callable[..., Watched], failed_run: Path, tmp_path: Path
) -> None:
    """Its history, the log on the screen, and its documents."""
    ssh()
    root = f"host:{tmp_path}/wd"
    watched = watch(root)
    opened = Opened(watched, root)
    history = opened.next(History)
    assert [entry.status.state for entry in history.entries] == ["RUNNING", "RUN_ERROR"]
    opened.inspection.show_documents(wanted=True)
    assert opened.next(Documents).documents[0].value["result"] == "FAIL"
    opened.inspection.show_log(opened.log)
    opened.next(LogPage)
    os.kill(agent_below(), signal.SIGKILL)
    watched.wait_for(lambda health: health.unreachable)
    assert opened.inspection.silent > 0
    opened.found.clear()
    with (failed_run / "run.log").open("a", encoding="utf-8") as file:
        file.write("a new line\n")
    watched.source.check_all()
    wait_until(lambda: {LogPage, Documents, History} <= set(map(type, opened.found)))
    page = next(one for one in opened.found if isinstance(one, LogPage))
    assert page.lines[-1].text == "a new line"
    assert opened.next(History).status_count == 2
    assert opened.inspection.silent == 0
    opened.inspection.stop()


@pytest.mark.slow
def test_an_error_on_this_side_ends_one_connection_only(
    ssh: Callable[..., None],
    watch: Callable[..., Watched],
    failed_run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is reported in its own words, and the next attempt may succeed."""
    ssh()
    root = f"host:{failed_run.parent.parent}"

    def fail(*_arguments: object) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    def crash(*_arguments: object) -> Batch:
        raise KeyError("\x1b")

    with monkeypatch.context() as broken:
        broken.setattr("statustui.remote.transport.program", fail)
        watched = watch(root)
        lost = watched.wait_for(lambda health: health.unreachable)
    assert lost.problem == "host: Too many open files"
    watched.source.check_all()
    opened = Opened(watched, root)
    with monkeypatch.context() as full:
        full.setattr("tempfile.TemporaryFile", fail)
        opened.inspection.lend_log(opened.log, "pager")
        assert opened.next(LentLog).reason == "a copy of it: Too many open files"
    assert watched.health.problem is None
    with monkeypatch.context() as broken:
        broken.setattr("statustui.remote.known.KnownRoot.apply", crash)
        watched.source.check_all()
        lost = watched.wait_for(lambda health: health.unreachable)
    assert lost.problem == r"host: KeyError('\x1b')"
    opened.inspection.lend_log(opened.log, "pager")
    assert opened.next(LentLog).reason == "no connection"
    watched.source.check_all()
    watched.wait_for(lambda health: health.swept and not health.unreachable)


def test_a_run_opens_while_a_large_message_is_decoded(
    ssh: Callable[..., None],
    watch: Callable[..., Watched],
    failed_run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The screen waits for nothing but the delivery."""
    ssh()
    root = f"host:{failed_run.parent.parent}"
    watched = watch(root, Settings(interval=0.2))
    Opened(watched, root).inspection.stop()
    begun, done = threading.Event(), threading.Event()

    def decode(*_arguments: object) -> Batch:
        begun.set()
        assert done.wait(60)
        return Batch()

    monkeypatch.setattr("statustui.remote.messages.BatchReceiver.decode", decode)
    watched.source.check_all()
    assert begun.wait(60)

    def open_it() -> None:
        Opened(watched, root).inspection.stop()

    opening = threading.Thread(target=open_it, daemon=True)
    opening.start()
    opening.join(10)
    is_open = not opening.is_alive()
    done.set()
    assert is_open


def test_known_runs_are_there_before_the_connection(
    ssh: Callable[..., None], watch: Callable[..., Watched], tmp_path: Path
) -> None:
    """As of the time when they were saved; what is kept is this side's, and may be damaged."""
    from statustui.settings.cache_directory import CacheDirectory  # noqa: PLC0415 - a layer above

    ssh()
    root = tmp_path / "wd"
    for number in range(5):
        write_run(root / str(number), PASSED)
    write_run(root / "5", "RUNNING a")
    store = CacheDirectory(str(tmp_path / "cache"))
    settings = Settings(store=store)
    first = watch(f"host:{root}", settings)
    first.wait_for(lambda health: health.swept)
    wait_until(lambda: list((tmp_path / "cache").glob("*.cache")), "the cache")
    first.source.stop()
    ssh("import time; time.sleep(60)")
    second = watch(f"host:{root}", settings)
    wait_until(lambda: len(second.runs) == 5)
    assert second.healths[0].as_of is not None
    assert not second.healths[0].swept
    assert second.runs == {path: run for path, run in first.runs.items() if run.is_finished}
    [cache] = (tmp_path / "cache").glob("*.cache")
    cache.write_bytes(cache.read_bytes()[:-9])
    assert not watch(f"host:{root}", settings).runs
