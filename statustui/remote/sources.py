"""Roots of this and of other hosts together: one source for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from statustui.core.address import split_roots
from statustui.monitor.batch import Deliver
from statustui.monitor.source import Source
from statustui.monitor.usage import RootUsage
from statustui.scheduler.answers import Call

if TYPE_CHECKING:
    from statustui.monitor.poll_policy import Settings
    from statustui.monitor.run.readers import Readers
    from statustui.remote.connections import Connections


class AskingSource(Source, Protocol):
    """A source that tells when schedulers were asked."""

    @property
    def asked_at(self) -> float:
        """When the scheduler was asked last, in seconds since 1970; infinite if it never is."""


def open_source(
    roots: Sequence[str], settings: Settings, connections: Connections | None = None
) -> AskingSource:
    """Return the source of some roots, which are local directories or addresses.

    Args:
        roots: The roots.
        settings: How to watch them.
        connections: Connections that exist already; None if there are no remote roots.
    """
    from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - the first frame needs none

    local, _servers = split_roots(roots)
    if connections is None:
        return Monitor(local, settings)
    parts: list[AskingSource] = [Monitor(local, settings)] if local else []
    return SourceGroup([*parts, *connections.sources(settings)])


class SourceGroup:
    """Several sources as one.

    Args:
        sources: All of them.
    """

    def __init__(self, sources: Sequence[AskingSource]) -> None:
        self._sources = sources

    def start(self, deliver: Deliver) -> None:
        """Start all of them."""
        for source in self._sources:
            source.start(deliver)

    def check_all(self) -> None:
        """Check everything now; connect at once where there is no connection."""
        for source in self._sources:
            source.check_all()

    def reread(self, path: str) -> None:
        """Read the run at `path` again soon."""
        for source in self._sources:
            source.reread(path)

    def usage(self) -> list[RootUsage]:
        """Return what has been asked of the filesystem of each root."""
        return [usage for source in self._sources for usage in source.usage()]

    @property
    def calls(self) -> list[Call]:
        """The last calls of all schedulers, the oldest first."""
        calls = [call for source in self._sources for call in source.calls]
        return sorted(calls, key=lambda call: call.at)

    @property
    def asked_at(self) -> float:
        """When a scheduler was asked last, in seconds since 1970; infinite if none ever is."""
        asked = [source.asked_at for source in self._sources if source.asked_at < float("inf")]
        return max(asked, default=float("inf"))

    def stop(self) -> None:
        """Stop all of them at once."""
        for source in self._sources:
            source.stop()

    def ask_user(self, tell: Callable[[str], object]) -> None:
        """Let ssh ask its user, for one host after the other."""
        for source in self._sources:
            source.ask_user(tell)

    def readers_of(self, root: str) -> Readers | None:
        """Return what reads the files of runs below a root; None for this program itself."""
        for source in self._sources:
            readers = source.readers_of(root)
            if readers is not None:
                return readers
        return None
