"""The entry point to watching: a `Monitor` delivers batches of changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from statustui.monitor.batch import Deliver
from statustui.monitor.capacity import Capacity
from statustui.monitor.events.platform import watch_limit
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_poller import RootPoller
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.usage import RootUsage
from statustui.scheduler.answers import Call
from statustui.scheduler.asker import Asker

_MAX_SILENCE = 2.0
"""Seconds without an answer after which a filesystem is reported as silent."""


class Monitor:
    """Watches directory trees, each in threads of its own.

    Where roots overlap, a run belongs to the innermost one. The threads are daemons: a thread that
    hangs in a file call does not keep the program from exiting.

    Args:
        roots: The directories, as the user gave them.
        settings: How to watch them.
    """

    def __init__(self, roots: Sequence[str], settings: Settings | None = None) -> None:
        self._roots = list(dict.fromkeys(roots))
        settings = settings or Settings()
        asker = settings.asker
        if settings.scheduler == "auto" and asker is None:
            asker = Asker(settings.ask_every, settings.ask_unattended)
        capacity = settings.capacity or Capacity.of()
        self._settings = settings._replace(asker=asker, capacity=capacity)
        self._pollers: list[RootPoller] = []
        self._stopped = threading.Event()

    def start(self, deliver: Deliver) -> None:
        """Start watching; `deliver` is called on the threads of the monitor."""
        registry = RootRegistry(len(self._roots))
        limit = watch_limit()
        share = None if limit is None else limit // len(self._roots)
        self._pollers = [
            RootPoller(
                root,
                self._settings,
                number=number,
                registry=registry,
                max_watches=share,
                deliver=deliver,
            )
            for number, root in enumerate(self._roots)
        ]
        for poller in self._pollers:
            poller.start()
        if self._settings.asker is not None:
            self._settings.asker.start()
        threading.Thread(target=self._watch_for_silence, name="monitor", daemon=True).start()

    def _watch_for_silence(self) -> None:
        """Report every second which filesystems have not answered for too long."""
        while not self._stopped.wait(1.0):
            for poller in self._pollers:
                poller.report_silence(_MAX_SILENCE)

    def check_all(self) -> None:
        """Check everything now, without waiting for the interval to pass."""
        for poller in self._pollers:
            poller.check_all()
        if self._settings.asker is not None:
            self._settings.asker.hurry()

    def reread(self, path: str) -> None:
        """Read the run at `path` again now, because the user has opened it."""
        if self._settings.asker is not None:
            self._settings.asker.mark_attended()
        for poller in self._pollers:
            poller.reread(path)

    def usage(self) -> list[RootUsage]:
        """Return what has been asked of the filesystem of each root so far."""
        return [poller.usage for poller in self._pollers]

    def readers_of(self, _root: str) -> None:
        """Return None: this program itself reads the files of runs."""

    def ask_user(self, _tell: object) -> None:
        """Do nothing: no root needs its user."""

    def stop(self) -> None:
        """Stop watching; a file call that is under way may still deliver its result."""
        self._stopped.set()
        for poller in self._pollers:
            poller.stop()
        if self._settings.asker is not None:
            self._settings.asker.stop()

    @property
    def asked_at(self) -> float:
        """When the scheduler was asked last, in seconds since 1970; infinite if it never is."""
        asker = self._settings.asker
        return float("inf") if asker is None else asker.answers.asked

    @property
    def calls(self) -> tuple[Call, ...]:
        """The last calls of the scheduler, oldest first."""
        asker = self._settings.asker
        return () if asker is None else asker.calls
