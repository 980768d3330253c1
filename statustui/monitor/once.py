"""Read trees once, with a time limit for filesystems that do not answer."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.monitor.capacity import Capacity
from statustui.monitor.fs.deadline import Question
from statustui.monitor.read_options import DEFAULT_OPTIONS, ReadOptions
from statustui.monitor.root_memory import RootMemory
from statustui.monitor.root_reader import RootReader
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.snapshot import unread_part
from statustui.monitor.unread import Unread

if TYPE_CHECKING:
    from statustui.scheduler.answers import WantedJob
    from statustui.scheduler.asker import Asker

_MAX_CLAIM_WAIT = 1.0
"""Seconds to wait at most for the other roots to register their real paths."""


class Picture(NamedTuple):
    """What was found below some roots."""

    runs: list[Run]
    counted: Counter[Category]
    """How many further runs there are, of which no more is known than their categories."""
    incomplete: list[Unread]
    """Each part of the roots that could not be read or listed."""
    unfollowed: dict[str, int]
    """Root without any runs -> number of links in it that were not followed."""
    memories: list[RootMemory]
    """The cache of each root that was read to its end."""

    def former(self) -> list[Run]:
        """Return the last results of runs that are no longer there, as the caches have them."""
        found = (memory.former() for memory in self.memories)
        return [run for former in found if former is not None for run in former]

    def save(self) -> None:
        """Save the caches of the roots of which much is new."""
        for memory in self.memories:
            memory.save()


def read_once(
    roots: Sequence[str],
    now: float,
    options: ReadOptions = DEFAULT_OPTIONS,
    on_wait: Callable[[int], object] = lambda _read: None,
) -> Picture:
    """Find and read every run below `roots` once, each root in threads of its own.

    Where roots overlap, a run belongs to the innermost one. If a root stops answering, the result
    contains the runs that were read before.

    Args:
        roots: The directories.
        now: The time in seconds since 1970.
        options: How to read them.
        on_wait: Called with the number of runs read so far, a few times a second.

    Raises:
        OSError: No thread can be started.
    """
    roots = list(dict.fromkeys(roots))
    capacity = options.capacity or Capacity.of()
    registry = RootRegistry(len(roots))
    claim = min(_MAX_CLAIM_WAIT, options.patience / 2)
    readers = [
        RootReader(root, partial(_claim, registry, number, claim), now, options, capacity)
        for number, root in enumerate(roots)
    ]
    return _collect(readers, options, on_wait)


def _collect(
    readers: Sequence[RootReader], options: ReadOptions, on_wait: Callable[[int], object]
) -> Picture:
    """Run all readers at once, and return what they have read."""
    questions = [Question(reader.read, f"read {reader.root}") for reader in readers]
    runs: list[Run] = []
    incomplete: list[Unread] = []
    unfollowed: dict[str, int] = {}
    counted: Counter[Category] = Counter()
    memories: list[RootMemory] = []
    for reader, question in zip(readers, questions, strict=True):
        try:
            question.answer(
                options.patience, lambda: on_wait(sum(one.read_count for one in readers))
            )
            if reader.memory is not None:
                memories.append(reader.memory)
        except OSError as error:
            reader.parts.append(Unread(reader.root, error.strerror or str(error)))
    if options.asker is not None:
        _ask(readers, options.asker, options.patience)
    for reader in readers:
        # A reader that has been given up may still add runs: use those it has now.
        found = list(reader.runs)
        runs += found
        counted += reader.counted
        if reader.links and not reader.read_count:
            unfollowed[reader.root] = reader.links
        incomplete += reader.parts
        incomplete += [part for run in found if run.error and (part := unread_part(run))]
    return Picture(runs, counted, incomplete, unfollowed, memories)


def _ask(readers: Sequence[RootReader], asker: Asker, patience: float) -> None:
    """Ask about the jobs of the runs that were read, and judge those runs again."""
    wanted: frozenset[WantedJob] = frozenset().union(*(reader.wanted for reader in readers))
    if not wanted:
        return
    asker.ask(wanted)
    for reader in readers:
        if reader.wanted:
            # A root that does not answer any more keeps what was made of its runs before.
            with contextlib.suppress(OSError):
                Question(reader.judge, f"judge {reader.root}").answer(patience)


def _claim(
    registry: RootRegistry, number: int, patience: float, real_path: str
) -> frozenset[str] | None:
    """Return the real paths to leave out below a root; None if an earlier root is the same."""
    registry.claim(number, real_path, patience)
    return None if registry.is_taken(number) else registry.others(number)
