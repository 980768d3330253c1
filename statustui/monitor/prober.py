"""Calls that may never come back, such as those on a mount whose server is dead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class Prober:
    """Makes calls on a thread of its own, and gives up on those that take too long.

    The thread of such a call is left to it and replaced. The threads are daemons: none keeps the
    program from ending.

    Args:
        limit: Seconds after which a call is given up.
        most_stuck: Threads that may hang at a time. While so many do, every call is refused.
    """

    def __init__(self, limit: float, most_stuck: int = 4) -> None:
        self._limit = limit
        self._most_stuck = most_stuck
        self._lock = threading.Lock()
        self._stuck = 0
        self._tasks: queue.SimpleQueue[_Task | None] | None = None

    def call(self, work: Callable[[], Result]) -> Result:
        """Do `work`, which is called from one thread at a time.

        Raises:
            TimeoutError: It has not come back in time, or others have not so far.
            Exception: Whatever the work has raised.
        """
        if self._stuck >= self._most_stuck:
            raise TimeoutError("not answering")
        if self._tasks is None:
            self._tasks = queue.SimpleQueue()
            threading.Thread(
                target=self._serve, args=(self._tasks,), name="prober", daemon=True
            ).start()
        task = _Task(work)
        self._tasks.put(task)
        if not task.is_done.wait(self._limit):
            with self._lock:
                # It may have come back in this very moment.
                if not task.is_done.is_set():
                    task.is_given_up = True
                    self._stuck += 1
                    self._tasks = None
                    raise TimeoutError("not answering")
        if task.error is not None:
            raise task.error
        result: Result = task.result
        return result

    def close(self) -> None:
        """Let the thread end."""
        if self._tasks is not None:
            self._tasks.put(None)
            self._tasks = None

    def _serve(self, tasks: queue.SimpleQueue[_Task | None]) -> None:
        while (task := tasks.get()) is not None:
            try:
                task.result = task.work()
            except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked
                task.error = error
            with self._lock:
                task.is_done.set()
                if task.is_given_up:
                    self._stuck -= 1
                    return


class _Task:
    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = threading.Event()
        self.is_given_up = False
