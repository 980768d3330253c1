from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.documents import Document
from statustui.core.durations import StaleAfter, StateDuration, StateDurations
from statustui.core.history import Entry
from statustui.core.logs import Log, LogTail
from statustui.core.members import Members
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.core.status_info import StatusInfo
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.poll_policy import Settings
from statustui.monitor.run.inspection import (
    Documents,
    InspectionResult,
    Logs,
    Matches,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import LogLine, LogPage
from statustui.monitor.unread import Unread
from statustui.remote.codec import CodecError, decode, encode
from statustui.remote.messages import BatchReceiver, BatchSender, decode_settings, encode_settings
from statustui.remote.outbox import Outbox
from statustui.remote.paths import PathError, Paths
from statustui.remote.results import ResultReceiver, ResultSender
from statustui.remote.run_codec import decode_runs, encode_runs
from statustui.scheduler.answers import Call
from tests.histories import history_of
from tests.remote.values import runs_of

THERE = Paths(["wd", "/scratch/wd"])
HERE = Paths(["host:wd", "host:/scratch/wd"], "host:")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def sent(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """What arrives of a JSON value."""
    return json.loads(json.dumps(value))


def as_here(run: Run) -> Run:
    """A run of the other host as it is called here."""
    members = run.members
    if members is not None:
        members = members._replace(paths=tuple(f"host:{path}" for path in members.paths))
    past = run.past
    if past is not None:
        since, passed = (
            one and one._replace(path=f"host:{one.path}") for one in (past.since, past.passed)
        )
        cleaned = tuple(one._replace(path=f"host:{one.path}") for one in past.cleaned)
        past = past._replace(since=since, passed=passed, cleaned=cleaned)
    return run._replace(
        root=f"host:{run.root}", path=f"host:{run.path}", members=members, past=past
    )


@given(st.lists(runs_of("wd") | runs_of("/scratch/wd"), max_size=6))
def test_runs_arrive_as_they_were_sent(runs: list[Run]) -> None:
    """Apart from the names of their roots, and from statuses that are equal to the current one."""
    found = decode_runs(sent(encode_runs(runs, THERE)), HERE)
    assert found == [as_here(run) for run in runs]
    assert [run.current.timestamp for run in found] == [run.current.timestamp for run in runs]


@given(JSON, st.data())
def test_what_is_not_as_expected_is_refused(junk: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """Whatever the other side puts in the place of something, there is one kind of error."""
    wire = sent(encode_runs(data.draw(st.lists(runs_of("wd"), max_size=3)), THERE))
    key = data.draw(st.sampled_from(sorted(wire)))
    if isinstance(wire[key], list) and data.draw(st.booleans()):
        wire[key][data.draw(st.integers(0, len(wire[key]) - 1))] = junk
    else:
        wire[key] = junk
    for read in (
        lambda: decode_runs(wire, HERE),
        lambda: BatchReceiver(HERE).decode({"runs": wire, "removed": junk, "health": junk}),
        lambda: ResultReceiver(HERE).decode(junk),
        lambda: decode_settings(junk, HERE),
        lambda: decode(Documents, junk, HERE),
    ):
        try:
            read()
        except ValueError as error:
            assert isinstance(error, CodecError | PathError)  # noqa: PT017 - it need not happen


@given(st.sampled_from(["wd", "wd/", "/", "."]), st.text(), st.text())
def test_a_path_stays_below_its_root(root: str, rest: str, text: str) -> None:
    """Each side has its own name for the root, and none can name a path beside or above it."""
    assume(".." not in rest.split("/"))
    there, here = Paths([root]), Paths([f"h:{root}"], "h:")
    path = f"{root}{'' if root.endswith('/') else '/'}{rest}"
    assert here.decode(there.encode(path)) == f"h:{path}"
    assert there.decode(here.encode(f"h:{path}")) == path
    try:
        found = here.decode(text)
    except PathError:
        return
    assert not found or found.startswith("h:")
    with pytest.raises(PathError):
        here.decode(f"0:/{rest}/..")


def test_paths_outside_of_the_roots_keep_their_host() -> None:
    """The innermost root counts, and a root that only begins the same does not."""
    paths = Paths(["h:wd", "h:wd/inner"], "h:")
    assert paths.encode("h:wd/inner/1") == "1:/1"
    assert paths.encode("h:wd2/1") == ":wd2/1"
    assert paths.decode(":/etc/x") == "h:/etc/x"
    assert paths.decode("") == paths.encode("") == ""
    for wrong in ("2:/x", "x", "0:x", "-1:/x", "²:/x"):
        with pytest.raises(PathError):
            paths.decode(wrong)


RESULTS: list[InspectionResult] = [
    Logs(
        (Log("run", "wd/1/run.log"),),
        Log("run", "wd/1/run.log"),
        LogTail(Log("run", "wd/1/run.log"), ("one", "two"), (1, 2, 3, 4)),
        ((Log("build", "wd/1/build.log"), "Permission denied"),),
    ),
    LogPage(0, 9, 9, (LogLine(0, "a line"),), 9, target=3, inode=7, modified=1.5, path="wd/1/x"),
    LogPage(0, 9, 9, (), 9),
    Search("wd/1/run.log", 0.5),
    Matches("wd/1/run.log", (1, 5, 9), 10, is_all=True),
    Documents((Document("config", {"a": [1, None, "x"], "b": True}, None),)),
    StateDurations({"RUNNING": StateDuration(1.0, 2.0, 3.0, 4)}, 4),
    Unreadable("wd/1/status", "Stale file handle"),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_results_of_an_inspection_arrive(result: InspectionResult) -> None:
    """With the paths as they are called here."""
    found = ResultReceiver(HERE).decode(sent(ResultSender(THERE).encode(result)))
    # Back there it is what it was.
    assert ResultReceiver(THERE).decode(sent(ResultSender(HERE).encode(found))) == result
    if isinstance(result, LogPage | Search | Unreadable) and result.path:
        assert not isinstance(found, Documents | Logs | StateDurations)
        assert getattr(found, "path", "") == f"host:{result.path}"


def test_of_a_history_only_what_is_new_is_sent() -> None:
    """And a rewritten file is sent as a whole."""
    sender, receiver = ResultSender(THERE), ResultReceiver(HERE)
    lines = [f"{1_795_000_000 + 10 * number}.5 RUNNING step {number}\n" for number in range(300)]
    sizes = []
    for end in (298, 299, 300):
        history = history_of("".join(lines[:end]).encode())
        wire = sender.encode(history)
        sizes.append(len(json.dumps(wire)))
        found = receiver.decode(sent(wire))
        for field in ("entries", "timeline", "status_count", "left_out", "skipped", "generation"):
            assert getattr(found, field) == getattr(history, field), field
    assert sizes[0] > 10_000
    assert sizes[1] < 1000
    repeated = history_of(b"1795000000.5 RUNNING a\n1795000001.5 RUNNING a\n1795000002.5 ERROR b\n")
    found = receiver.decode(sent(sender.encode(replace(repeated, generation=9))))
    assert getattr(found, "entries", None) == repeated.entries
    assert isinstance(repeated.entries[0], Entry)


def test_health_is_sent_as_what_has_changed() -> None:
    """The other fields keep what they had, for each root by itself."""
    sender, receiver = BatchSender(THERE), BatchReceiver(HERE)
    first = RootHealth("wd", found=3, read=2, incomplete=(Unread("wd/x", "Permission denied"),))
    other = RootHealth("/scratch/wd", mode="events", rest=60.0)
    message = sent(sender.encode(Batch(removed=("wd/9",), health=(first, other))))
    batch = receiver.decode(message)
    here = first._replace(root="host:wd", incomplete=(Unread("host:wd/x", "Permission denied"),))
    assert batch == Batch((), ("host:wd/9",), (here, other._replace(root="host:/scratch/wd")))
    message = sent(sender.encode(Batch(health=(first._replace(sweeps=7),))))
    assert len(json.dumps(message)) < 60
    assert receiver.decode(message).health == (here._replace(sweeps=7),)


def test_the_runs_of_a_series_are_sent_once() -> None:
    """A series whose runs change has the same members."""
    sender, receiver = BatchSender(THERE), BatchReceiver(HERE)
    paths = tuple(f"wd/test_runs/{number}" for number in range(500))
    place = RunDir("wd", "wd/series/1", "s1", "series")
    run = make_unread_run(place, RunMetadata("nightly"), "none", missing=True)
    sizes = []
    for gone in range(3):
        series = run._replace(members=Members(paths, ((Category.PASSED, 3),), gone))
        message = sent(sender.encode(Batch((series,))))
        sizes.append(len(json.dumps(message)))
        assert receiver.decode(message).changed == (as_here(series),)
    assert sizes[0] > 10_000
    assert max(sizes[1:]) < 1000
    receiver.decode(sent(sender.encode(Batch((), ("wd/series/1",)))))
    again = run._replace(members=Members(paths))
    assert "members" in sender.encode(Batch((again,)))


def test_text_of_the_other_side_is_treated_as_text_of_a_tree() -> None:
    """It is cleaned where it is printed as it is; numbers are finite, and texts can be stored."""
    page = LogPage(0, 9, 9, (LogLine(0, "\x1b[2J\u202e"),), 9)
    found = decode(LogPage, encode(LogPage, page, THERE), HERE)
    assert found.lines[0].text == r"\x1b[2J\u202e"
    bad = decode(StatusInfo, ["A", "\ud800" + "x" * 100_000, 1], HERE)
    assert bad.note.encode("utf-8", "surrogateescape")[:2] == b"?x"
    assert len(bad.note) < 100_000
    for time in (float("nan"), float("inf"), 10**400, True, "1"):
        with pytest.raises(CodecError):
            decode(StatusInfo, ["A", "b", time], HERE)
    place = RunDir("wd", "wd/1", "1", "plain")
    long = make_unread_run(place, RunMetadata(), "x" * 20_000, missing=True)
    long = long._replace(problem=StatusInfo.read("ERROR", long.current.note * 2, 1.0))
    [run] = decode_runs(sent(encode_runs([long], THERE)), HERE)
    assert run.problem is not None
    assert max(len(run.current.note), len(run.problem.note)) < 5_000
    with pytest.raises(CodecError, match="a list of 1,048,577 values"):
        decode(tuple[int, ...], [0] * (2**20 + 1), HERE)
    deep: Any = "x"
    for _level in range(500):
        deep = [deep]
    document = Documents((Document("\x1b[0m", {"deep": deep, "long": 10**300}, None),))
    [shown] = decode(Documents, sent(encode(Documents, document, THERE)), HERE).documents
    assert shown.name == r"\x1b[0m"
    assert "…" in json.dumps(shown.value, ensure_ascii=False)


def test_a_time_is_one_that_can_be_shown() -> None:
    """As in files: none for a status out of range, and times after it are not affected."""
    place = RunDir("wd", "wd/1", "1", "plain")
    for time in (9e18, -9e18, 253_402_300_800.0):
        status = decode(StatusInfo, ["A", "b", time], HERE)
        assert (status.timestamp, status.when) == (None, None)
        run = make_unread_run(place, RunMetadata(), "x", missing=True)
        current = StatusInfo.read("A", "b", time)
        bad = run._replace(current=current, started=time, updated_at=time)
        good = run._replace(current=StatusInfo.read("A", "b", 5.5), started=4.25, updated_at=5.5)
        found = decode_runs(sent(encode_runs([bad, good], THERE)), HERE)
        wire = sent(encode_runs([good], THERE))
        wire["times"] = [{"all": time}] * len(wire["times"])
        hostile = decode_runs(wire, HERE)[0]
        assert (hostile.current.when, hostile.started, hostile.updated_at) == (None, None, None)
        assert found[0].current.when is None
        assert (found[0].started, found[0].updated_at) == (None, None)
        assert found[1] == as_here(good)
        with pytest.raises(CodecError, match="a time out of bounds"):
            decode(Call, [time, 1.0, "squeue", "answered"], HERE)
        health = sent(encode(RootHealth, RootHealth("wd", as_of=time), THERE))
        with pytest.raises(CodecError, match="a time out of bounds"):
            decode(RootHealth, health, HERE)


def test_settings_cross_the_line() -> None:
    """Apart from what belongs to this side."""
    settings = Settings("poll", 3.0, None, StaleAfter(5.0, {"RUNNING": 9.0}), scheduler="auto")
    for one in (settings, settings._replace(ask_unattended=60.0)):
        message = sent(encode_settings(one, HERE))
        assert decode_settings({**message, "unknown": 1}, THERE) == one


@given(st.lists(runs_of("wd"), max_size=12, unique_by=lambda run: run.path), st.integers(1, 5))
def test_urgent_runs_leave_first_and_health_last(runs: list[Run], limit: int) -> None:
    """Of each run only the newest state leaves; a scan is done when its last run has left."""
    outbox = Outbox()
    outbox.add_batch(Batch(tuple(run._replace(error="old") for run in runs), ("wd/gone",)))
    health = RootHealth("wd", found=len(runs), read=len(runs), swept=True, sweeps=1)
    outbox.add_batch(Batch(tuple(runs), (), (health,)))
    batches = []
    while outbox:
        batches.append(outbox.take(limit))
        assert len(batches[-1].changed) <= limit
    left = [run for batch in batches for run in batch.changed]
    assert sorted(run.path for run in left) == sorted(run.path for run in runs)
    assert set(left) == set(runs)
    urgent = [run.category.is_problem or not run.is_finished for run in left]
    assert urgent == sorted(urgent, reverse=True)
    assert batches[-1].health == (health,)
    assert batches[0].removed == ("wd/gone",)
    for batch in batches[:-1]:
        assert not any(one.swept for one in batch.health)


def test_a_run_that_is_a_root_keeps_its_id() -> None:
    """Whatever the root is called on each side."""
    place = RunDir("7", "7", "7", "plain")
    run = make_unread_run(place, RunMetadata(), "x", missing=True)
    [found] = decode_runs(sent(encode_runs([run], Paths(["7"]))), Paths(["host:7"]))
    assert (found.id, found.path) == ("7", "host:7")
