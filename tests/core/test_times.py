"""Reading times, and telling apart those of the hour that comes twice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statustui.core.history import HistoryBuilder
from statustui.core.query import parse_query
from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.status_file import StatusFile
from statustui.core.status_lines import settle_statuses, split_statuses
from statustui.core.status_summary import StatusSummary
from statustui.core.times import in_order, is_open, parse_time, seconds_of, settle
from statustui.monitor.snapshot import read_history, read_snapshot
from statustui.presentation.columns import COLUMNS

PLACE = RunDir("root", "root/7", "7", "plain")
SECOND_HOUR = datetime(2026, 10, 25, 1, tzinfo=timezone.utc).timestamp()
"""When the hour from 2 to 3 begins for the second time in Berlin."""


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Summer time ends on 25 October 2026, at three o'clock."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1795467106", 1795467106),
        ("1795467106.571458", 1795467106.571458),
        ("1795467106571", 1795467106.571),
        ("1795467106571458", 1795467106.571458),
        ("1795467106571458000", 1795467106.571458),
        ("2026-11-23T21:00:00+02:00", 1795460400),
        ("2026-11-23T19:00:00Z", 1795460400),
        ("2026-11-23T21:00:00,5+0200", 1795460400.5),
        ("2026-11-23T21:00:00.123456789+02", 1795460400.123456),
        ("2026-11-23T19:00Z", 1795460400),
        ("99999999999999999999999", None),
        ("2026-13-23T19:00:00Z", None),
        ("2026-11-23T19:00:00+99:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_in_many_forms(text: str, seconds: float | None) -> None:
    """Those that `date` and loggers write; what is none is None."""
    read = seconds_of(parse_time(text.encode()))
    assert read == (seconds if seconds is None else pytest.approx(seconds, abs=1e-6))


@pytest.mark.parametrize("text", ["2026-11-23T21:00:00", "2026-11-23T21:00:00,25"])
def test_a_time_without_a_zone_is_local(text: str) -> None:
    """As Pavilion 2.1.1 writes it."""
    assert isinstance(parse_time(text.encode()), datetime)


def test_a_time_that_cannot_be_read_is_marked_in_the_list() -> None:
    """In place of the age, and only where there is a status."""
    for line, shown in (
        (b"yesterday RUNNING x\n", "   ?"),
        (b"1000 RUNNING x\n", "  5s"),
        (b"", "   -"),
    ):
        run = make_run(
            PLACE,
            RunMetadata("x"),
            StatusSummary().add(line, len(line)) if line else StatusSummary(),
        )
        assert COLUMNS["age"].text(run, 1005) == shown


def write(path: Path, lines: list[str], modified: float) -> RunDir:
    """A run with these lines, written to at `modified`."""
    path.mkdir()
    (path / "status").write_text("".join(f"2026-10-25T{line}\n" for line in lines))
    os.utime(path / "status", (modified, modified))
    return RunDir(str(path.parent), str(path), path.name, "plain")


@pytest.mark.usefixtures("_berlin")
def test_the_repeated_hour_is_told_by_the_time_of_the_file(tmp_path: Path) -> None:
    """A status of a minute ago has the age of a minute, for filters too."""
    at = SECOND_HOUR + 14 * 60
    place = write(tmp_path / "iso", ["02:14:00.000000 RUNNING set 1 min ago"], at)
    run = read_snapshot(place).run
    assert run.updated_at == at
    assert run.started == at
    assert run.age(at + 60) == 60
    assert parse_query("age<10m").matches(run, at + 60)
    assert StatusFile(place.status_path).current().timestamp == at
    assert [status.timestamp for status in read_history(place.status_path)] == [at]
    first = write(tmp_path / "first", ["02:14:00.000000 RUNNING x"], at - 3600)
    assert read_snapshot(first).run.updated_at == at - 3600


@pytest.mark.usefixtures("_berlin")
def test_the_repeated_hour_is_told_by_the_order_of_lines(tmp_path: Path) -> None:
    """Twenty minutes from 2:50 to 2:10, and an hour from there to 3:10."""
    lines = ["02:50:00 RUNNING cest", "02:10:00 RUNNING cet", "03:10:00 COMPLETE result: PASS"]
    place = write(tmp_path / "h", lines, SECOND_HOUR + 4200)
    times = [status.timestamp for status in read_history(place.status_path)]
    assert times == [SECOND_HOUR - 600, SECOND_HOUR + 600, SECOND_HOUR + 4200]
    mixed = f"{SECOND_HOUR + 60} SCHEDULED x\n2026-10-25T02:02:00 RUNNING y\n".encode()
    run = make_run(PLACE, RunMetadata("x"), StatusSummary().add(mixed, len(mixed)))
    assert run.updated_at == SECOND_HOUR + 120


MINUTES = st.integers(0, 59).map("02:{:02}:00".format)
BERLIN = MINUTES | st.sampled_from(["01:59:00", "03:30:00", "yesterday"])
STATES = st.sampled_from(["RUNNING", "INFO", "RUN_ERROR", "COMPLETE"])


@pytest.mark.usefixtures("_berlin")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(BERLIN, STATES), min_size=1, max_size=8),
    st.integers(-4000, 8000),
    st.integers(0, 8),
)
def test_list_and_history_have_the_same_times(
    statuses: list[tuple[str, str]], modified: int, cut: int
) -> None:
    """Read at once, by pieces, or line by line; the last one is never after the file's own time."""
    lines = [f"2026-10-25T{clock} {state}\n".encode() for clock, state in statuses]
    block, at = b"".join(lines), SECOND_HOUR + modified
    thorough = settle_statuses(split_statuses(block), at)
    first, second = b"".join(lines[:cut]), b"".join(lines[cut:])
    tally = StatusSummary()
    builder = HistoryBuilder()
    for piece in filter(None, (first, second)):
        tally = tally.add(piece, tally.offset + len(piece))
        builder.add(piece)
    run = make_run(PLACE, RunMetadata("x"), tally, modified=at)
    assert run.updated_at == thorough[-1].timestamp
    assert run.started == thorough[0].timestamp
    if run.problem is not None:
        assert run.problem in thorough
    entries = builder.history(modified=at).entries
    expected = [status.timestamp for status in thorough]
    for entry in entries:
        assert entry.status.timestamp == expected[entry.line - 1]
    assert entries[-1].end == thorough[-1].timestamp


def test_a_time_with_its_zone_means_one_instant() -> None:
    """Nothing about it depends on the lines around it, even in the hour that comes twice."""
    time_in_utc = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
    assert in_order(time_in_utc, 1.0) is time_in_utc
    assert not is_open(time_in_utc)
    assert settle([time_in_utc], 2e9) == [time_in_utc]
