"""A source of a test, and what it has delivered."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.poll_policy import Settings
from statustui.remote.link import Place
from statustui.remote.source import RemoteSource
from tests.waiting import wait_until


class Watched:
    """A source and what it has delivered."""

    def __init__(self, root: str, settings: Settings | None = None) -> None:
        """Start it."""
        self.runs: dict[str, Run] = {}
        self.health = RootHealth(root)
        self.healths: list[RootHealth] = []
        self.source = RemoteSource(Place([root]), settings or Settings())
        self.source.start(self._receive)

    def _receive(self, batch: Batch) -> None:
        for path in batch.removed:
            del self.runs[path]
        self.runs.update((run.path, run) for run in batch.changed)
        for health in batch.health:
            self.health = health
            self.healths.append(health)

    def wait_for(self, condition: Callable[[RootHealth], object]) -> RootHealth:
        """Wait until the health fulfils a condition, and return it."""
        wait_until(lambda: condition(self.health), f"{self.health}")
        return self.health

    def states(self) -> dict[str, str]:
        """Id of a run -> its state."""
        return {run.id: run.current.state for run in list(self.runs.values())}
