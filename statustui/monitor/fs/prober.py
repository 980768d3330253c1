"""Calls that may never return, such as those on a mount whose server is dead."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from statustui.monitor.fs.deadline import NO_ANSWER, start_thread

Result = TypeVar("Result")

_MIN_LIMIT_SHARE = 0.1
"""Least share of the time limit that a call gets, however many others hang."""


class CallTarget(NamedTuple):
    """What a call accesses, and on whose account."""

    place: str | None = None
    """A path; while a call on it hangs, further calls on it are refused."""
    user: int | None = None
    """Id of the user who owns the link that leads there; limits the calls on their account."""

    @classmethod
    def link(cls, folder: str, user: int | None) -> CallTarget:
        """Return the target of calls on `folder`, which may be a link of `user`."""
        try:
            return cls(os.path.join(os.path.dirname(folder), os.readlink(folder)), user)
        except OSError:
            return cls(folder, user)


_NO_TARGET = CallTarget()


class Stuck:
    """The calls that hang; several probers can share it.

    Args:
        max_calls: Number of hung calls from which every further call is refused.
        max_calls_of_user: The same for calls on the account of one user.
    """

    def __init__(self, max_calls: int = 64, max_calls_of_user: int = 8) -> None:
        self.lock = threading.Lock()
        self._max_calls = max_calls
        self._max_calls_of_user = max_calls_of_user
        self._calls: list[CallTarget] = []

    def __len__(self) -> int:
        """Return the number of hung calls."""
        return len(self._calls)

    def refuses(self, target: CallTarget) -> bool:
        """Return whether a call on the same place hangs already, or too many calls hang."""
        with self.lock:
            by_place = target.place is not None and any(
                call.place == target.place for call in self._calls
            )
            by_user = target.user is not None and self._max_calls_of_user <= sum(
                call.user == target.user for call in self._calls
            )
            return len(self._calls) >= self._max_calls or by_place or by_user

    def add(self, target: CallTarget) -> None:
        """Add a hung call; the caller holds the lock."""
        self._calls.append(target)

    def remove(self, target: CallTarget) -> None:
        """Remove a call that has returned; the caller holds the lock."""
        self._calls.remove(target)


class Prober:
    """Makes calls on a thread of its own, and gives up calls that do not answer.

    The thread of a hung call is abandoned and replaced. The threads are daemons: they do not keep
    the program from exiting.

    Args:
        limit: Seconds without an answer after which a call is given up; shorter while others hang.
        stuck: The calls that hang.
    """

    def __init__(self, limit: float, stuck: Stuck | None = None) -> None:
        self._limit = limit
        self._stuck = Stuck() if stuck is None else stuck
        self._own = threading.local()
        self._tasks: queue.SimpleQueue[_Task | None] | None = None

    def call(self, work: Callable[[], Result], target: CallTarget = _NO_TARGET) -> Result:
        """Call `work` on the thread, and return its result; not for several threads at once.

        Args:
            work: The function. If it takes long, it calls `mark_answered` from time to time.
            target: What it accesses.

        Raises:
            TimeoutError: It has not answered in time, or is refused because other calls hang.
            NoThreadError: No thread can be started.
            Exception: The exception of `work`.
        """
        if self._stuck.refuses(target):
            raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)
        if self._tasks is None:
            self._tasks = self._start()
        task = _Task(work, target)
        self._tasks.put(task)
        if not self._wait(task):
            with self._stuck.lock:
                # It may have returned just now.
                if not task.is_done.is_set():
                    task.is_given_up = True
                    self._stuck.add(task.target)
                    self._tasks = None
                    raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)
        if task.error is not None:
            raise task.error
        result: Result = task.result
        return result

    def call_each(
        self, calls: Sequence[tuple[Callable[[], Result], CallTarget]]
    ) -> Iterator[Result | OSError]:
        """Make calls as `call` does, and hand over many at once while none hangs.

        Args:
            calls: Functions, and what they access.

        Yields:
            What each has returned, or the `OSError` that it has raised.

        Raises:
            Exception: One of them has raised it.
        """
        done = 0
        while done < len(calls):
            results = [] if len(self._stuck) else self._call_together(calls[done:])
            if not results:
                results = [self._call_one(*calls[done])]
            yield from results
            done += len(results)

    def _call_together(
        self, calls: Sequence[tuple[Callable[[], Result], CallTarget]]
    ) -> list[Result | OSError]:
        """Make calls one after the other until one hangs, or they have taken a while.

        Returns:
            The results of those that were made.
        """
        end = time.monotonic() + self._limit
        results: list[Result | OSError] = []

        def work() -> None:
            for function, target in calls:
                self._aim(target)
                try:
                    results.append(function())
                except OSError as error:
                    results.append(error)
                if time.monotonic() >= end:
                    return

        # That of a call that hangs may still come, but none after it.
        with contextlib.suppress(OSError):
            self.call(work, calls[0][1])
        return [*results]

    def _call_one(self, function: Callable[[], Result], target: CallTarget) -> Result | OSError:
        try:
            return self.call(function, target)
        except OSError as error:
            return error

    def _aim(self, target: CallTarget) -> None:
        """Record, from within `work`, what it accesses now.

        Raises:
            TimeoutError: The call has been given up.
        """
        with self._stuck.lock:
            self.mark_answered()
            self._own.task.target = target

    def _wait(self, task: _Task) -> bool:
        limit = self._limit * max(_MIN_LIMIT_SHARE, 1 / (1 + len(self._stuck)))
        while not task.is_done.wait(max(0.0, task.answered_at + limit - time.monotonic())):
            if time.monotonic() - task.answered_at >= limit:
                return False
        return True

    def mark_answered(self) -> None:
        """Record, from within `work`, that its target has answered.

        Raises:
            TimeoutError: The call has been given up.
        """
        task: _Task = self._own.task
        task.answered_at = time.monotonic()
        if task.is_given_up:
            raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)

    def close(self) -> None:
        """End the thread once it is idle."""
        if self._tasks is not None:
            self._tasks.put(None)
            self._tasks = None

    def _start(self) -> queue.SimpleQueue[_Task | None]:
        tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        start_thread(partial(self._serve, tasks), "prober")
        return tasks

    def _serve(self, tasks: queue.SimpleQueue[_Task | None]) -> None:
        while (task := tasks.get()) is not None:
            self._own.task = task
            try:
                task.result = task.work()
            except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked
                task.error = error
            with self._stuck.lock:
                task.is_done.set()
                if task.is_given_up:
                    self._stuck.remove(task.target)
                    return


class _Task:
    def __init__(self, work: Callable[[], Any], target: CallTarget) -> None:
        self.work = work
        self.target = target
        self.answered_at = time.monotonic()
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = threading.Event()
        self.is_given_up = False
