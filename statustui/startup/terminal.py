"""What the environment says of the terminal; nothing slow is imported here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets ``LC_CTYPE`` to where the locale has no encoding to speak of (PEP 538)."""


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether the terminal cannot have a screen: it moves no cursor."""
    return environ.get("TERM", "dumb") in {"", "dumb", "unknown"}


def names_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale's character set is UTF-8.

    The first of ``LC_ALL``, ``LC_CTYPE`` and ``LANG`` that is set has to name it, by the POSIX
    rule. Where none is set, Python has made that UTF-8.
    """
    names = ["LC_ALL", "LC_CTYPE", "LANG"]
    if environ.get("LANG") and environ.get("LC_CTYPE") in _COERCED:
        names.remove("LC_CTYPE")
    locale = next(filter(None, map(environ.get, names)), "")
    return "utf8" in locale.lower().replace("-", "")


def has_glyphs(environ: Mapping[str, str]) -> bool:
    """Whether the terminal can be relied on to show more than ASCII.

    The font of Linux' own console has too few characters whatever the locale says.
    """
    return names_utf8(environ) and environ.get("TERM") != "linux"


def open_keyboard() -> int:
    """A descriptor to read keys from, whatever standard input is.

    Raises:
        OSError: The program has no terminal.
    """
    return 0 if os.isatty(0) else os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)


def has_keyboard() -> bool:
    """Whether there is a terminal to read keys from, and standard input is not closed."""
    if sys.__stdin__ is None:
        return False
    try:
        keyboard = open_keyboard()
    except OSError:
        return False
    if keyboard:
        os.close(keyboard)
    return True
