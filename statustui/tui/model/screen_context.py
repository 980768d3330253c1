"""What all screens share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from statustui.settings.config import Config
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.filter_typing import FilterHistory
from statustui.tui.model.root_states import RootStates
from statustui.tui.model.store import RunStore

if TYPE_CHECKING:
    from statustui.monitor.run.comparison import Compare
    from statustui.monitor.run.histories import ReadHistories
    from statustui.monitor.run.inspection import Inspect
    from statustui.tui.model.hold import Hold


class ScreenContext(NamedTuple):
    """The state and the services that the application hands to its screens."""

    store: RunStore
    """All runs."""
    roots: RootStates
    inspect: Inspect
    """Starts to read the files of one run."""
    compare: Compare
    """Starts to compare the files of two runs."""
    read_histories: ReadHistories
    """Starts a reader of the histories of many runs."""
    display: DisplayOptions
    clock: Callable[[], float]
    """Gives the current time in seconds since 1970."""
    config: Config
    filters: FilterHistory
    """The filters that the user has kept."""
    hold: Hold
    """Whether changes wait, so that the picture stands still."""
    wake: Callable[[], object] = lambda: None
    """Goes on with what the store has not finished."""
    has_hints: bool = False
    """Whether to show hints for somebody who is new to the program."""
