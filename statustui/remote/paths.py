"""Paths as they cross a connection: by the root that they are below."""

from __future__ import annotations

from collections.abc import Sequence


class PathError(ValueError):
    """A path that the other side must not name."""


class Paths:
    """Translates between the paths of one side and those on the line.

    On the line a path is the number of its root, a colon, and the rest. Without a number it is
    outside of all roots. The roots of both sides have the same numbers, so that each side has its
    own names for them: ``wd`` on the host is ``host:wd`` here.

    Args:
        roots: The roots, as this side calls them.
        outside: What this side puts in front of paths outside of all roots: ``host:``.
    """

    def __init__(self, roots: Sequence[str], outside: str = "") -> None:
        self.roots = tuple(roots)
        """The roots, as this side calls them."""
        self._outside = outside
        # The innermost root first.
        self._order = sorted(range(len(roots)), key=lambda number: -len(roots[number]))

    def number_of(self, path: str) -> int | None:
        """Return the number of the innermost root that a path is below; None if there is none."""
        for number in self._order:
            root = self.roots[number]
            if path.startswith(root) and _continues(root, path[len(root) :]):
                return number
        return None

    def encode(self, path: str) -> str:
        """Return a path as it crosses the line; an empty one stays empty."""
        number = self.number_of(path)
        if number is not None:
            return f"{number}:{path[len(self.roots[number]) :]}"
        return f":{path.removeprefix(self._outside)}" if path else ""

    def decode(self, text: str) -> str:
        """Return a path that has crossed the line.

        Raises:
            PathError: It belongs to no root, or would leave it.
        """
        number, colon, rest = text.partition(":")
        if not text:
            return ""
        if not number and colon:
            return f"{self._outside}{rest}"
        if not (number.isascii() and number.isdecimal() and int(number[:9]) < len(self.roots)):
            raise PathError("a path of no root")
        root = self.roots[int(number)]
        if not _continues(root, rest):
            raise PathError("a path beside its root")
        if ".." in rest and ".." in rest.split("/"):
            raise PathError("a path that leaves its root")
        return root + rest


def _continues(root: str, rest: str) -> bool:
    return not rest or rest.startswith("/") or root.endswith("/")
