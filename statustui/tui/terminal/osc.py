"""What the user's terminal does for us, also behind tmux and screen: it copies and notifies."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from statustui.core.text import shorten

LIMIT = 74_994
"""Bytes that terminals take at a time: xterm reads 100,000 characters of base64 at the most."""

_NOTICE = 400
"""Bytes of a notification at the most."""

_CHUNK = 240
"""Bytes that screen passes on in one string; it drops what is longer than 256."""


def copy_sequence(text: str, environ: Mapping[str, str]) -> str:
    """The control sequence that puts `text` on the clipboard of the user's terminal.

    Args:
        text: What to copy.
        environ: Tells whether tmux or screen stands between the program and the terminal.

    Raises:
        ValueError: The text is longer than `LIMIT` bytes of UTF-8.
    """
    data = text.encode()
    if len(data) > LIMIT:
        raise ValueError(f"{len(data):,} bytes are more than a terminal takes ({LIMIT:,})")
    return _through(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07", environ)


def notify_sequence(text: str, environ: Mapping[str, str]) -> str:
    """The control sequences that ring the bell and show `text` as a notification (OSC 9).

    Args:
        text: One clean line; what is longer than a notification may be is cut.
        environ: As above.
    """
    return "\x07" + _through(f"\x1b]9;{shorten(text, _NOTICE)}\x07", environ)


def _through(sequence: str, environ: Mapping[str, str]) -> str:
    """The same for the terminal behind tmux or screen, if there is one."""
    if environ.get("TMUX"):
        # With `set-clipboard on` tmux takes the first, with `allow-passthrough on` the terminal
        # behind it the second.
        escaped = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{escaped}\x1b\\"
    if environ.get("STY"):
        pieces = [sequence[at : at + _CHUNK] for at in range(0, len(sequence), _CHUNK)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
