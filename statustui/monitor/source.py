"""The interface through which commands and screens receive batches of changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from statustui.monitor.batch import Deliver
from statustui.monitor.usage import RootUsage
from statustui.scheduler.answers import Call

if TYPE_CHECKING:
    from statustui.monitor.run.readers import Readers


class Source(Protocol):
    """Delivers batches of changes: a `Monitor`, or a stand-in for one."""

    def start(self, deliver: Deliver) -> None:
        """Start; `deliver` is called on threads of the source."""

    def check_all(self) -> None:
        """Check everything now, without waiting for the interval to pass."""

    def reread(self, path: str) -> None:
        """Read the run at `path` again soon, even if `stat` shows no change.

        For a run that the user has opened. Returns at once.
        """

    def usage(self) -> Sequence[RootUsage]:
        """Return what has been asked of the filesystem of each root so far; at once."""

    @property
    def calls(self) -> Sequence[Call]:
        """The last calls of the scheduler, the oldest first."""

    def readers_of(self, root: str) -> Readers | None:
        """Return what reads the files of runs below a root; None for this program itself."""

    def ask_user(self, tell: Callable[[str], object]) -> None:
        """Let ssh ask its user for what it needs, on the terminal; return when that is done.

        Args:
            tell: Called with each line of ssh.
        """

    def stop(self) -> None:
        """Stop at once, without waiting for a filesystem that does not answer."""
