"""Work that must keep nobody waiting: done one after the other, on a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

Task: TypeAlias = Callable[[], object]


class BackgroundWorker:
    """A thread that does one thing after the other, and keeps the program from nothing.

    Args:
        most: How many may wait at a time.
    """

    def __init__(self, most: int) -> None:
        """Start without work, and without a thread."""
        self._waiting: queue.Queue[Task] = queue.Queue(most)
        self._thread: threading.Thread | None = None

    def put(self, chore: Task) -> bool:
        """Have something done when its turn comes; never waits.

        Returns:
            Whether there was room for it.
        """
        try:
            self._waiting.put_nowait(chore)
        except queue.Full:
            return False
        if self._thread is None:
            # What takes its time must not keep the program from ending.
            thread = threading.Thread(target=self._work, daemon=True)
            # Where the user may have no more threads, the next chore tries again.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread
        return True

    def finish(self, within: float) -> None:
        """Wait until all that waits now is done, but for no more than `within` seconds."""
        done = threading.Event()
        if self._thread is not None and self.put(done.set):
            done.wait(within)

    def _work(self) -> None:
        while True:
            # One that fails in a way of its own keeps no other from being done.
            with contextlib.suppress(Exception):
                self._waiting.get()()
