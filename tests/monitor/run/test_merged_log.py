"""All logs of a run in one, and the count of what a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.error_lines import error_lines
from statustui.core.history import History
from statustui.core.logs import MERGED
from statustui.monitor.run import log_reader as log_reader_module
from statustui.monitor.run import match_counter as counter_module
from statustui.monitor.run.inspection import Documents, LentLog, Logs, Matches, Unreadable
from statustui.monitor.run.log_text import LogPage, LogText, PageRequest, search_pattern
from statustui.monitor.run.match_counter import MatchCounter
from tests.monitor.run.test_inspection import Inspector, inspect, run_at
from tests.trees import append, write_run
from tests.waiting import wait_until

__all__ = ["inspect"]


def text_of(data: bytes) -> LogText:
    """Return a log in memory."""
    return LogText(lambda size, offset: data[offset : offset + size], len(data))


def lines_of(pages: Sequence[LogPage]) -> list[str]:
    """Return the lines of some pages."""
    return [line.text for page in pages for line in page.lines]


def test_logs_and_statuses_are_merged_by_time(tmp_path: Path, inspect: Inspector) -> None:
    """A line without a time stays below the one above it; what is added comes at the end."""
    run = write_run(tmp_path / "test_runs" / "1")
    (run / "status").write_text(
        "2026-11-23T21:00:00.000000 RUNNING on cn1\n"
        "2026-11-23T21:00:09.000000 RUN_TIMEOUT two\\nlines\n"
        "2026-11-23T21:00:09.000000 RUN_TIMEOUT two\\nlines\n"
        "a damaged line\n"
    )
    (run / "run.log").write_text(
        "loading\n2026-11-23 21:00:02 step 1\n  of 2\n2026-11-23 21:00:06 step 2\n"
    )
    (run / "kickoff.log").write_text("2026-11-23 21:00:04 submitted\n2026-11-23 21:00:01 late\n")
    (run / "build.log").write_text("cc -c x.c\n")
    inspection, found = inspect(run)
    wait_until(lambda: found.last(Logs) and found.last(History))
    inspection.show_log(MERGED.path)
    wait_until(lambda: found.last(LogPage))
    page = found.last(LogPage)
    assert page is not None
    assert lines_of([page]) == [
        "(without times, left out: build)",
        "status  | 2026-11-23 21:00:00.000 RUNNING on cn1",
        "run     | loading",
        "run     | 2026-11-23 21:00:02 step 1",
        "run     |   of 2",
        "kickoff | 2026-11-23 21:00:04 submitted",
        "kickoff | 2026-11-23 21:00:01 late",
        "run     | 2026-11-23 21:00:06 step 2",
        "status  | 2026-11-23 21:00:09.000 RUN_TIMEOUT two\\nlines (set 2 times)",
    ]
    with (run / "run.log").open("a") as log:
        log.write("2026-11-23 21:00:10 step 3\n")
    wait_until(
        lambda: "run     | 2026-11-23 21:00:10 step 3" in lines_of([found.last(LogPage) or page])
    )
    more = found.last(LogPage)
    assert more is not None
    assert (more.start, len(more.lines), more.inode) == (page.end, 1, page.inode)
    inspection.search(MERGED.path, search_pattern("STEP 2".lower()), 0, backwards=False)
    wait_until(lambda: found.last(Matches))
    matches = found.last(Matches)
    assert matches is not None
    assert matches.describe(matches.starts[0]) == "1 of 1"
    inspection.request_page(MERGED.path, PageRequest("head"))
    inspection.lend_log(MERGED.path, "pager")
    wait_until(lambda: found.last(LentLog))
    lent = found.last(LentLog)
    assert lent is not None
    assert lent.file is not None
    with lent.file:
        lent.file.seek(0)
        assert b"step 3" in lent.file.read()
    told = len(found.all)
    inspection.check(run_at(run))
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    assert not any(isinstance(one, LogPage) for one in found.all[told:])
    # Another beginning: the text is another one.
    append(run, "RUN_DONE x")
    (run / "kickoff.log").write_text("2026-11-23 20:00:00 earlier\n")
    wait_until(lambda: "earlier" in " ".join(lines_of([found.last(LogPage) or page])))
    last = found.last(LogPage)
    assert last is not None
    assert last.inode != page.inode


def test_matches_are_counted_in_turns_with_other_tasks(
    tmp_path: Path,
    inspect: Inspector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counting ends with its search; the next search for the same goes on from there."""
    monkeypatch.setattr(log_reader_module, "_COUNT_SECONDS", 0.0)
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    log = run / "run.log"
    log.write_bytes((b"a line\n" + b"x" * 692 + b"\n") * 5000)
    inspection, found = inspect(run)
    wanted = search_pattern("line")
    inspection.search(str(log), wanted, 0, backwards=False)
    wait_until(lambda: found.last(Matches))
    told = len(found.all)
    inspection.search(str(log), search_pattern("line"), 700, backwards=False)
    wait_until(lambda: any(isinstance(one, Matches) for one in found.all[told:]))
    matches = found.last(Matches)
    assert matches is not None
    assert matches.describe(700) == "2 of 5,000"
    with log.open("r+b") as file:
        file.truncate(1 << 42)
    told = len(found.all)
    inspection.search(str(log), search_pattern("a line"), 0, backwards=False)
    wait_until(lambda: any(isinstance(one, LogPage) for one in found.all[told:]))
    inspection.stop_search()
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    assert not any(isinstance(one, Matches) for one in found.all[told:])


def test_a_log_that_stays_unreadable_is_reported_once(tmp_path: Path, inspect: Inspector) -> None:
    """Though it is tried again and again."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    inspection, found = inspect(run)
    inspection.show_log(f"{run}/run.log")
    wait_until(lambda: found.last(Unreadable))
    inspection.check(run_at(run))
    inspection.show_documents(wanted=True)
    wait_until(lambda: found.last(Documents))
    assert sum(isinstance(one, Unreadable) for one in found.all) == 1


def test_only_the_ends_of_long_logs_are_merged(tmp_path: Path, inspect: Inspector) -> None:
    """With a remark; a log that cannot be opened is left out."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    (run / "run.log").write_text("2026-11-23 21:00:02 step\n" * 100_000)
    (run / "kickoff.log").mkdir()
    inspection, found = inspect(run)
    wait_until(lambda: found.last(Logs) and found.last(History))
    inspection.show_log(MERGED.path)
    wait_until(lambda: found.last(LogPage))

    def begins_with_remark() -> bool:
        # What has been read so far is merged first, and merged anew once there is more.
        inspection.request_page(MERGED.path, PageRequest("head"))
        page = found.last(LogPage)
        return page is not None and page.lines[0].text == "(only the end of: run)"

    wait_until(begins_with_remark)
    page = found.last(LogPage)
    assert page is not None
    assert page.size < 1 << 22


@given(st.lists(st.sampled_from([b"an error: x", b"fine", b"No Error", b"FATAL", b""])))
def test_every_line_that_matches_is_counted_once(lines: list[bytes]) -> None:
    """As if each line were looked at alone."""
    text = b"\n".join(lines)
    alone = [number for number, line in enumerate(lines) if any(True for _ in error_lines(line))]
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    assert [text.rfind(b"\n", 0, place) + 1 for place in error_lines(text)] == [
        starts[number] for number in alone
    ]
    wanted = search_pattern("error")
    matches = MatchCounter("x", wanted).count(text_of(text), 60)
    assert matches is not None
    assert list(matches.starts) == [
        start for start, line in zip(starts, lines, strict=True) if b"error" in line.lower()
    ]
    capital = MatchCounter("x", search_pattern("FATAL")).count(text_of(text), 60)
    assert capital is not None
    assert len(capital.starts) == lines.count(b"FATAL")


def test_counting_takes_turns_and_goes_on_where_it_was() -> None:
    """A last line that has grown is not counted twice; a long log is given up."""
    ticks = iter(range(1000))
    counter = MatchCounter("x", search_pattern("a"), lambda: float(next(ticks)))
    data = b"a\nb\n" * 1_000_000 + b"a"
    assert counter.count(text_of(data), 0.5) is None
    matches = None
    while matches is None:
        matches = counter.count(text_of(data), 0.5)
    assert len(matches.starts) == 1_000_001
    assert not matches.is_all
    assert matches.describe(0) == "1 of 1,000,001+"
    few = MatchCounter("x", search_pattern("a"))
    for data in (b"a\nb\na", b"a\nb\naa\na\n"):
        matches = few.count(text_of(data), 60)
    assert matches is not None
    assert list(matches.starts) == [0, 4, 7]
    assert matches.describe(4) == "2 of 3"
    assert matches.describe(None) == "3 matches"
    assert matches.describe(5) == "3 matches"
    assert matches._replace(starts=[7]).describe(None) == "1 match"


def test_a_very_long_log_is_not_counted_to_its_end() -> None:
    """It would be read for minutes."""
    size = counter_module._MAX_BYTES * 2  # noqa: SLF001 - the limit itself
    counter = MatchCounter("x", search_pattern("a"))
    counter._end = size // 2 - 1000  # noqa: SLF001 - up to there it takes a while
    line = b"a" * 99 + b"\n"
    matches = counter.count(LogText(lambda count, _offset: (line * count)[:count], size), 60)
    assert matches is not None
    assert not matches.is_all
