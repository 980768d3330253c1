"""Threads that read many runs at once, for filesystems whose every answer takes a while."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Crew(Generic[Task, Result]):
    """Some threads that do the same work on many things.

    They are daemons: one that is stuck in a file call does not keep the program from ending.

    Args:
        work: What is done; it must not raise.
        size: How many threads; with one the caller's own thread does the work.
    """

    def __init__(self, work: Callable[[Task], Result], size: int) -> None:
        """Start the threads."""
        self._work = work
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._size = size if size > 1 else 0
        for number in range(self._size):
            threading.Thread(target=self._serve, name=f"reader {number}", daemon=True).start()

    def do(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Do the work on every task; the results come as they are ready."""
        if not self._size:
            yield from map(self._work, tasks)
            return
        count = 0
        for task in tasks:
            self._tasks.put(task)
            count += 1
        for _ in range(count):
            yield self._results.get()

    def dismiss(self) -> None:
        """Let the threads end."""
        for _ in range(self._size):
            self._tasks.put(None)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._results.put(self._work(task))
