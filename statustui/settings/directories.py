"""Where the user's files are, by the XDG rules."""

from __future__ import annotations

import os


def user_directory(variable: str, fallback: str) -> str:
    """Return the program's directory below the one that an XDG variable names, or `fallback`.

    platformdirs would do the same on Linux, but importing it adds a twentieth to the start of every
    command, and on macOS it would look elsewhere than earlier versions did.
    """
    base = os.environ.get(variable) or os.path.expanduser(fallback)
    return os.path.join(base, "statustui")
