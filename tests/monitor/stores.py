"""Where tests keep caches."""

from __future__ import annotations

from statustui.monitor.cache_store import RootIdentity


class MemoryStore:
    """A store that forgets everything with the test."""

    def __init__(self) -> None:
        self.saved: dict[RootIdentity, bytes] = {}

    def load(self, root: RootIdentity) -> bytes | None:
        """Return what was saved."""
        return self.saved.get(root)

    def save(self, root: RootIdentity, data: bytes) -> None:
        """Save it."""
        self.saved[root] = data
