"""Reports of internal errors, in the user's state directory."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from statustui import __version__
from statustui.core.text import clean, clean_lines
from statustui.monitor.fs.deadline import NoThreadError, ask
from statustui.settings.session_state import state_directory

_PATIENCE = 2.0
"""Seconds to wait for the filesystem of the user's home."""
STATUS = 70
"""Exit status after an internal error: EX_SOFTWARE of ``sysexits.h``."""
OUT_OF_THREADS = "no thread can be started: there are too many processes (ulimit -u)"


class Crash(Exception):  # noqa: N818 - the error has been reported already
    """The screen has crashed.

    Args:
        words: The lines to print on standard error.
    """

    def __init__(self, words: list[str]) -> None:
        super().__init__(*words)
        self.words = words


def is_out_of_threads(error: BaseException | None) -> bool:
    """Return whether an error means that the user may start no more threads: not a bug."""
    if isinstance(error, NoThreadError):
        return True
    return isinstance(error, RuntimeError) and "start new thread" in str(error)


def report_crash(error: BaseException) -> list[str]:
    """Write a report of an internal error.

    It contains the traceback without values of variables, the versions and TERM. It contains no
    environment, arguments or file contents, except what the message of the error quotes.

    Returns:
        Sanitised lines to print on standard error.
    """
    what = clean(f"{type(error).__name__}: {error}")[:200]
    said = f"statustui: internal error: {what}"
    # The terminal is restored only after this, and the disk may never answer.
    try:
        place = ask(partial(_write, error), _PATIENCE)
    except OSError as trouble:
        return [said, f"statustui: cannot write a report: {clean(str(trouble))}"]
    return [said, f"statustui: a report is in {clean(place)}"]


def _write(error: BaseException) -> str:
    """Write the report into a file that only the user can read, and return its path."""
    import platform  # noqa: PLC0415 - only a crash needs it
    import traceback  # noqa: PLC0415 - as above

    directory = state_directory()
    os.makedirs(directory, mode=0o700, exist_ok=True)
    name = time.strftime(f"crash-%Y%m%d-%H%M%S-{os.getpid()}.txt")
    path = os.path.join(directory, name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(
            f"{line}\n"
            for line in (
                f"statustui {__version__}",
                f"Python {platform.python_version()} on {platform.platform()}",
                f"Textual {_textual_version()}",
                f"TERM {os.environ.get('TERM', '')}",
                *clean_lines("".join(traceback.format_exception(error))),
            )
        )
    return path


def _textual_version() -> str:
    """Return the version of Textual, if it has been imported."""
    return getattr(sys.modules.get("textual"), "__version__", "not imported")
