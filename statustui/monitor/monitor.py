"""The one door to watching: a `Monitor` hands out batches of changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from statustui.monitor.batch import Deliver
from statustui.monitor.events.watcher import watch_limit
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_poller import RootPoller
from statustui.monitor.root_registry import RootRegistry

_PATIENCE = 2.0
"""Seconds after which a filesystem counts as not answering."""


class Monitor:
    """Watches directory trees, each in threads of its own.

    Of roots that overlap, each run belongs to the innermost one. The threads are daemons: one that
    is stuck in a file call does not keep the program from ending.

    Args:
        roots: The directories, each as it is to be shown.
        settings: How to watch them.
    """

    def __init__(self, roots: Sequence[str], settings: Settings | None = None) -> None:
        """Prepare to watch `roots`."""
        self._roots = list(dict.fromkeys(roots))
        self._settings = settings or Settings()
        self._pollers: list[RootPoller] = []
        self._stopped = threading.Event()

    def start(self, deliver: Deliver) -> None:
        """Begin watching; `deliver` is called from the threads of the monitor."""
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
        threading.Thread(target=self._listen_for_silence, name="monitor", daemon=True).start()

    def _listen_for_silence(self) -> None:
        """Tell which filesystems have not answered for too long."""
        while not self._stopped.wait(1.0):
            for poller in self._pollers:
                poller.report_silence(_PATIENCE)

    def look_now(self) -> None:
        """Look at everything again without waiting for the interval to pass."""
        for poller in self._pollers:
            poller.look_now()

    def look_at(self, path: str) -> None:
        """Read the run at `path` anew, now."""
        for poller in self._pollers:
            poller.look_at(path)

    def stop(self) -> None:
        """End; nothing is delivered any more but by a file call that is under way."""
        self._stopped.set()
        for poller in self._pollers:
            poller.stop()
