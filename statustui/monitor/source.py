"""Where the batches on screen come from, seen from the screen."""

from __future__ import annotations

from typing import Protocol

from statustui.monitor.batch import Deliver


class Source(Protocol):
    """Where batches come from: a `Monitor`, or a stand-in for one."""

    def start(self, deliver: Deliver) -> None:
        """Begin; `deliver` is called from threads of the source."""

    def look_now(self) -> None:
        """Look at everything again without waiting for the interval to pass."""

    def look_at(self, path: str) -> None:
        """Look at the run at `path` soon, and read it anew, whatever it looks like from outside.

        Somebody has it before him; never waits.
        """

    def stop(self) -> None:
        """End at once, without waiting for a filesystem that does not answer."""
