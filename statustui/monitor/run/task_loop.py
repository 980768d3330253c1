"""A thread that runs tasks, and checks for changes in between."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from statustui.monitor.fs.deadline import start_thread

_MIN_INTERVAL, _MAX_INTERVAL = 0.5, 5.0
"""Seconds between two checks: the least after a change, then growing up to the most."""
_INTERVAL_GROWTH = 1.3
"""Factor by which the interval grows after each check."""


class TaskLoop:
    """A thread that runs tasks, and checks for changes at growing intervals.

    Args:
        check: Checks whether anything has changed.
        run_task: Runs a task, and never raises.
        stopped: Set to end the thread.
    """

    def __init__(
        self,
        check: Callable[[], object],
        run_task: Callable[[Callable[[], object]], object],
        stopped: threading.Event,
    ) -> None:
        self.tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._interval = _MIN_INTERVAL
        self._check = check
        self._run_task = run_task
        self._stopped = stopped

    def start(
        self,
        name: str,
        then: Callable[[], object] = lambda: None,
        finally_do: Callable[[], object] = lambda: None,
    ) -> None:
        """Start the thread: check, run `then`, and run further tasks until it is stopped.

        Args:
            name: Name of the thread.
            then: The first task.
            finally_do: Called when the thread ends.

        Raises:
            NoThreadError: No thread can be started.
        """

        def serve() -> None:
            self._run_task(self._check_now)
            self._run_task(then)
            while not self._stopped.is_set():
                try:
                    task = self.tasks.get(timeout=self._interval)
                except queue.Empty:
                    task = self._check_now
                self._run_task(task)
            finally_do()

        start_thread(serve, name)

    def reset_interval(self) -> None:
        """Check at the least interval again, because something has changed."""
        self._interval = _MIN_INTERVAL

    def check(self) -> None:
        """Check now, or after the tasks that are waiting."""
        # Checks must not pile up while the filesystem does not answer.
        if self.tasks.empty():
            self.tasks.put(self._check_now)

    def _check_now(self) -> None:
        self._interval = min(self._interval * _INTERVAL_GROWTH, _MAX_INTERVAL)
        self._check()
