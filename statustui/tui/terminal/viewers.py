"""The user's own programs for a text: a pager, and an editor that only reads."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import NamedTuple

_PAGER = "less -S -+r"
"""``-+r``: never send control characters of the text to the terminal, whatever ``$LESS`` says."""
_EDITOR = "vi"
_READ_ONLY = {
    **dict.fromkeys(("vi", "vim", "vim.basic", "vim.tiny", "nvim", "nvi", "elvis"), ("-R",)),
    "nano": ("-v",),
    "kak": ("-ro",),
    "joe": ("-rdonly",),
    "micro": ("-readonly", "on"),
}
"""Name of an editor -> the arguments with which it does not change the text."""


class Viewer(NamedTuple):
    """A program that shows a file, whose path is to be its last argument."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    """What to add to its environment."""


def pager_of(environ: Mapping[str, str]) -> Viewer:
    """Return the pager: ``$PAGER``, split into words as a shell does, or else less.

    Less starts no shell, no editor and no other program with ``LESSSECURE``.

    Raises:
        ValueError: The quotes in ``$PAGER`` do not match.
    """
    return Viewer(_split("PAGER", environ.get("PAGER", ""), _PAGER), {"LESSSECURE": "1"})


def editor_of(environ: Mapping[str, str]) -> Viewer:
    """Return the editor: ``$VISUAL``, ``$EDITOR`` or vi, told to change nothing if it can be told.

    Raises:
        ValueError: The quotes in the variable do not match.
    """
    name = "VISUAL" if environ.get("VISUAL", "").strip() else "EDITOR"
    command = _split(name, environ.get(name, ""), _EDITOR)
    return Viewer((*command, *_READ_ONLY.get(os.path.basename(command[0]), ())), {})


def _split(name: str, value: str, default: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value) or shlex.split(default))
    except ValueError as error:
        raise ValueError(f"${name}: {error}") from None
