"""Histories for tests, without files."""

from __future__ import annotations

from statustui.core.history import History, HistoryBuilder


def history_of(block: bytes) -> History:
    """The history that stands in the whole text of a status file."""
    whole, newline, torn = block.rpartition(b"\n")
    builder = HistoryBuilder()
    builder.add(whole + newline)
    return builder.history(torn)
