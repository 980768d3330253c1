"""Feed the parsers of status files and of logs with bytes that lead to new paths through them.

    python tests/fuzz/fuzz_status_file.py -max_total_time=60

Needs atheris. What holds for any bytes is asserted: a line makes at most one status; read block by
block they add up to the same as at once; nothing that is shown can do anything to a terminal.
"""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports():
    from statustui.core.error_lines import first_error_line, last_error_line
    from statustui.core.history import HistoryBuilder
    from statustui.core.query import QueryError, parse_query
    from statustui.core.run import RunDir, RunMetadata
    from statustui.core.run_builder import make_run
    from statustui.core.status_lines import format_line, parse_line, split_statuses
    from statustui.core.status_summary import StatusSummary
    from statustui.core.text import clean, clean_log_line

PLACE = RunDir("r", "r/1", "1", "test")


def check_file(data: bytes, cut: int) -> None:
    """A status file, read at once and in two pieces."""
    whole, newline, torn = data.rpartition(b"\n")
    block = whole + newline
    statuses = split_statuses(block)
    tally = StatusSummary().add(block, len(block))
    end = block.rfind(b"\n", 0, cut) + 1
    pieces = StatusSummary().add(block[:end], end).add(block[end:], len(block))
    assert tally == pieces
    assert tally.status_count == len(statuses)
    builder = HistoryBuilder()
    builder.add(block)
    history = builder.history(torn)
    assert sum(entry.times for entry in history.entries) == history.status_count
    run = make_run(PLACE, RunMetadata(), tally, torn=torn)
    assert clean(run.headline).isprintable()
    for status in statuses:
        again = parse_line(format_line(status)) if status.when is not None else None
        assert again is None or again.when is not None


def check_line(data: bytes) -> None:
    """One line, of a status file or of a log, and a filter."""
    line = data.replace(b"\n", b"")
    status = parse_line(line)
    assert status is None or clean(status.note).isprintable()
    assert clean_log_line(line).isprintable()
    assert (first_error_line(data) < 0) == (last_error_line(data) < 0)
    with contextlib.suppress(QueryError):
        parse_query(data.decode("utf-8", "replace")).matches(
            make_run(PLACE, RunMetadata(), StatusSummary()), 0.0
        )


def check(data: bytes) -> None:
    """What atheris calls."""
    check_file(data, len(data) // 2)
    check_line(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
