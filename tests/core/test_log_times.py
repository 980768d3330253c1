"""Times in lines of logs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from time import tzset

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.log_times import line_time

ZONE = "EST5"
HERE = timezone(timedelta(hours=-5))


def local(*numbers: int) -> float:
    """Return a local time in seconds since 1970."""
    return datetime(*numbers, tzinfo=HERE).timestamp()  # type: ignore[arg-type,misc]


def utc(*numbers: int) -> float:
    """Return a time in UTC in seconds since 1970."""
    return datetime(*numbers, tzinfo=timezone.utc).timestamp()  # type: ignore[arg-type,misc]


WRITTEN = local(2026, 11, 23, 21, 20)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        (b"2026-11-23 21:13:25,520, INFO, vm, x", local(2026, 11, 23, 21, 13, 25, 520_000)),
        (b"[2026/11/23 21:13:25] x", local(2026, 11, 23, 21, 13, 25)),
        (b"I 2026-11-23T21:13:25.1234567Z x", utc(2026, 11, 23, 21, 13, 25, 123_456)),
        (b"2026-11-23T21:13:25+01:00 x", utc(2026, 11, 23, 20, 13, 25)),
        (b"2026-11-23T21:13:25-0130 x", utc(2026, 11, 23, 22, 43, 25)),
        (
            b"slurmstepd: error: *** JOB 22 ON n1 CANCELLED AT 2026-11-23T21:13:25 DUE TO TIME",
            local(2026, 11, 23, 21, 13, 25),
        ),
        (b"Starting 2 tests - Mon Nov 23 21:13:32 UTC 2026", utc(2026, 11, 23, 21, 13, 32)),
        (b"Mon Nov  2 21:13:32 2026", local(2026, 11, 2, 21, 13, 32)),
        (b"Nov 23 21:13:32 cn1 kernel: x", local(2026, 11, 23, 21, 13, 32)),
        (b"Dec 31 23:59:59 cn1 kernel: x", local(2025, 12, 31, 23, 59, 59)),
        (b"1795467106.571458 RUNNING x", 1795467106.571458),
        (b"[1795467106] x", 1795467106.0),
        (b"21:13:25 x", local(2026, 11, 23, 21, 13, 25)),
        (b"[23:59:59.5] x", local(2026, 11, 22, 23, 59, 59, 500_000)),
        (b"step 1 of 3, 21:13:25", None),
        (b"2026-13-23 21:13:25", None),
        (b"17954671065 x", None),
        (b"x" * 200 + b" 2026-11-23 21:13:25", None),
        (b"", None),
    ],
)
def test_a_time_is_found_in_its_line(
    line: bytes, time: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the forms of common programs; what is missing comes from the last write."""
    monkeypatch.setenv("TZ", ZONE)
    tzset()
    assert line_time(line, WRITTEN) == time


@given(st.binary(max_size=60), st.floats(0, 1e12))
def test_any_line_is_read(line: bytes, modified: float) -> None:
    """No content raises."""
    time = line_time(line, modified)
    assert time is None or isinstance(time, float)
