"""The theme: the user's, or one that suits the background of the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import App

from statustui.settings.config import Config
from statustui.tui.terminal.background import can_ask
from statustui.tui.terminal.driver import TerminalDriver

_DARK, _LIGHT = "ansi-dark", "ansi-light"


class ThemeChoice:
    """Sets the theme of the application.

    Args:
        app: The application.
        config: The configuration, which may name a theme.
    """

    def __init__(self, app: App[Any], config: Config) -> None:
        self._app = app
        wanted = config.theme
        has_theme = wanted in app.available_themes
        self._default: str | None = None if has_theme else _DARK
        """The theme that suits the terminal; None if the user has named one."""
        app.theme = wanted if wanted is not None and has_theme else _DARK
        self.complaint: str | None = None
        """What is wrong with the configured theme; None if nothing is."""
        if wanted is not None and not has_theme:
            self.complaint = config.complaint("theme", f"there is no {wanted}")

    @property
    def chosen(self) -> str | None:
        """The theme that the user has chosen; None if it goes by the terminal."""
        return None if self._app.theme == self._default else self._app.theme

    def ask(self, driver: object, environ: Mapping[str, str]) -> None:
        """Ask the terminal for its background, if that decides anything."""
        is_wanted = self.chosen is None and not self._app.no_color
        if is_wanted and isinstance(driver, TerminalDriver) and can_ask(environ):
            driver.ask_background()

    def adapt(self, *, is_light: bool) -> None:
        """Take the theme for a light or a dark background, unless the user has chosen one."""
        if self.chosen is None:
            self._default = _LIGHT if is_light else _DARK
            self._app.theme = self._default
