"""What the application expects of a screen that follows the runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from statustui.core.run import Run
from statustui.monitor.batch import Batch

if TYPE_CHECKING:
    from statustui.tui.model.help_entries import Section


class LiveScreen(Screen[None]):
    """A screen that is kept up to date with the run store.

    The update loop of the application works in two steps:

    1. `apply_batch` for every batch, right after the store has applied it. There can be many
       between two frames, so it takes in what it needs and draws nothing.
    2. `refresh_view` at most five times a second, if any batch was applied since the last time. It
       draws what has changed. A screen behind another one may leave that until it is resumed.
    """

    def apply_batch(self, batch: Batch) -> None:
        """Take in a batch that the store has just applied; draw nothing."""
        raise NotImplementedError

    def refresh_view(self) -> None:
        """Draw what has changed since the last call."""
        raise NotImplementedError

    def help_sections(self) -> Iterable[Section]:
        """Return what the help says of this screen besides the keys."""
        raise NotImplementedError

    @property
    def targets(self) -> Sequence[Run]:
        """The runs that a command of the user, or muting, applies to."""
        raise NotImplementedError

    @property
    def targets_fail_alike(self) -> bool:
        """Whether these are all the runs of one failure, chosen as such."""
        return False

    @property
    def log_in_view(self) -> str | None:
        """The path of the log on the screen; None if there is none."""
        return None

    @property
    def is_on_top(self) -> bool:
        """Whether no other screen is in front of this one, not even a transparent one."""
        # While the program ends there is no screen at all.
        return self.app.screen_stack[-1:] == [self]
