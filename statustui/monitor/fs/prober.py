"""Calls that may never come back, such as those on a mount whose server is dead."""

from __future__ import annotations

import errno
import os
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from statustui.monitor.fs.deadline import NO_ANSWER, start_thread

Result = TypeVar("Result")

_LEAST = 0.1
"""Share of the usual time for which a call is waited for, however many others hang."""


class About(NamedTuple):
    """What a call asks."""

    place: str | None = None
    """While a call about the same place hangs, there is no other."""
    user: int | None = None
    """Who has made the call necessary, by number; nobody can use up the calls of others."""

    @classmethod
    def link(cls, folder: str, user: int | None) -> About:
        """What is at, or behind, `folder`, which may be a link of that user."""
        try:
            return cls(os.path.join(os.path.dirname(folder), os.readlink(folder)), user)
        except OSError:
            return cls(folder, user)


_ANYTHING = About()


class Stuck:
    """The calls that hang; several probers can share it.

    Args:
        most: Calls that may hang at a time. While so many do, every further one is refused.
        share: Calls because of one user that may.
    """

    def __init__(self, most: int = 64, share: int = 8) -> None:
        """Start with none."""
        self.lock = threading.Lock()
        self._most = most
        self._share = share
        self._calls: list[About] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._calls)

    def refuses(self, about: About) -> bool:
        """Whether there is one about the same already, or there are too many."""
        with self.lock:
            by_place = about.place is not None and any(
                call.place == about.place for call in self._calls
            )
            by_user = about.user is not None and self._share <= sum(
                call.user == about.user for call in self._calls
            )
            return len(self._calls) >= self._most or by_place or by_user

    def add(self, about: About) -> None:
        """Take note of one, with the lock."""
        self._calls.append(about)

    def remove(self, about: About) -> None:
        """Take note that one has come back, with the lock."""
        self._calls.remove(about)


class Prober:
    """Makes calls on a thread of its own, and gives up on those that do not answer.

    The thread of such a call is left to it and replaced. The threads are daemons: none keeps the
    program from ending.

    Args:
        limit: Seconds without an answer after which a call is given up; the more calls hang, the
            fewer.
        stuck: The calls that hang.
    """

    def __init__(self, limit: float, stuck: Stuck | None = None) -> None:
        self._limit = limit
        self._stuck = Stuck() if stuck is None else stuck
        self._own = threading.local()
        self._tasks: queue.SimpleQueue[_Task | None] | None = None

    def call(self, work: Callable[[], Result], about: About = _ANYTHING) -> Result:
        """Do `work`, which is called from one thread at a time.

        Args:
            work: What to do. If it takes long, it calls `beat` now and then.
            about: What it asks.

        Raises:
            TimeoutError: It has not come back in time, or others have not so far.
            NoThreadError: No thread can be started.
            Exception: Whatever the work has raised.
        """
        if self._stuck.refuses(about):
            raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)
        if self._tasks is None:
            self._tasks = self._start()
        task = _Task(work, about)
        self._tasks.put(task)
        if not self._wait(task):
            with self._stuck.lock:
                # It may have come back in this very moment.
                if not task.is_done.is_set():
                    task.is_given_up = True
                    self._stuck.add(about)
                    self._tasks = None
                    raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)
        if task.error is not None:
            raise task.error
        result: Result = task.result
        return result

    def _wait(self, task: _Task) -> bool:
        limit = self._limit * max(_LEAST, 1 / (1 + len(self._stuck)))
        while not task.is_done.wait(max(0.0, task.answered_at + limit - time.monotonic())):
            if time.monotonic() - task.answered_at >= limit:
                return False
        return True

    def beat(self) -> None:
        """Called by work that is under way: what it asks has answered.

        Raises:
            TimeoutError: It has been given up meanwhile.
        """
        task: _Task = self._own.task
        task.answered_at = time.monotonic()
        if task.is_given_up:
            raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)

    def close(self) -> None:
        """Let the thread end."""
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
                    self._stuck.remove(task.about)
                    return


class _Task:
    def __init__(self, work: Callable[[], Any], about: About) -> None:
        self.work = work
        self.about = about
        self.answered_at = time.monotonic()
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = threading.Event()
        self.is_given_up = False
