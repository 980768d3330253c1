"""Opening the screen of the monitor."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from statustui.cli.console import warn
from statustui.cli.memory import tidy_memory
from statustui.cli.options import Failure
from statustui.cli.sources import connect
from statustui.core.text import clean
from statustui.monitor.fs.deadline import NO_ANSWER, ask
from statustui.scheduler.pace import MAX_UNATTENDED
from statustui.startup.crash_report import Crash
from statustui.startup.splash import Splash
from statustui.startup.terminal import has_glyphs, has_keyboard, is_dumb

if TYPE_CHECKING:
    from statustui.monitor.batch import Deliver
    from statustui.monitor.poll_policy import Settings
    from statustui.monitor.run.readers import Readers
    from statustui.monitor.source import Source
    from statustui.monitor.usage import RootUsage
    from statustui.remote.connections import Connections
    from statustui.scheduler.answers import Call
    from statustui.settings.config import Config
    from statustui.settings.session_state import SessionState

_CONNECT_SECONDS = 3.0
"""Seconds that the screen waits at most for hosts that might have to ask for a password."""
HOME_TIMEOUT = 1.0
"""Seconds that the first frame waits at most for files in the user's home."""


class _LateSource:
    """A source that is imported only when it starts: the first frame does not need it."""

    def __init__(
        self, roots: Sequence[str], settings: Settings, connections: Connections | None
    ) -> None:
        self._roots = roots
        self._settings = settings
        self._connections = connections
        self._source: Source | None = None

    def start(self, deliver: Deliver) -> None:
        """Start watching."""
        from statustui.remote.sources import open_source  # noqa: PLC0415 - see above

        self._source = open_source(self._roots, self._settings, self._connections)
        self._source.start(deliver)

    def check_all(self) -> None:
        """Check everything now."""
        if self._source is not None:
            self._source.check_all()

    def reread(self, path: str) -> None:
        """Check one run soon."""
        if self._source is not None:
            self._source.reread(path)

    def usage(self) -> Sequence[RootUsage]:
        """Return what has been asked of the filesystem of each root."""
        return () if self._source is None else self._source.usage()

    @property
    def calls(self) -> Sequence[Call]:
        """The last calls of the scheduler, the oldest first."""
        return () if self._source is None else self._source.calls

    def ask_user(self, tell: Callable[[str], object]) -> None:
        """Let ssh ask its user."""
        if self._source is not None:
            self._source.ask_user(tell)

    def readers_of(self, root: str) -> Readers | None:
        """Return what reads the files of runs below a root; None for this program itself."""
        return None if self._source is None else self._source.readers_of(root)

    def stop(self) -> None:
        """Stop at once."""
        if self._source is not None:
            self._source.stop()
        elif self._connections is not None:
            self._connections.close()


def open_monitor(
    splash: Splash,
    roots: Sequence[str],
    config: Config,
    *,
    mouse: bool = True,
    remembers: bool = True,
) -> None:
    """Import Textual and run the monitor until it is quit.

    Args:
        splash: The first frame, which is on screen already.
        roots: The directories to watch.
        config: The user's configuration.
        mouse: Whether to use the mouse.
        remembers: Whether to keep the session state.

    Raises:
        Failure: The terminal cannot display the monitor.
        Crash: An internal error occurred, and has been reported.
    """
    if is_dumb(os.environ):
        raise Failure("this terminal has no cursor addressing (TERM); use `statustui list`")
    if not has_keyboard():
        raise Failure("there is no terminal to read keys from; use `statustui list`")
    # Ask the terminal for its size: these may be stale exports of a shell.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if config.ascii is None:
        config = config._replace(ascii=not has_glyphs(os.environ))
    connections = connect(roots)
    from statustui.tui.app import StatusApp  # noqa: PLC0415 - most of the start-up time

    if connections is not None:
        connections.settle(_CONNECT_SECONDS, prepare=partial(_make_way, splash), tell=warn)
    config, session = _recall(config, roots) if remembers else (config, None)
    settings = config.settings._replace(ask_unattended=MAX_UNATTENDED)
    app = StatusApp(
        _LateSource(roots, settings, connections),
        roots,
        config=config,
        session=session,
        on_scanned=tidy_memory,
    )
    splash.hand_over()
    app.run(mouse=mouse)
    if app.failure is not None:
        raise Failure(app.failure)
    if app.last_words:
        raise Crash(app.last_words)
    if app.return_code:
        raise SystemExit(app.return_code)


def _make_way(splash: Splash) -> None:
    """Leave the terminal to ssh. Ctrl-C then ends the program as it ends a command."""
    splash.remove()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _recall(config: Config, roots: Sequence[str]) -> tuple[Config, SessionState | None]:
    """Return the configuration with what the user chose in earlier sessions, and that state."""
    from statustui.settings.session_state import SessionState, state_directory  # noqa: PLC0415 - only the monitor needs it

    place = state_directory()
    try:
        memory = ask(partial(SessionState, place, roots), HOME_TIMEOUT)
    except OSError as error:
        trouble = clean(f"{place}: {error.strerror or NO_ANSWER}: the session state is not kept")
        return config._replace(mistakes=(*config.mistakes, trouble)), None
    return memory.recall(config), memory
