"""Histories: repeats folded, damaged lines numbered, and what the time went into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core import history as module
from statustui.core.history import HistoryBuilder
from statustui.core.status_lines import split_statuses
from tests.histories import history_of


def lines(*statuses: tuple[float, str]) -> bytes:
    """Statuses with these times, as text."""
    return "".join(f"{time:.1f} {status}\n" for time, status in statuses).encode()


def test_repeats_are_one_entry_with_a_count() -> None:
    """Of state and note in a row; what stands between them ends it."""
    waits = [(float(second), "BUILD_DEFERRED waits") for second in range(1, 6)]
    found = history_of(lines((0, "CREATED a"), *waits, (9, "RUNNING b"), (10, "RUNNING c")))
    assert [(one.status.state, one.times, one.line) for one in found.entries] == [
        ("CREATED", 1, 1),
        ("BUILD_DEFERRED", 5, 2),
        ("RUNNING", 1, 7),
        ("RUNNING", 1, 8),
    ]
    assert found.entries[1].status.timestamp == 1
    assert found.entries[1].end == 5
    assert found.status_count == 8


def test_damaged_lines_are_told_with_their_number() -> None:
    """Blank lines count, but are no statuses."""
    found = history_of(b"1.0 CREATED a\n\nno time at all\n2.0 RUNNING b\n\xff\xfe\n")
    assert [(one.line, one.is_damaged) for one in found.entries] == [
        (1, False),
        (3, True),
        (4, False),
        (5, True),
    ]
    assert found.entries[1].status.note == "no time at all"


def test_a_line_without_its_newline_counts_when_it_can() -> None:
    """And is taken in anew once it is whole."""
    builder = HistoryBuilder()
    builder.add(b"1.0 CREATED a\n")
    assert [one.status.note for one in builder.history(b"2.0 RUNNING ha").entries] == ["a", "ha"]
    assert len(builder.history(b"2.0 RUNN").entries) == 1
    builder.add(b"2.0 RUNNING half\n")
    assert [one.status.note for one in builder.history().entries] == ["a", "half"]
    assert builder.history().status_count == 2


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_make_as_many_statuses_as_they_hold(pieces: list[bytes]) -> None:
    """At once or line by line."""
    whole = [piece.replace(b"\n", b" ") + b"\n" for piece in pieces]
    text = b"".join(whole)
    builder = HistoryBuilder()
    for line in whole:
        builder.add(line)
    assert history_of(text).entries == builder.history().entries
    assert history_of(text).status_count == len(split_statuses(text))


def test_only_the_newest_entries_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are counted."""
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    found = history_of(lines(*((float(n), f"RUN_USER step {n}") for n in range(10))))
    assert [one.status.note for one in found.entries] == ["step 7", "step 8", "step 9"]
    assert (found.left_out, found.status_count, found.entries[0].line) == (7, 10, 8)
    assert found.omission == "7 earlier entries are not shown."


def test_what_is_missing_at_the_beginning_is_told() -> None:
    """In bytes where they were not read; not of the end alone, which is soon followed by all."""
    assert not history_of(lines((0, "CREATED a"))).omission
    whole = HistoryBuilder(skipped=5_000_000).history()
    assert whole.omission == "The first 5 MB of the status file are not shown."
    assert not HistoryBuilder(skipped=5_000_000, is_whole=False).history().omission
