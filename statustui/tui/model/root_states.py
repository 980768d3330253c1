"""How far the first scan of each watched root has come."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from statustui.monitor.batch import RootHealth


class RootStates:
    """The health of each root, as last delivered.

    Each root is judged alone: one that does not answer holds nothing back for the others.

    Args:
        roots: The watched directories, as the user gave them.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self.by_root: dict[str, RootHealth | None] = dict.fromkeys(roots)
        """Root -> its health, no further than its runs are in the store; None until it is known."""
        self._delivered: dict[str, RootHealth] = {}
        """The same as it was delivered."""
        self.scanned: frozenset[str] = frozenset()
        """The roots whose first scan is done, with all its runs in the store."""

    def update(
        self, healths: Iterable[RootHealth], *, has_more: bool, behind: Container[str] = ()
    ) -> None:
        """Take in the health of roots.

        Args:
            healths: The roots whose health has changed.
            has_more: Whether changes are waiting that may be part of a first scan.
            behind: The roots with changes waiting that came before what is known of their health.
        """
        self._delivered.update({health.root: health for health in healths})
        for root, health in self._delivered.items():
            self.by_root[root] = self._held_back(health) if root in behind else health
        if not has_more:
            self.scanned = frozenset(health.root for health in self.known if health.swept)

    def _held_back(self, health: RootHealth) -> RootHealth:
        """Return the health of a root with runs waiting, which does not call them whole yet."""
        if health.root in self.scanned:
            return health
        before = self.by_root.get(health.root)
        return health._replace(swept=False, as_of=None if before is None else before.as_of)

    @property
    def known(self) -> list[RootHealth]:
        """The health of the roots for which it is known."""
        return [health for health in self.by_root.values() if health is not None]

    @property
    def are_swept(self) -> bool:
        """Whether every root has been read once, though changes may be waiting."""
        delivered = map(self._delivered.get, self.by_root)
        return all(health is not None and health.swept for health in delivered)

    @property
    def initial_scan_done(self) -> bool:
        """Whether the first scan of every root is done."""
        return len(self.scanned) == len(self.by_root)

    @property
    def is_settled(self) -> bool:
        """Whether the first scan of every root that answers is done, and of one root at least."""
        return bool(self.scanned) and all(
            root in self.scanned or (health is not None and health.silent is not None)
            for root, health in self.by_root.items()
        )
