"""Reading the history in a status file, and what is appended to it."""

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

_QUICK = 1 << 16
"""Bytes at the end of a large file that are shown before the rest has been read."""
_LARGE = 4 * _QUICK


class HistoryFile:
    """The status file of one run, read on from where the last reading has ended.

    Args:
        path: The status file.
    """

    def __init__(self, path: str) -> None:
        """Start with nothing read."""
        self._path = path
        self._signature: Signature | None = None
        self._mark: Bookmark | None = None
        self._offset = self._readings = 0
        self._builder = HistoryBuilder()

    def read(self, is_needed: Callable[[], bool] = lambda: True) -> Iterator[History]:
        """Read what is new.

        Args:
            is_needed: Asked now and then whether to go on; if not, nothing more comes.

        Yields:
            Nothing if the file is as it was. Of a large file that has not been read yet first the
            history in the end of it; then the whole one.

        Raises:
            OSError: The file cannot be read, or is not a regular file.
        """
        with opened(self._path) as (descriptor, state):
            signature = signature_of(state)
            if signature == self._signature:
                return
            if self._mark is None or not self._mark.holds(descriptor, state):
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
            self._mark = Bookmark.at(descriptor, state, self._offset)
            self._signature = signature
        yield self._builder.history(torn, state.st_mtime)

    def _begin(self, descriptor: int, state: os.stat_result) -> Iterator[History]:
        """Start anew, with a quick look at the end of a large file."""
        size = state.st_size
        self._offset = line_start(descriptor, size - MAX_STATUS_BYTES)
        self._readings += 1
        self._builder = HistoryBuilder(skipped=self._offset, generation=self._readings)
        self._mark = None
        if size - self._offset > _LARGE:
            start = line_start(descriptor, size - _QUICK)
            quick = HistoryBuilder(skipped=start, is_whole=False)
            torn = b""
            for block, _end in read_blocks(descriptor, start):
                if block.endswith(b"\n"):
                    quick.add(block)
                else:
                    torn = block
            yield quick.history(torn, state.st_mtime)
