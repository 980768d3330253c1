"""Read the history in a status file, and continue when the file grows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from statustui.core.history import History, HistoryBuilder
from statustui.core.reading import (
    MAX_STATUS_BYTES,
    Bookmark,
    Signature,
    line_start,
    opened,
    read_blocks,
    signature_of,
)

_PREVIEW_BYTES = 1 << 16
"""Bytes at the end of a large file that are read first, as a preview."""
_PREVIEW_FROM_BYTES = 4 * _PREVIEW_BYTES
"""Size from which a file is large enough for a preview."""


class HistoryFile:
    """The status file of one run; each read continues where the last one ended.

    Args:
        path: The status file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._signature: Signature | None = None
        self._bookmark: Bookmark | None = None
        self._offset = self._generation = 0
        self._builder = HistoryBuilder()

    def read(self, is_needed: Callable[[], bool] = lambda: True) -> Iterator[History]:
        """Read what has been appended since the last call.

        Args:
            is_needed: Called after each block; reading ends without a result if it returns False.

        Yields:
            The history, if the file has changed. The first read of a large file yields the history
            in the end of the file before that.

        Raises:
            OSError: The file cannot be read, or is not a regular file.
        """
        with opened(self._path) as (descriptor, state):
            signature = signature_of(state)
            if signature == self._signature:
                return
            if self._bookmark is None or not self._bookmark.holds(descriptor, state):
                yield from self._begin(descriptor, state)
            torn = b""
            for block, end in read_blocks(descriptor, self._offset, longest=MAX_STATUS_BYTES):
                if not is_needed():
                    return
                if block.endswith(b"\n"):
                    self._builder.add(block)
                    self._offset = end
                else:
                    torn = block
            self._bookmark = Bookmark.at(descriptor, state, self._offset)
            self._signature = signature
        yield self._builder.history(torn, state.st_mtime)

    def _begin(self, descriptor: int, state: os.stat_result) -> Iterator[History]:
        """Start at the beginning of the file; yield a preview of a large one."""
        size = state.st_size
        self._offset = line_start(descriptor, size - MAX_STATUS_BYTES)
        self._generation += 1
        self._builder = HistoryBuilder(skipped=self._offset, generation=self._generation)
        self._bookmark = None
        if size - self._offset > _PREVIEW_FROM_BYTES:
            start = line_start(descriptor, size - _PREVIEW_BYTES)
            preview = HistoryBuilder(skipped=start, is_whole=False)
            torn = b""
            for block, _end in read_blocks(descriptor, start):
                if block.endswith(b"\n"):
                    preview.add(block)
                else:
                    torn = block
            yield preview.history(torn, state.st_mtime)
