"""The interface through which the monitor loads and saves caches."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, TypeAlias


class RootIdentity(NamedTuple):
    """What identifies a root from one session to the next."""

    real_path: str
    device: int
    inode: int


CachePart: TypeAlias = Literal["runs", "former"]
"""What is kept of a root: its finished runs, and the last results of runs that have gone."""


class CacheStore(Protocol):
    """Where caches are kept. No method raises: without a store everything is read."""

    def load(self, root: RootIdentity, part: CachePart = "runs") -> bytes | None:
        """Return what was saved for a root; None if there is nothing."""

    def save(self, root: RootIdentity, data: bytes, part: CachePart = "runs") -> None:
        """Save something for a root, in place of what was saved before."""
