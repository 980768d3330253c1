"""Threads that read many runs at once, for filesystems whose every answer takes a while."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class ReaderPool(Generic[Task, Result]):
    """Some threads that do the same work on many things.

    They are daemons: one that is stuck in a file call does not keep the program from ending.

    Args:
        work: What is done.
        size: How many threads; with one the caller's own thread does the work.
    """

    def __init__(self, work: Callable[[Task], Result], size: int) -> None:
        """Start the threads."""
        self.size = size
        self._work = work
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Result] | BaseException] = queue.SimpleQueue()
        for number in range(size if size > 1 else 0):
            threading.Thread(target=self._serve, name=f"reader {number}", daemon=True).start()

    def do(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Do the work on every task; the results come as they are ready.

        Raises:
            BaseException: Whatever the work has raised, once all other results have come.
        """
        if self.size <= 1:
            yield from map(self._work, tasks)
            return
        count = 0
        for task in tasks:
            self._tasks.put(task)
            count += 1
        failure: BaseException | None = None
        for _ in range(count):
            result = self._results.get()
            if isinstance(result, BaseException):
                failure = result
            else:
                yield result[0]
        if failure is not None:
            raise failure

    def dismiss(self) -> None:
        """Let the threads end."""
        for _ in range(self.size if self.size > 1 else 0):
            self._tasks.put(None)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._results.put((self._work(task),))
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
                self._results.put(error)
