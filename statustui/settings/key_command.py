"""A command of the user that a key calls with runs: an entry of ``[commands]``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PLACEHOLDERS = ("path", "id", "log")
"""What a command can be given of a run."""
_PLACEHOLDER = re.compile(rf"\{{({'|'.join(PLACEHOLDERS)})\}}")
_ENTRIES = {"run", "label", "background"}


class KeyCommand(NamedTuple):
    """A program to call with the selected runs; no shell is involved."""

    key: str
    words: tuple[str, ...]
    """The program and its arguments, with placeholders such as ``{path}``."""
    label: str
    """What it does, for help and messages."""
    in_background: bool = False
    """Whether the monitor stays on the screen meanwhile."""

    @property
    def needs_log(self) -> bool:
        """Whether it is given a log."""
        return any("{log}" in word for word in self.words)

    def fill(self, runs: Sequence[Mapping[str, str]]) -> list[str]:
        """Return the program and its arguments for some runs.

        A word with a placeholder is given once for each run.

        Args:
            runs: Name of a placeholder -> value, for each run.
        """
        filled: list[str] = []
        for word in self.words:
            has_placeholder = _PLACEHOLDER.search(word) is not None
            filled += [_fill(word, run) for run in runs] if has_placeholder else [word]
        return filled


def _fill(word: str, run: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: run[found[1]], word)


def read_key_command(key: str, value: object) -> KeyCommand:
    """Return the command of a key.

    Args:
        key: The key, as Textual names it.
        value: A table with `run`, a command line or a list of words, and perhaps `label` and
            `background`.

    Raises:
        ValueError: The key or an entry of the table is wrong.
    """
    if not key or "," in key:
        raise ValueError("must be the name of one key")
    if not isinstance(value, dict) or not set(value) <= _ENTRIES:
        raise ValueError("must be a table of run, label and background")
    words = _read_words(value.get("run"))
    if not words:
        raise ValueError("run must be a command line or a list of words")
    if _PLACEHOLDER.search(words[0]):
        raise ValueError("run must begin with a program, not with something of a run")
    label, in_background = value.get("label", words[0]), value.get("background", False)
    if not isinstance(label, str) or not isinstance(in_background, bool):
        raise ValueError("label must be a string, background true or false")  # noqa: TRY004 - the caller reports it
    return KeyCommand(key, words, label, in_background)


def _read_words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(shlex.split(value))
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return ()
