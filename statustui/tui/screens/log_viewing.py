"""Have a log shown by the user's pager or editor."""

from __future__ import annotations

from collections.abc import Mapping

from textual.screen import Screen

from statustui.core.text import clean
from statustui.monitor.run.inspection import LentLog
from statustui.tui.messages import ViewerWanted
from statustui.tui.terminal.viewers import editor_of, pager_of


def view_log(screen: Screen[None], lent: LentLog, environ: Mapping[str, str]) -> None:
    """Ask the application to show a log that was opened, or say why that cannot be done.

    Args:
        screen: The screen of the run.
        lent: The log, for the ``pager`` or the ``editor``.
        environ: The environment, which names the programs.
    """
    if lent.file is None:
        trouble = f"{clean(lent.path)} cannot be read: {clean(lent.reason)}"
    else:
        try:
            viewer = (editor_of if lent.purpose == "editor" else pager_of)(environ)
        except ValueError as error:
            lent.file.close()
            trouble = clean(str(error))
        else:
            screen.post_message(ViewerWanted(viewer, lent.file))
            return
    screen.notify(trouble, severity="warning", markup=False)
