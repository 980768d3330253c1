"""Text in the characters that an output can take."""

from __future__ import annotations

_STAND_INS = {"…": "..."}
"""What stands for characters of the program's own where they cannot be sent."""


def spell(text: str, charset: str) -> str:
    r"""The same text in characters that `charset` has; others become escapes (``\u6d4b``)."""
    if text.isascii():
        return text
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        for character, words in _STAND_INS.items():
            text = text.replace(character, words)
        return text.encode(charset, "backslashreplace").decode(charset)
    return text
