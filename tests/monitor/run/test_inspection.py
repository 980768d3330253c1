"""Inspecting one run: histories and logs that grow, are replaced, are huge, or not regular."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.access import Access
from statustui.core.durations import StateDurations
from statustui.core.history import History
from statustui.core.logs import IsThere, Log, find_logs
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import root_folder, run_dir
from statustui.monitor.fs.deadline import NoThreadError, start_thread
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run import history_file as history_module
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.inspection import (
    Documents,
    FileInspection,
    InspectionResult,
    LentLog,
    Logs,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import (
    ERRORS,
    PAGE_BYTES,
    LogFollower,
    LogPage,
    LogText,
    PageRequest,
    open_log,
    search_pattern,
)
from statustui.monitor.run.run_logs import read_tail
from statustui.monitor.snapshot import read_snapshot
from tests.monitor.surroundings import mirror
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until

Kind = TypeVar("Kind")


def notes(histories: Iterator[History]) -> list[str]:
    """Return the notes of the last of some histories."""
    return [entry.status.note for entry in list(histories)[-1].entries]


def access_to(path: Path) -> Access:
    """Return access to the files of the run in the directory `path`."""
    return Access(RunDir(str(path), str(path), path.name, "plain"))


# Histories.


def test_a_history_is_read_on_as_it_grows(tmp_path: Path) -> None:
    """An unchanged file yields nothing; a torn line is yielded again when it is complete."""
    run = write_run(tmp_path / "1", "CREATED a", "RUNNING b")
    file = HistoryFile(f"{run}/status")
    assert notes(file.read()) == ["a", "b"]
    assert list(file.read()) == []
    with (run / "status").open("a") as status:
        status.write("1795000010.0 RUN_USER ha")
        status.flush()
        assert notes(file.read()) == ["a", "b", "ha"]
        status.write("lf\n")
    assert notes(file.read()) == ["a", "b", "half"]


@pytest.mark.parametrize("how", ["shorter", "as long", "another file"])
def test_a_history_starts_again_when_its_file_is_replaced(tmp_path: Path, how: str) -> None:
    """As when another run reuses the id."""
    run = write_run(tmp_path / "1", "CREATED a", "RUNNING b")
    file = HistoryFile(f"{run}/status")
    assert notes(file.read()) == ["a", "b"]
    if how == "another file":
        (run / "status").rename(tmp_path / "old")
    statuses = ["CREATED c"] if how == "shorter" else ["CREATED c", "RUNNING d"]
    write_run(run, *statuses, start=1_795_000_777.0)
    assert notes(file.read()) == ["c", "d"][: len(statuses)]


def test_the_end_of_a_large_history_comes_first(tmp_path: Path) -> None:
    """Then the whole history, with the numbers of its lines."""
    run = write_run(tmp_path / "1", *(f"RUN_USER step {number}" for number in range(20_000)))
    quick, whole = HistoryFile(f"{run}/status").read()
    assert not quick.is_whole
    assert 100 < len(quick.entries) < 5000
    assert quick.entries[-1].status == whole.entries[-1].status
    assert quick.entries[0].line == 0
    assert whole.is_whole
    assert [one.line for one in whole.entries] == list(range(1, 20_001))


def test_only_the_end_of_a_huge_history_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history says how much is left out."""
    monkeypatch.setattr(history_module, "MAX_STATUS_BYTES", 10_000)
    run = write_run(tmp_path / "1", *(f"RUN_USER step {number}" for number in range(20_000)))
    (whole,) = HistoryFile(f"{run}/status").read()
    assert whole.skipped > 700_000
    assert whole.entries[-1].status.note == "step 19999"
    assert whole.entries[0].status.note.startswith("step 19")
    assert "are not shown" in whole.omission


def test_a_file_that_was_empty_is_distinguished_from_another(tmp_path: Path) -> None:
    """A status file is created before its first line is written."""
    status = tmp_path / "status"
    status.touch()
    file = HistoryFile(str(status))
    assert [one.entries for one in file.read()] == [()]
    status.write_text("1.0 CREATED a\n2.0 RUNNING b\n")
    assert notes(file.read()) == ["a", "b"]
    status.write_text("7.0 CREATED c\n8.0 RUNNING d\n9.0 RUNNING e\n")
    assert notes(file.read()) == ["c", "d", "e"]


def test_reading_ends_when_it_is_no_longer_needed(tmp_path: Path) -> None:
    """The next read continues from there."""
    run = write_run(tmp_path / "1", *(f"RUN_USER step {number}" for number in range(2_000)))
    file = HistoryFile(f"{run}/status")
    assert list(file.read(lambda: False)) == []
    assert len(notes(file.read())) == 2_000


# Logs.


def text_of(data: bytes) -> LogText:
    """Return the text of a log in memory."""
    return LogText(lambda size, offset: data[offset : offset + size], len(data))


@given(st.lists(st.binary(max_size=40)), st.integers(1, 100))
def test_consecutive_pages_leave_nothing_out(pieces: list[bytes], most: int) -> None:
    """Neither forwards nor backwards."""
    data = b"\n".join(pieces)
    text = text_of(data)
    pages, end = [], 0
    while end < len(data):
        pages.append(text.after(end, most))
        assert pages[-1].start == end < pages[-1].end
        end = pages[-1].end
    assert end == len(data)
    while end > 0:
        page = text.before(end, most)
        assert page.start < end == page.end
        end = page.start
    if len(data) < most:
        assert len(text.tail().lines) == len(data.split(b"\n")) - data.endswith(b"\n") - (not data)


def test_words_are_found_in_both_directions_wherever_they_stand() -> None:
    """Also between two chunks; without capitals case does not matter."""
    filler = b"nothing to be seen here, only a line of some length\n"
    data = filler * 40_000 + b"the Needle is here\n" + filler * 40_000 + b"another needle\n"
    text = text_of(data)
    first, last = data.index(b"the Needle"), data.index(b"another")

    def find(word: str, start: int, *, backwards: bool = False) -> int | None:
        return text.find(search_pattern(word), start, lambda _offset: True, backwards=backwards)

    assert find("needle", 0) == first
    assert find("needle", data.index(b"\n", first) + 1) == last
    assert find("needle", len(data), backwards=True) == last
    assert find("needle", last, backwards=True) == first
    assert find("Needle", len(data), backwards=True) == first
    assert find("NEEDLE", 0) is None
    assert find("needle", first, backwards=True) is None
    assert text.find(search_pattern("needle"), 0, lambda _offset: False, backwards=False) is None
    for shift in range((1 << 20) - 30, (1 << 20) + 3):
        moved = b"x" * shift + b"\nneedle\n"
        found = text_of(moved).find(
            search_pattern("needle"), 0, lambda _offset: True, backwards=False
        )
        assert found == shift + 1


def test_a_log_is_followed_through_truncation_and_rotation(tmp_path: Path) -> None:
    """While nothing happens, nothing is returned."""
    log = tmp_path / "run.log"
    log.write_bytes(b"one\ntw")
    follower = LogFollower(access_to(tmp_path), str(log))

    def lines() -> list[str]:
        page = follower.read()
        return [] if page is None else [line.text for line in page.lines]

    assert lines() == ["one", "tw"]
    assert lines() == []
    with log.open("ab") as file:
        file.write(b"o\nthree\n")
    assert lines() == ["two", "three"]
    log.write_bytes(b"anew\n")
    assert lines() == ["anew"]
    log.rename(tmp_path / "run.log.1")
    log.write_bytes(b"another file, and a longer one\n")
    assert lines() == ["another file, and a longer one"]
    log.unlink()
    with pytest.raises(FileNotFoundError):
        follower.read()
    log.write_bytes(b"back\n")
    assert lines() == ["back"]


def test_only_the_last_page_of_a_large_addition_is_shown(tmp_path: Path) -> None:
    """At most one page."""
    log = tmp_path / "run.log"
    log.write_bytes(b"one\n")
    follower = LogFollower(access_to(tmp_path), str(log))
    follower.read()
    with log.open("ab") as file:
        file.write(b"a line of it\n" * 100_000)
    page = follower.read()
    assert page is not None
    assert page.end == page.size == log.stat().st_size
    assert page.end - page.start <= PAGE_BYTES


def test_a_log_of_gigabytes_opens_at_once(tmp_path: Path) -> None:
    """The hole of a sparse file is one endless line, shown as a number of NUL bytes."""
    log = tmp_path / "run.log"
    with log.open("wb") as file:
        file.write(b"begin\n")
        file.truncate(2 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\nend\n")
    with open_log(access_to(tmp_path), str(log)) as (text, _state):
        tail, head = text.tail(), text.after(0)
        assert [line.text for line in tail.lines] == ["end"]
        assert head.lines[0].text == "begin"
        hole = text.before(tail.start)
        assert [line.text for line in hole.lines] == ["(65535 NUL bytes)"]
        assert hole.end == tail.start
        found = text.find(search_pattern("end"), text.size, lambda _offset: True, backwards=True)
        assert found == text.size - 4


# Inspections.


class Findings:
    """Records the results of an inspection."""

    def __init__(self) -> None:
        self.all: list[InspectionResult] = []

    def last(self, kind: type[Kind]) -> Kind | None:
        """Return the last result of a kind."""
        return next((one for one in reversed(self.all) if isinstance(one, kind)), None)


def run_at(path: Path) -> Run:
    """Return the run at `path`, as the monitor would read it."""
    return read_snapshot(run_dir(str(path.parent.parent), root_folder(str(path)))).run


@pytest.fixture
def inspect() -> Iterator[Callable[..., tuple[FileInspection, Findings]]]:
    """Start the inspection of a run; stop it at the end of the test."""
    begun: list[FileInspection] = []

    def begin(path: Path, *peers: Path) -> tuple[FileInspection, Findings]:
        findings = Findings()
        begun.append(FileInspection(run_at(path), list(map(str, peers)), findings.all.append))
        return begun[-1], findings

    yield begin
    for inspection in begun:
        inspection.stop()


Inspector = Callable[..., tuple[FileInspection, Findings]]


def test_what_another_process_writes_is_seen_by_itself(tmp_path: Path, inspect: Inspector) -> None:
    """Statuses, a log, and a log that did not exist at first."""
    run = write_run(tmp_path / "test_runs" / "1", "CREATED a", "RUNNING b")
    (run / "run.log").write_text("step 1\n")
    inspection, found = inspect(run)
    wait_until(lambda: found.last(History) and found.last(Logs))
    inspection.show_log(f"{run}/run.log")
    wait_until(lambda: found.last(LogPage))
    script = (
        "import sys, time\n"
        "run = sys.argv[1]\n"
        "for n in range(2, 6):\n"
        "    open(run + '/run.log', 'a').write(f'step {n}\\n')\n"
        "    open(run + '/status', 'a').write(f'179500000{n}.0 RUN_USER step {n}\\n')\n"
        "    time.sleep(0.2)\n"
        "open(run + '/kickoff.log', 'w').write('Submitted\\n')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(run)], check=True, timeout=60)

    def has_all() -> bool:
        history, page, logs = found.last(History), found.last(LogPage), found.last(Logs)
        assert history is not None
        assert page is not None
        assert logs is not None
        return (
            history.entries[-1].status.note == "step 5"
            and page.lines[-1].text == "step 5"
            and [log.name for log in logs.logs] == ["run", "kickoff"]
        )

    wait_until(has_all)
    logs = found.last(Logs)
    assert logs is not None
    assert logs.trace is not None
    assert logs.trace.lines[-1] == "step 5"


def test_a_failure_is_traced_to_the_log_of_its_phase(tmp_path: Path, inspect: Inspector) -> None:
    """If that log is empty, the next one is used."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a", "RUN_TIMEOUT b")
    (run / "run.log").write_text("")
    (run / "kickoff.log").write_text("one\n\n \ntwo\n")
    _inspection, found = inspect(run)
    wait_until(lambda: found.last(Logs))
    logs = found.last(Logs)
    assert logs is not None
    assert logs.trace is not None
    assert (logs.trace.log.name, logs.trace.lines) == ("kickoff", ("one", "two"))
    assert logs.telling is not None
    assert logs.telling.name == "run"


def test_typical_times_are_learned_from_peers(tmp_path: Path, inspect: Inspector) -> None:
    """Peers that cannot be read are left out."""
    run = write_run(tmp_path / "test_runs" / "1", "CREATED a", "RUNNING b")
    peers = [
        write_run(
            tmp_path / "test_runs" / str(n), "CREATED a", "RUNNING b", "RUNNING c", "COMPLETE"
        )
        for n in (2, 3, 4)
    ]
    _inspection, found = inspect(run, *peers, tmp_path / "gone")
    wait_until(lambda: found.last(StateDurations))
    durations = found.last(StateDurations)
    assert durations is not None
    assert (durations.totals, durations.runs) == ({"CREATED": 1.0, "RUNNING": 2.0}, 3)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fifo", "not a regular file but a FIFO"),
        ("directory", "not a regular file but a directory"),
        ("device", "not a regular file but a device"),
        ("socket", "not a regular file but a socket"),
        ("nowhere", "No such file or directory"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_a_log_that_cannot_be_read_is_reported(
    tmp_path: Path, inspect: Inspector, kind: str, reason: str
) -> None:
    """Everything else is still read; nothing waits for the other end of a FIFO."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a", "RUN_TIMEOUT b")
    log = run / "run.log"
    if kind == "fifo":
        os.mkfifo(log)
    elif kind == "directory":
        log.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(os.path.relpath(log))
    else:
        log.symlink_to({"device": "/dev/zero", "nowhere": "/no/such", "loop": str(log)}[kind])
    inspection, found = inspect(run)
    inspection.show_log(str(log))
    wait_until(lambda: found.last(Unreadable))
    assert found.last(Unreadable) == Unreadable(str(log), reason)
    assert sum(isinstance(one, Unreadable) for one in found.all) == 1
    inspection.request_page(str(log), PageRequest("tail"))
    inspection.search(str(log), ERRORS, 0, backwards=False)
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    # Whoever asks gets an answer; looking goes on without a word.
    assert [one for one in found.all if isinstance(one, Unreadable)] == [
        Unreadable(str(log), reason)
    ] * 3


def test_a_search_reports_its_result_and_can_be_stopped(tmp_path: Path, inspect: Inspector) -> None:
    """A search that finds nothing reports that too."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    log = run / "run.log"
    log.write_bytes(b"a line\n" * 100_000 + b"panic: here\n" + b"a line\n" * 100_000)
    inspection, found = inspect(run)
    inspection.search(str(log), ERRORS, 0, backwards=False)
    wait_until(lambda: found.last(LogPage))
    page = found.last(LogPage)
    assert page is not None
    assert page.target == 700_000
    assert "panic: here" in [line.text for line in page.lines]
    inspection.search(str(log), search_pattern("not there"), 0, backwards=False)
    wait_until(lambda: found.last(Search) == Search(str(log), None))
    told = len(found.all)
    # A file without an end: the search in it ends only because nobody needs it any more.
    with log.open("r+b") as file:
        file.truncate(1 << 42)
    inspection.search(str(log), search_pattern("not there"), 0, backwards=False)
    wait_until(lambda: any(isinstance(one, Search) and one.share for one in found.all[told:]))
    inspection.stop_search()
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    assert found.last(Search) != Search(str(log), None)


def test_a_log_is_lent_as_it_was_opened(tmp_path: Path, inspect: Inspector) -> None:
    """Another file at its path does not matter; a link out of the tree is refused."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    log = run / "run.log"
    log.write_bytes(b"a line\n")
    inspection, found = inspect(run)
    inspection.lend_log(str(log), "pager")
    wait_until(lambda: found.last(LentLog))
    lent = found.last(LentLog)
    assert lent is not None
    assert (lent.path, lent.purpose, lent.reason) == (str(log), "pager", "")
    log.unlink()
    log.symlink_to("/dev/zero")
    assert lent.file is not None
    with lent.file:
        assert lent.file.read() == b"a line\n"
    inspection.lend_log(str(log), "editor")
    refused = LentLog(str(log), None, "editor", "not a regular file but a device")
    wait_until(lambda: found.last(LentLog) == refused)


def test_a_log_that_nobody_receives_is_closed(tmp_path: Path, inspect: Inspector) -> None:
    """The inspection has ended while it was opened."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    log = run / "run.log"
    log.write_bytes(b"a line\n")
    inspection, found = inspect(run)
    given: list[FileIO] = []
    lend = inspection._files.lend  # noqa: SLF001 - the end comes in the middle of the call

    def lend_late(path: str) -> FileIO:
        inspection.stop()
        given.append(lend(path))
        return given[-1]

    inspection._files.lend = lend_late  # type: ignore[method-assign]  # noqa: SLF001 - as above
    inspection.lend_log(str(log), "pager")
    wait_until(lambda: given and given[0].closed)
    assert found.last(LentLog) is None


def test_documents_are_delivered_on_request_and_when_they_change(
    tmp_path: Path, inspect: Inspector
) -> None:
    """Not before, and not after the request is withdrawn."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "results.json").write_text('{"result": "PASS"}')
    inspection, found = inspect(run)
    wait_until(lambda: found.last(History))
    assert found.last(Documents) is None
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    (run / "results.json").write_text('{"result": "FAIL", "more": 1}')

    def value() -> object:
        documents = found.last(Documents)
        assert documents is not None
        return documents.documents[0].value

    wait_until(lambda: value() == {"result": "FAIL", "more": 1})
    inspection.show_documents(wanted=False)
    (run / "results.json").write_text("{}")
    told = len(found.all)
    append(run, "RUN_USER on")
    wait_until(lambda: any(isinstance(one, History) for one in found.all[told:]))
    assert value() == {"result": "FAIL", "more": 1}


def test_files_that_can_be_read_again_are_delivered_again(
    tmp_path: Path, inspect: Inspector
) -> None:
    """Even if they have not changed meanwhile."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "run.log").write_text("step 1\n")
    inspection, found = inspect(run)
    inspection.show_log(f"{run}/run.log")
    wait_until(lambda: found.last(LogPage))
    run.rename(tmp_path / "away")
    wait_until(lambda: sum(isinstance(one, Unreadable) for one in found.all) == 2)
    told = len(found.all)
    (tmp_path / "away").rename(run)
    for kind in (History, LogPage):
        wait_until(lambda kind=kind: any(isinstance(one, kind) for one in found.all[told:]))  # type: ignore[misc]


def test_unchanged_files_are_not_delivered_again(tmp_path: Path, inspect: Inspector) -> None:
    """History, logs, the displayed log and documents, however often they are checked."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "run.log").write_text("step 1\n")
    (run / "results.json").write_text("{}")
    inspection, found = inspect(run)
    inspection.show_log(f"{run}/run.log")
    inspection.show_documents(wanted=True)
    kinds = {History, Logs, LogPage, Documents}
    # They are read on several threads.
    wait_until(lambda: {type(one) for one in found.all} == kinds)
    told = list(found.all)
    inspection.check(run_at(run))
    inspection.request_page(f"{run}/run.log", PageRequest("head"))

    def is_turned() -> bool:
        page = found.last(LogPage)
        assert page is not None
        return page.is_elsewhere

    wait_until(is_turned)
    assert [type(one) for one in found.all[len(told) :]] == [LogPage]


def test_an_unreadable_run_is_reported_once(tmp_path: Path, inspect: Inspector) -> None:
    """However often it is checked."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    inspection, found = inspect(run)
    wait_until(lambda: found.last(History))
    picture = run_at(run)
    shutil.rmtree(run)
    wait_until(lambda: found.last(Unreadable))
    inspection.check(picture)
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    assert sum(isinstance(one, Unreadable) for one in found.all) == 1


def test_the_end_of_an_unchanged_log_is_not_read_again(tmp_path: Path) -> None:
    """The last result is returned."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "run.log").write_text("step 1\n")
    place = run_at(run).place
    access, (log,) = Access(place), find_logs(place)
    first = read_tail(access, log)
    assert first is not None
    assert first.lines == ("step 1",)
    assert read_tail(access, log, first) is first
    with (run / "run.log").open("a") as file:
        file.write("step 2\n")
    second = read_tail(access, log, first)
    assert second is not None
    assert second.lines == ("step 1", "step 2")


def test_checks_do_not_pile_up_while_a_filesystem_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One check is waiting, however many changes of the run are reported."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    answers = threading.Event()
    looks: list[RunDir] = []

    def hang(place: RunDir, look: IsThere) -> list[Log]:
        looks.append(place)
        answers.wait(DEADLINE)
        return find_logs(place, look)

    monkeypatch.setattr("statustui.monitor.run.run_logs.find_logs", hang)
    looks_until_told: list[int] = []

    def take(finding: InspectionResult) -> None:
        if isinstance(finding, Documents):
            looks_until_told.append(len(looks))

    picture = run_at(run)
    inspection = FileInspection(picture, [], take)
    wait_until(lambda: looks)
    for _ in range(5):
        inspection.check(picture)
    inspection.show_documents(wanted=True)
    answers.set()
    wait_until(lambda: looks_until_told)
    inspection.stop()
    assert looks_until_told == [2]


def test_the_result_of_a_call_that_returns_after_the_end_is_not_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was under way when the inspection was stopped."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "run.log").write_text("step 1\n")
    is_called, answers = threading.Event(), threading.Event()

    def hang(place: RunDir, look: IsThere) -> list[Log]:
        is_called.set()
        answers.wait(DEADLINE)
        return find_logs(place, look)

    monkeypatch.setattr("statustui.monitor.run.run_logs.find_logs", hang)
    found = Findings()
    before = set(threading.enumerate())
    inspection = FileInspection(run_at(run), [], found.all.append)
    wait_until(lambda: is_called.is_set() and found.last(History))
    inspection.stop()
    answers.set()
    wait_until(lambda: before.issuperset(threading.enumerate()))
    assert [type(one) for one in found.all] == [History]


def test_a_root_that_does_not_answer_holds_one_thread_for_any_number_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each inspection reports it; when the root answers, they deliver the history."""
    run = run_at(write_run(tmp_path / "test_runs" / "1", "RUNNING a"))
    answers = threading.Event()

    class Hanging(HistoryFile):
        def read(self, is_needed: Callable[[], bool] = lambda: True) -> Iterator[History]:
            answers.wait(DEADLINE)
            return super().read(is_needed)

    monkeypatch.setattr("statustui.monitor.run.inspection.HistoryFile", Hanging)
    monkeypatch.setattr("statustui.monitor.run.inspection._MAX_ROOT_WAIT", 0.05)
    stuck = Stuck()
    found = [Findings() for _ in range(10)]
    inspections = []
    for one in found:
        inspections.append(FileInspection(run, [], one.all.append, stuck))
        wait_until(lambda: one.last(Unreadable))  # noqa: B023 - called at once
    assert len(stuck) == 1
    assert inspections[0].silent > 0
    answers.set()
    wait_until(lambda: all(one.last(History) for one in found))
    assert inspections[0].silent == 0
    for inspection in inspections:
        inspection.stop()


def test_an_inspection_that_cannot_start_all_its_threads_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user may have no more of them."""
    run = run_at(write_run(tmp_path / "test_runs" / "1", "RUNNING a"))
    before = set(threading.enumerate())

    def start_one(work: Callable[[], object], name: str) -> None:
        if name == "inspection of links":
            raise NoThreadError(11, "no thread can be started")
        start_thread(work, name)

    monkeypatch.setattr("statustui.monitor.run.task_loop.start_thread", start_one)
    with pytest.raises(NoThreadError):
        FileInspection(run, [], lambda _result: None)
    wait_until(lambda: before.issuperset(threading.enumerate()))


def test_a_page_of_a_log_is_requested_by_plain_data() -> None:
    """By its place in the log, or by the offset where it begins or ends."""
    text = text_of(b"".join(b"line %d\n" % number for number in range(100_000)))
    middle = text.size // 2
    for request, page in (
        (PageRequest("head"), text.head()),
        (PageRequest("tail"), text.tail()),
        (PageRequest("before", middle), text.before(middle)),
        (PageRequest("after", middle), text.after(middle)),
    ):
        assert text.read_page(request) == page


def test_a_stopped_inspection_does_not_read_all_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be many of them, on a slow filesystem."""
    paths = [
        write_run(tmp_path / "test_runs" / str(number), "RUNNING a", "COMPLETE")
        for number in range(5)
    ]
    read_files: list[str] = []

    class Recorded(HistoryFile):
        def __init__(self, path: str) -> None:
            read_files.append(path)
            super().__init__(path)

    monkeypatch.setattr("statustui.monitor.run.inspection.HistoryFile", Recorded)
    is_begun = threading.Event()
    found = Findings()

    def stop_at_the_first(finding: InspectionResult) -> None:
        if not isinstance(finding, History):
            return
        found.all.append(finding)
        is_begun.wait(DEADLINE)
        inspection.stop()

    before = set(threading.enumerate())
    inspection = FileInspection(run_at(paths[0]), list(map(str, paths[1:])), stop_at_the_first)
    is_begun.set()
    wait_until(lambda: before.issuperset(threading.enumerate()))
    assert [type(one) for one in found.all] == [History]
    assert read_files == [f"{paths[0]}/status", f"{paths[1]}/status"]


def test_a_run_that_reuses_an_id_does_not_show_the_log_of_the_old_run(
    tmp_path: Path, inspect: Inspector
) -> None:
    """The end of the old log is no longer shown."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a", "RUN_TIMEOUT b")
    (run / "run.log").write_text("the old one\n")
    inspection, found = inspect(run)
    wait_until(lambda: found.last(Logs))
    (run / "run.log").unlink()
    write_run(run, "BUILD_FAILED c", start=1_795_000_500.0)
    inspection.check(run_at(run))

    def has_none() -> bool:
        logs = found.last(Logs)
        return logs is not None and logs.trace is None

    wait_until(has_none)


def test_a_run_that_vanishes_and_comes_back_is_reported(tmp_path: Path, inspect: Inspector) -> None:
    """With the reason; the history then starts again."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    _inspection, found = inspect(run)
    wait_until(lambda: found.last(History))
    shutil.rmtree(run)
    wait_until(lambda: found.last(Unreadable))
    gone = found.last(Unreadable)
    assert gone == Unreadable(f"{run}/status", "No such file or directory")
    write_run(run, "CREATED anew")

    def is_anew() -> bool:
        history = found.last(History)
        return history is not None and [one.status.note for one in history.entries] == ["anew"]

    wait_until(is_anew)


def test_nothing_is_delivered_after_the_end_and_no_thread_stays(
    tmp_path: Path, inspect: Inspector
) -> None:
    """Each move of the cursor starts and stops an inspection."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    before = threading.active_count()
    all_found = []
    for _ in range(20):
        inspection, found = inspect(run)
        inspection.stop()
        all_found.append((found, len(found.all)))
    wait_until(lambda: threading.active_count() <= before)
    # One may have been on its way.
    assert all(len(found.all) <= count + 1 for found, count in all_found)


def test_a_filesystem_that_hangs_blocks_no_caller(tmp_path: Path) -> None:
    """The duration is known; when it answers, all that was requested is delivered."""
    with mirror(tmp_path) as mounted:
        run = mounted.place / "test_runs" / "1"
        write_run(mounted.behind / "test_runs" / "1", "RUNNING a")
        (mounted.behind / "test_runs" / "1" / "run.log").write_text("step 1\n")
        picture = run_at(run)
        mounted.hang()
        found = Findings()
        inspection = FileInspection(picture, [], found.all.append)
        inspection.show_log(f"{run}/run.log")
        wait_until(lambda: inspection.silent > 1.0)
        assert found.all == []
        mounted.go_on()
        wait_until(lambda: found.last(LogPage))
        wait_until(lambda: inspection.silent < 1.0)
        inspection.stop()


def test_a_mistake_in_the_program_is_told_and_the_rest_goes_on(
    tmp_path: Path, inspect: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request is answered."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING a")
    (run / "run.log").write_text("step 1\n")
    inspection, found = inspect(run)

    def fail(_text: LogText) -> LogPage:
        raise ZeroDivisionError("no such page")

    monkeypatch.setattr(LogText, "head", fail)
    inspection.request_page(f"{run}/run.log", PageRequest("head"))
    wait_until(lambda: found.last(Unreadable))
    told = found.last(Unreadable)
    assert told is not None
    assert "internal error: ZeroDivisionError('no such page')" in told.reason
    monkeypatch.undo()
    inspection.request_page(f"{run}/run.log", PageRequest("head"))
    wait_until(lambda: found.last(LogPage))


def test_the_screen_gets_the_end_of_a_large_history_first(
    tmp_path: Path, inspect: Inspector
) -> None:
    """Also if its last line is not complete yet."""
    run = write_run(tmp_path / "test_runs" / "1", *(f"RUN_USER {n}" for n in range(20_000)))
    with (run / "status").open("a") as status:
        status.write("1796000000.0 RUN_USER half a li")
    _inspection, found = inspect(run)
    wait_until(lambda: sum(isinstance(one, History) for one in found.all) == 2)
    first, second = (one for one in found.all if isinstance(one, History))
    assert (first.is_whole, second.is_whole) == (False, True)
    for history in (first, second):
        assert history.entries[-1].status.note == "half a li"
    assert second.status_count == 20_001


def test_a_search_ends_at_the_end_of_the_log() -> None:
    """In an endless line the part with the match is found, then the next line."""
    text = text_of(b"needle\n")
    assert text.find(search_pattern("needle"), 7, lambda _offset: True, backwards=False) is None
    data = b"x" * 200_000 + b"needle" + b"y" * 200_000 + b"needle" + b"z" * 100_000
    text = text_of(data)
    first = text.find(search_pattern("needle"), 0, lambda _offset: True, backwards=False)
    assert first is not None
    assert "needle" in "".join(line.text for line in text.around(first).lines)
    assert 0 <= 200_000 - first < PAGE_BYTES


def test_a_very_long_line_is_searched_backwards_though_the_log_ends_with_it() -> None:
    """Its newline is the only one in the last chunk."""
    text = text_of(b"first\nneedle" + b"x" * (5 << 19) + b"\n")
    assert text.find(search_pattern("needle"), text.size, lambda _offset: True, backwards=True) == 6


def test_a_line_that_grows_without_a_newline_is_shown_once(tmp_path: Path) -> None:
    """New dots are added; of a progress bar only the last state is shown."""
    log = tmp_path / "run.log"
    log.write_bytes(b"start\n" + b"." * 100_000)
    follower = LogFollower(access_to(tmp_path), str(log))
    first = follower.read()
    assert first is not None
    with log.open("ab") as file:
        file.write(b"." * 8)
    second = follower.read()
    assert second is not None
    assert (second.start, second.end - second.start) == (first.end, 8)
    log.write_bytes(b"start\n" + b"".join(b"%d%%\r" % n for n in range(30_000)))
    third = follower.read()
    assert third is not None
    assert [line.text for line in third.lines] == ["29999%"]
    with log.open("ab") as file:
        file.write(b"30000%\r30001%")
    fourth = follower.read()
    assert fourth is not None
    assert [line.text for line in fourth.lines] == ["30001%"]
    assert fourth.start == third.lines[-1].start


@pytest.mark.slow
def test_a_line_is_matched_whole_wherever_the_log_is_cut() -> None:
    """A part of a line that only looks like an error does not match."""
    text = text_of(b"0 errors, no error, all is well\n" * 200_000)
    for start, backwards in ((0, False), (text.size, True)):
        assert text.find(ERRORS, start, lambda _offset: True, backwards=backwards) is None


def test_a_history_in_another_file_is_another_generation(tmp_path: Path) -> None:
    """Even if it begins with the same status."""
    run = write_run(tmp_path / "1", "CREATED a", "RUNNING b")
    file = HistoryFile(f"{run}/status")
    (first,) = file.read()
    append(run, "RUN_USER c")
    (second,) = file.read()
    (run / "status").rename(tmp_path / "old")
    write_run(run, "CREATED a", "RUNNING other", "RUN_USER c", "RUN_USER d")
    (third,) = file.read()
    assert first.generation == second.generation != third.generation
