"""Threads that read many runs at once, for filesystems on which each answer takes a while."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class ReaderPool(Generic[Task, Result]):
    """Threads that apply one function to many tasks.

    They are daemons: a thread that hangs in a file call does not keep the program from exiting.

    Args:
        work: The function.
        size: How many threads to start; with 1 the caller's own thread does the work.
    """

    def __init__(self, work: Callable[[Task], Result], size: int) -> None:
        self.size = size
        self._work = work
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Result] | BaseException] = queue.SimpleQueue()
        for number in range(size if size > 1 else 0):
            threading.Thread(target=self._serve, name=f"reader {number}", daemon=True).start()

    def map_unordered(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Apply the function to every task, and yield each result as soon as it is ready.

        Raises:
            BaseException: An exception of the function, after all other results.
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

    def close(self) -> None:
        """End the threads once they are idle."""
        for _ in range(self.size if self.size > 1 else 0):
            self._tasks.put(None)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._results.put((self._work(task),))
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
                self._results.put(error)
