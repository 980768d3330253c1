"""Access to a filesystem that may never answer."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

PATIENCE = 10.0
"""Default number of seconds without an answer after which a filesystem is given up."""
NO_ANSWER = "not answering"
"""Reason in the error of a filesystem that does not answer."""

_NOTICE_INTERVAL = 0.2
"""Seconds between two calls of `on_wait`."""

Answer = TypeVar("Answer")
Heartbeat: TypeAlias = Callable[[], object]
"""To be called whenever the filesystem has answered."""


class NoThreadError(OSError):
    """No thread can be started: the user has too many processes (``ulimit -u``)."""


def start_thread(work: Callable[[], object], name: str) -> None:
    """Run `work` in a thread that does not keep the program from exiting.

    Raises:
        NoThreadError: No thread can be started.
    """
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError as error:  # pragma: no cover - a test of whole processes sees it
        raise NoThreadError(errno.EAGAIN, "no thread can be started") from error


class Question(Generic[Answer]):
    """Work on files in a thread of its own, whose result others can wait for.

    The thread is a daemon: if it hangs in a file call, it does not keep the program from exiting.

    Args:
        work: The function; its argument is a `Heartbeat`.
        name: Name of the thread.

    Raises:
        NoThreadError: No thread can be started.
    """

    def __init__(self, work: Callable[[Heartbeat], Answer], name: str = "question") -> None:
        self._work = work
        self._answers: list[Answer] = []
        self._failure: BaseException | None = None
        self._is_done = threading.Event()
        self._answered_at = time.monotonic()
        start_thread(self._serve, name)

    def answer(self, patience: float, on_wait: Callable[[], object] = lambda: None) -> Answer:
        """Wait for the result of the work.

        Args:
            patience: Seconds to wait after each heartbeat.
            on_wait: Called every `_NOTICE_INTERVAL` seconds while waiting.

        Raises:
            TimeoutError: No heartbeat has come for so long; the work may still go on.
            BaseException: The exception of the work.
        """
        while not self._is_done.wait(min(_NOTICE_INTERVAL, self._left(patience))):
            if not self._left(patience):
                raise TimeoutError(errno.ETIMEDOUT, NO_ANSWER)
            on_wait()
        if self._failure is not None:
            raise self._failure
        return self._answers[0]

    def _left(self, patience: float) -> float:
        return max(0.0, self._answered_at + patience - time.monotonic())

    def _mark_answered(self) -> None:
        self._answered_at = time.monotonic()

    def _serve(self) -> None:
        try:
            self._answers.append(self._work(self._mark_answered))
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            self._failure = error
        self._is_done.set()


def ask(work: Callable[[], Answer], patience: float) -> Answer:
    """Run `work` in a thread, and wait for its result for `patience` seconds.

    Raises:
        TimeoutError: It has not finished in time.
        BaseException: The exception of the work.
    """
    return Question(lambda _beat: work()).answer(patience)
