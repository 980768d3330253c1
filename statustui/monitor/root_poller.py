"""The thread that watches one root."""

from __future__ import annotations

import queue
import threading
import time

from statustui.monitor.batch import Deliver, RootHealth
from statustui.monitor.poll_loop import PollLoop
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.usage import RootUsage, Usage

_MAX_CLAIM_WAIT = 1.0
"""Seconds to wait at most for the other roots to register their real paths."""


class RootPoller:
    """Watches one root in a thread of its own.

    Args:
        root: The directory, as the user gave it.
        settings: How to watch.
        number: The root's number in `registry`.
        registry: The real paths of all roots.
        max_watches: How many directories may be watched for events; None for no limit.
        deliver: Receives the batches, on the poller's thread.
    """

    def __init__(  # noqa: PLR0913 - settings of the root, and what all roots share
        self,
        root: str,
        settings: Settings,
        *,
        number: int,
        registry: RootRegistry,
        max_watches: int | None,
        deliver: Deliver,
    ) -> None:
        self.root = root
        self._settings = settings
        self._number = number
        self._registry = registry
        self._max_watches = max_watches
        self._publisher = RootPublisher(root, deliver)
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._wants_everything = threading.Event()
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._started_at = time.monotonic()
        self._loop: PollLoop | None = None

    # Called from other threads.

    def start(self) -> None:
        """Start the thread; it does not keep the program from ending."""
        threading.Thread(target=self._run, name=f"poll {self.root}", daemon=True).start()

    def stop(self) -> None:
        """Stop the thread after the file call that is under way."""
        self._stopped.set()
        self._publisher.close()
        self._wake.set()

    def check_all(self) -> None:
        """Check everything now."""
        self._wants_everything.set()
        self._wake.set()

    def reread(self, path: str) -> None:
        """Read the run at `path` again now, if it is below this root."""
        self._wanted.put(path)
        self._wake.set()

    @property
    def usage(self) -> RootUsage:
        """What has been asked of the filesystem so far."""
        return RootUsage(self.root, Usage() if self._loop is None else self._loop.scanner.usage)

    def report_silence(self, patience: float) -> None:
        """Publish how long the filesystem has been silent, if longer than `patience` seconds."""
        since = self._started_at if self._loop is None else self._loop.scanner.waiting_since
        silent = 0.0 if since is None else time.monotonic() - since
        if silent > patience:
            self._publisher.report_silence(silent)

    # The thread.

    def _run(self) -> None:
        loop = PollLoop(
            self.root,
            self._settings,
            max_watches=self._max_watches,
            publisher=self._publisher,
            stopped=self._stopped,
            wake=self._wake,
        )
        self._loop = loop
        self._registry.claim(self._number, loop.scanner.real_root, _MAX_CLAIM_WAIT)
        if self._registry.is_taken(self._number):
            same = RootHealth(self.root, swept=True, fallback="the same directory as another root")
            self._publisher.publish(same)
        else:
            while True:
                self._wake.clear()
                # Whoever stops it later wakes it again.
                if self._stopped.is_set():
                    break
                others = self._registry.others(self._number)
                if self._wants_everything.is_set():
                    self._wants_everything.clear()
                    loop.check_everything()
                wanted = [self._wanted.get() for _ in range(self._wanted.qsize())]
                loop.run_round(others, wanted)
                self._wake.wait(loop.pause)
        loop.close()
