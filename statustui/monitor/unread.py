"""What could not be read of a tree."""

from __future__ import annotations

from typing import NamedTuple


class Unread(NamedTuple):
    """A part of a root that cannot be read or listed."""

    path: str
    error: str
    """The reason, in the words of the operating system."""
