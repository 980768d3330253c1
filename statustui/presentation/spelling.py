"""Text in the characters that an output accepts."""

from __future__ import annotations

_STAND_INS = {"…": "..."}
"""Character of the program's own -> its replacement where the encoding lacks it."""


def spell(text: str, charset: str) -> str:
    r"""Return the text in characters of the encoding `charset`; others become ``\u6d4b``."""
    if text.isascii():
        return text
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        for character, words in _STAND_INS.items():
            text = text.replace(character, words)
        return text.encode(charset, "backslashreplace").decode(charset)
    return text
