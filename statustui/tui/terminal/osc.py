"""Control sequences (OSC) for the user's terminal, also behind tmux and screen."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from statustui.core.text import shorten

LIMIT = 74_994
"""Bytes that can be copied: xterm reads at most 100,000 characters of base64."""

_MAX_NOTIFICATION = 400
"""Bytes of a notification."""

_SCREEN_CHUNK = 240
"""Bytes in one string for screen, which drops strings of more than 256."""


def copy_sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return the control sequence that copies `text` to the clipboard of the user's terminal.

    Args:
        text: What to copy.
        environ: The environment, which tells whether the program runs in tmux or screen.

    Raises:
        ValueError: The text is longer than `LIMIT` bytes of UTF-8.
    """
    data = text.encode()
    if len(data) > LIMIT:
        raise ValueError(f"{len(data):,} bytes are more than a terminal can copy ({LIMIT:,})")
    return _pass_through(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07", environ)


def notify_sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return the control sequences that ring the bell and send a notification (OSC 9).

    Args:
        text: One clean line; a long one is cut.
        environ: The environment, which tells whether the program runs in tmux or screen.
    """
    return "\x07" + _pass_through(f"\x1b]9;{shorten(text, _MAX_NOTIFICATION)}\x07", environ)


def _pass_through(sequence: str, environ: Mapping[str, str]) -> str:
    """Wrap a control sequence so that tmux or screen passes it on, if there is one."""
    if environ.get("TMUX"):
        # tmux handles the first with `set-clipboard on`; with `allow-passthrough on`, the terminal
        # handles the second.
        escaped = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{escaped}\x1b\\"
    if environ.get("STY"):
        pieces = [
            sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK)
        ]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
