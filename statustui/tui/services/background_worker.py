"""A thread for work that the screen must not wait for."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

Task: TypeAlias = Callable[[], object]


class BackgroundWorker:
    """Runs tasks one after the other on a daemon thread, which never delays the exit.

    Args:
        limit: How many tasks can wait at a time.
    """

    def __init__(self, limit: int) -> None:
        self._tasks: queue.Queue[Task] = queue.Queue(limit)
        self._thread: threading.Thread | None = None

    def queue_task(self, task: Task) -> bool:
        """Run a task in its turn; return at once.

        Returns:
            Whether there was room for it.
        """
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            return False
        if self._thread is None:
            thread = threading.Thread(target=self._work, daemon=True)
            # If the user may start no more threads, the next task tries again.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread
        return True

    def wait(self, timeout: float) -> None:
        """Wait until all waiting tasks are done, for at most `timeout` seconds."""
        done = threading.Event()
        if self._thread is not None and self.queue_task(done.set):
            done.wait(timeout)

    def _work(self) -> None:
        while True:
            # A task that fails must not keep the next ones from running.
            with contextlib.suppress(Exception):
                self._tasks.get()()
