"""Opening the screen of the monitor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from statustui.cli.options import Failure
from statustui.core.text import clean
from statustui.monitor.batch import Deliver
from statustui.monitor.fs.deadline import NO_ANSWER, ask
from statustui.monitor.poll_policy import Settings
from statustui.monitor.source import Source
from statustui.settings.config import Config
from statustui.startup.splash import Splash
from statustui.startup.terminal import has_glyphs, has_keyboard, is_dumb

if TYPE_CHECKING:
    from statustui.settings.session_state import SessionState

AT_ONCE = 1.0
"""Seconds that the screen waits at most for files in the user's home."""


class _LateMonitor:
    """A monitor that is imported when it is to start: the first frame has no need of it."""

    def __init__(self, roots: Sequence[str], settings: Settings) -> None:
        """Prepare to watch `roots`."""
        self._roots = roots
        self._settings = settings
        self._source: Source | None = None

    def start(self, deliver: Deliver) -> None:
        """Begin."""
        from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - see above

        self._source = Monitor(self._roots, self._settings)
        self._source.start(deliver)

    def look_now(self) -> None:
        """Look at everything again."""
        if self._source is not None:
            self._source.look_now()

    def look_at(self, path: str) -> None:
        """Look at one run soon."""
        if self._source is not None:
            self._source.look_at(path)

    def stop(self) -> None:
        """End at once."""
        if self._source is not None:
            self._source.stop()


class Crash(Exception):  # noqa: N818 - not an error of its own
    """The screen has crashed.

    Attributes:
        words: What to tell the user.
    """

    def __init__(self, words: list[str]) -> None:
        """Take what there is to tell."""
        super().__init__(*words)
        self.words = words


def open_monitor(
    splash: Splash,
    roots: Sequence[str],
    config: Config,
    *,
    mouse: bool = True,
    remembers: bool = True,
) -> None:
    """Open the monitor; only now is Textual imported.

    Raises:
        Failure: The terminal is none that the monitor can be shown on.
    """
    if is_dumb(os.environ):
        raise Failure("this terminal shows no screen (TERM); `statustui list` prints the runs")
    if not has_keyboard():
        raise Failure("there is no terminal to read keys from; `statustui list` prints the runs")
    # The size of the terminal is what the terminal says, whatever a shell has exported once.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if config.ascii is None:
        config = replace(config, ascii=not has_glyphs(os.environ))
    from statustui.tui.app import StatusApp  # noqa: PLC0415 - takes most of a start

    config, session = _recall(config, roots) if remembers else (config, None)
    app = StatusApp(_LateMonitor(roots, config.settings), roots, config=config, session=session)
    splash.hand_over()
    app.run(mouse=mouse)
    if app.failure is not None:
        raise Failure(app.failure)
    if app.last_words:
        raise Crash(app.last_words)
    if app.return_code:
        raise SystemExit(app.return_code)


def _recall(config: Config, roots: Sequence[str]) -> tuple[Config, SessionState | None]:
    """What is remembered of earlier sessions, and the configuration with it."""
    from statustui.settings.session_state import SessionState, state_directory  # noqa: PLC0415 - only the monitor has one

    place = state_directory()
    try:
        memory = ask(partial(SessionState, place, roots), AT_ONCE)
    except OSError as error:
        trouble = clean(f"{place}: {error.strerror or NO_ANSWER}: nothing is remembered")
        return replace(config, mistakes=(*config.mistakes, trouble)), None
    return memory.recall(config), memory
