"""The line on what is under way, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from statustui.core.campaign import Estimate, Outlook, Spread
from statustui.presentation.outlook_text import GAP, draw_sparkline, outlook_line

NOW = 1_795_464_000.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
OUTLOOK = Outlook(
    under_way=1234,
    ended_per_hour=42.4,
    failed_per_hour=3.6,
    failures=(0, 1, 8, 3),
    end=Estimate(Spread(2.5 * HOUR, 3.9 * HOUR, 4.2 * HOUR), is_rough=False),
)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pictures of a clock are those of UTC: it is 20:00."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def line(outlook: Outlook, width: int = 200, *, ascii_only: bool = False) -> str:
    """The line as it is shown."""
    return GAP.join(part.text for part in outlook_line(outlook, NOW, width, ascii_only=ascii_only))


def end(low: float, middle: float, high: float, *, is_rough: bool = False) -> str:
    """How the end is told."""
    estimate = Estimate(Spread(low, middle, high), is_rough=is_rough)
    return line(OUTLOOK._replace(end=estimate)).partition("ends ")[2]


def test_the_line_tells_what_is_under_way_what_ends_and_fails_and_when_it_is_done() -> None:
    """Failures as a curve too; only these are marked as such."""
    expected = "1,234 under way  42/h finished  4/h failed ▁▂█▄  ends ~23:55 (2 h - 5 h)"
    assert line(OUTLOOK) == expected
    assert line(OUTLOOK, ascii_only=True) == expected.replace("▁▂█▄", "_.#-")
    marked = [part.text for part in outlook_line(OUTLOOK, NOW, 200) if part.is_failure]
    assert marked == ["4/h failed ▁▂█▄"]


def test_what_cannot_be_said_is_left_out() -> None:
    """And a curve of one or two cells; how many are under way is told by the summary too."""
    silent = OUTLOOK._replace(ended_per_hour=None, failed_per_hour=None, end=None)
    assert line(silent) == ""
    brief = OUTLOOK._replace(failures=(2, 1), failed_per_hour=0.2, end=None)
    assert line(brief) == "1,234 under way  42/h finished  <1/h failed"


def test_the_line_gives_way_to_the_width() -> None:
    """First the curve, then failures, what has finished, and how many there are; never the end."""
    long = OUTLOOK._replace(failures=tuple(range(12)))
    had: set[str] = set()
    words = {"under way", "finished", "failed", "█", "▁"}
    for width in range(len("ends ~23:55 (2 h - 5 h)"), 90):
        text = line(long, width)
        assert len(text) <= width
        assert text.endswith("ends ~23:55 (2 h - 5 h)")
        has = {word for word in words if word in text}
        assert has >= had
        had = has
    assert had == words


def test_the_end_is_told_as_exactly_as_it_is_known() -> None:
    """To the minute or to five; bounds are rounded outwards; another day is named."""
    assert end(5 * MINUTE, 7.4 * MINUTE, 9.2 * MINUTE) == "~20:07 (5 min - 10 min)"
    assert end(0, 48 * MINUTE, 100 * MINUTE) == "~20:50 (0 min - 100 min)"
    assert end(3 * HOUR, 5 * HOUR, 50 * HOUR) == "~Tue 01:00 (3 h - 3 d)"
    assert end(20 * DAY, 21 * DAY, 22 * DAY, is_rough=True) == "~2026-12-14 (20 d - 22 d, rough)"
    late = OUTLOOK._replace(end=Estimate(Spread(60, 90, 100), is_rough=True, overdue=3))
    assert line(late).endswith("ends ~20:02 (1 min - 2 min, rough, 3 overdue)")
    assert end(0, 1e18, 1e18).startswith("~? (0 min - 11,574,074,074,075 d)")


def test_a_curve_is_as_high_as_the_largest_value() -> None:
    """What is not zero is seen; without any failure the curve is flat."""
    assert draw_sparkline([0, 1, 50, 100]) == "▁▂▅█"
    assert draw_sparkline([0, 0, 0]) == "▁▁▁"
    assert draw_sparkline([]) == ""
