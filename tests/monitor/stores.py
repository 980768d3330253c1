"""Where tests keep caches."""

from __future__ import annotations

from statustui.monitor.cache_store import CachePart, RootIdentity


class MemoryStore:
    """A store that forgets everything with the test."""

    def __init__(self) -> None:
        self.saved: dict[RootIdentity, bytes] = {}
        self.former: dict[RootIdentity, bytes] = {}

    def load(self, root: RootIdentity, part: CachePart = "runs") -> bytes | None:
        """Return what was saved."""
        return (self.saved if part == "runs" else self.former).get(root)

    def save(self, root: RootIdentity, data: bytes, part: CachePart = "runs") -> None:
        """Save it."""
        (self.saved if part == "runs" else self.former)[root] = data
