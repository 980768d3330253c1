"""Where the batches on screen come from, seen from the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from statustui.core.status_file import StatusInfo
from statustui.monitor.batch import Deliver

History: TypeAlias = tuple[StatusInfo, ...] | OSError
"""Every status of a run, oldest first, or why they cannot be read."""


class Source(Protocol):
    """Where batches come from: a `Monitor`, or a stand-in for one."""

    def start(self, deliver: Deliver) -> None:
        """Begin; `deliver` is called from threads of the source."""

    def look_now(self) -> None:
        """Look at everything again without waiting for the interval to pass."""

    def read_history(self, path: str, deliver: Callable[[History], object]) -> None:
        """Read every status of the run at `path`; `deliver` is called from another thread."""

    def stop(self) -> None:
        """End at once, without waiting for a filesystem that does not answer."""
