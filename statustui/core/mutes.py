"""Known failures that the user has put aside.

A mute holds for a failure, by its signature, of one run, of the runs of a name, or of all runs
below a root. When the signature changes, the run has another failure, which is not muted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from statustui.core.failure_signature import failure_signature
from statustui.core.run import Run

MAX_MUTES = 1000
"""Mutes that are kept for each root; the oldest go first."""
Scope: TypeAlias = Literal["run", "name", "failure"]
"""What a mute holds for: one run, the runs of a name, or all runs that fail alike."""


class Mute(NamedTuple):
    """A failure that is put aside."""

    root: str
    """The watched directory, as the user gave it."""
    signature: str
    """The signature of the failure."""
    scope: Scope
    target: str = ""
    """Path of the run below the root, or name of the runs; empty for all that fail alike."""


def mute_of(run: Run, scope: Scope) -> Mute:
    """Return the mute that puts the failure of a run aside."""
    target = ""
    if scope == "run":
        target = run.path.removeprefix(run.root)
    elif scope == "name":
        target = run.name
    return Mute(run.root, failure_signature(run), scope, target)


class Mutes:
    """The mutes of all roots, the oldest first.

    Args:
        mutes: Those of earlier sessions.
    """

    def __init__(self, mutes: Iterable[Mute] = ()) -> None:
        self._mutes: dict[Mute, None] = {}
        self._states: frozenset[str] = frozenset()
        """The states of the failures: most runs need no more than a look at these."""
        self.add(mutes)

    def __len__(self) -> int:
        return len(self._mutes)

    def __iter__(self) -> Iterator[Mute]:
        return iter(self._mutes)

    def add(self, mutes: Iterable[Mute]) -> None:
        """Put failures aside."""
        self._mutes.update(dict.fromkeys(mutes))
        for root in {mute.root for mute in self._mutes}:
            mine = [mute for mute in self._mutes if mute.root == root]
            for mute in mine[:-MAX_MUTES]:
                del self._mutes[mute]
        self._update_states()

    def remove(self, mutes: Iterable[Mute]) -> None:
        """Take mutes back; those that do not exist are ignored."""
        for mute in mutes:
            self._mutes.pop(mute, None)
        self._update_states()

    def _update_states(self) -> None:
        self._states = frozenset(mute.signature.partition(":")[0] for mute in self._mutes)

    def of(self, run: Run) -> list[Mute]:
        """Return the mutes that hold for a run; none for a series, which its runs stand for."""
        problem = run.problem
        if problem is None or run.is_series or problem.state.partition(":")[0] not in self._states:
            return []
        scopes: tuple[Scope, ...] = ("run", "name", "failure")
        return [mute for scope in scopes if (mute := mute_of(run, scope)) in self._mutes]

    def mark(self, run: Run) -> Run:
        """Return a run as muted or not."""
        is_muted = bool(self._mutes) and bool(self.of(run))
        return run if run.is_muted == is_muted else run._replace(is_muted=is_muted)
