"""Threads that read many runs at once, for filesystems on which each answer takes a while."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
_Results: TypeAlias = "queue.SimpleQueue[tuple[Result] | BaseException]"


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
        self._tasks: queue.SimpleQueue[tuple[Task, _Results[Result]] | None] = queue.SimpleQueue()
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
        # A queue for each call: what a call that was given up has left reaches no other.
        results: _Results[Result] = queue.SimpleQueue()
        count = 0
        for task in tasks:
            self._tasks.put((task, results))
            count += 1
        failure: BaseException | None = None
        for _ in range(count):
            result = results.get()
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
        while (request := self._tasks.get()) is not None:
            task, results = request
            try:
                results.put((self._work(task),))
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
                results.put(error)
