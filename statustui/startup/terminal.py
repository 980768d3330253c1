"""What the environment says about the terminal; imports nothing slow."""

from __future__ import annotations

import os
import sys

# Not from `typing`, whose import takes longer than the rest of the first frame.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets ``LC_CTYPE`` to in the C locale (PEP 538)."""


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal has no cursor addressing."""
    return environ.get("TERM", "dumb") in {"", "dumb", "unknown"}


def names_utf8(environ: Mapping[str, str]) -> bool:
    """Return whether the character set of the locale is UTF-8.

    By the POSIX rule, the first of ``LC_ALL``, ``LC_CTYPE`` and ``LANG`` that is set decides. If
    none is set, Python has set ``LC_CTYPE`` to UTF-8 itself.
    """
    names = ["LC_ALL", "LC_CTYPE", "LANG"]
    if environ.get("LANG") and environ.get("LC_CTYPE") in _COERCED:
        names.remove("LC_CTYPE")
    locale = next(filter(None, map(environ.get, names)), "")
    return "utf8" in locale.lower().replace("-", "")


def has_glyphs(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal can display more than ASCII.

    The font of the Linux console lacks the glyphs in any locale.
    """
    return names_utf8(environ) and environ.get("TERM") != "linux"


def open_keyboard() -> int:
    """Return a descriptor to read keys from, even if standard input is redirected.

    Raises:
        OSError: The program has no terminal.
    """
    return 0 if os.isatty(0) else os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)


def has_keyboard() -> bool:
    """Return whether there is a terminal to read keys from, and standard input is open."""
    if sys.__stdin__ is None:
        return False
    try:
        keyboard = open_keyboard()
    except OSError:
        return False
    if keyboard:
        os.close(keyboard)
    return True
