"""Ask the terminal for the colour of its background (OSC 11), and read its answer.

Nothing waits for the answer. It comes among the keys, from which it is taken out; many terminals
never send one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from textual.message import Message

QUERY = "\x1b]11;?\x07"
_ANSWER = re.compile(
    r"\x1b\]11;rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?"
    r"(?:\x07|\x1b\\)",
    re.IGNORECASE,
)
BEGINNING = re.compile(r"\x1b(?:\](?:1(?:1(?:;[rgba:/0-9a-f]{0,30}\x1b?)?)?)?)?\Z", re.IGNORECASE)
"""The beginning of an answer at the end of a text; a lone Escape can be one."""
_WEIGHTS = (0.2126, 0.7152, 0.0722)
"""How much red, green and blue add to the luminance (ITU-R BT.709)."""


class BackgroundDetected(Message):
    """The terminal has told the colour of its background."""

    def __init__(self, *, is_light: bool) -> None:
        super().__init__()
        self.is_light = is_light


def can_ask(environ: Mapping[str, str]) -> bool:
    """Return whether the question does no harm; GNU screen and the Linux console garble it."""
    return not environ.get("STY") and environ.get("TERM") not in {"linux", "vt220", "vt100"}


def extract_answer(text: str) -> tuple[str, bool | None]:
    """Return the text without an answer, and whether the background is light; None without one."""
    match = _ANSWER.search(text)
    if match is None:
        return text, None
    parts = [int(part, 16) / (16 ** len(part) - 1) for part in match.groups()]
    luminance = sum(weight * part for weight, part in zip(_WEIGHTS, parts, strict=True))
    return text[: match.start()] + text[match.end() :], luminance > 0.5  # noqa: PLR2004 - half
