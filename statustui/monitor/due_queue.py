"""Paths that are due, each at a time of its own."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

_MAX_OUTDATED_ENTRIES = 1000
"""The queue is rebuilt once it holds this many outdated entries more than twice the valid ones."""


class _Slot:
    """Paths that are due at the same time; some may be due at another one by now."""

    __slots__ = ("due", "passed", "paths")

    def __init__(self, due: float) -> None:
        self.due = due
        self.paths: list[str] = []
        self.passed = 0
        """How many of these paths have been taken, or were outdated."""


class DueQueue:
    """Paths in the order of the times at which they are due, on any one clock, in seconds.

    Paths that are due at the same time share what is stored of it.
    """

    def __init__(self) -> None:
        self._slot_of: dict[str, _Slot] = {}
        self._slots: dict[float, _Slot] = {}
        """Time -> what is due then."""
        self._times: list[float] = []
        """These times, as a heap."""
        self._entries = 0

    def __len__(self) -> int:
        """Return the number of entries that are held, outdated ones included."""
        return self._entries

    def __iter__(self) -> Iterator[str]:
        """Yield the paths that are or will be due, in no order."""
        return iter(self._slot_of)

    def __contains__(self, path: str) -> bool:
        """Return whether a path is or will be due."""
        return path in self._slot_of

    @property
    def count(self) -> int:
        """How many paths are or will be due."""
        return len(self._slot_of)

    @property
    def next_due(self) -> float:
        """When the next path is due; infinite if there is none."""
        slot = self._first()
        return float("inf") if slot is None else slot.due

    def schedule(self, path: str, due: float) -> None:
        """Make `path` due at `due`, instead of any other time."""
        slot = self._slot_at(due)
        if self._slot_of.get(path) is not slot:
            self._slot_of[path] = slot
            slot.paths.append(path)
            self._entries += 1
            self._drop_outdated()

    def schedule_all(self, paths: Collection[str], due: float) -> None:
        """Make paths due at `due`, instead of any other time."""
        if not paths:
            return
        slot, slot_of = self._slot_at(due), self._slot_of
        moved = [path for path in paths if slot_of.get(path) is not slot]
        slot_of.update(dict.fromkeys(moved, slot))
        slot.paths += moved
        self._entries += len(moved)
        self._drop_outdated()

    def _slot_at(self, due: float) -> _Slot:
        slot = self._slots.get(due)
        if slot is None:
            slot = self._slots[due] = _Slot(due)
            heapq.heappush(self._times, due)
        return slot

    def absent(self, paths: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of some paths that neither are nor will be due."""
        return paths - self._slot_of.keys()

    def schedule_no_later(self, path: str, due: float) -> None:
        """Make `path` due at `due`, unless it is due earlier anyway."""
        slot = self._slot_of.get(path)
        if slot is None or due < slot.due:
            self.schedule(path, due)

    def remove(self, path: str) -> None:
        """Remove a path."""
        self._slot_of.pop(path, None)
        self._drop_outdated()

    def pop_next(self, now: float) -> str | None:
        """Remove and return the path that is due first; None if nothing is due at `now`."""
        slot = self._first()
        if slot is None or slot.due > now:
            return None
        path = slot.paths[slot.passed]
        self._pass(slot)
        del self._slot_of[path]
        return path

    def pop_due(self, room: float, now: float) -> list[str]:
        """Remove and return the paths that are due at `now`, at most `room` of them."""
        due: list[str] = []
        slot_of = self._slot_of
        while len(due) < room and (slot := self._first()) is not None and slot.due <= now:
            start = slot.passed
            for path in islice(slot.paths, start, None):
                if len(due) >= room:
                    break
                slot.passed += 1
                if slot_of.get(path) is slot:
                    del slot_of[path]
                    due.append(path)
            self._entries -= slot.passed - start
        return due

    def _first(self) -> _Slot | None:
        """Return the slot with the path that is due first, which comes next in it."""
        while self._times:
            slot = self._slots[self._times[0]]
            while slot.passed < len(slot.paths):
                if self._slot_of.get(slot.paths[slot.passed]) is slot:
                    return slot
                self._pass(slot)
            del self._slots[heapq.heappop(self._times)]
        return None

    def _pass(self, slot: _Slot) -> None:
        slot.passed += 1
        self._entries -= 1

    def _drop_outdated(self) -> None:
        if self._entries > _MAX_OUTDATED_ENTRIES + 2 * len(self._slot_of):
            valid = self._slot_of
            self._slot_of, self._slots, self._times, self._entries = {}, {}, [], 0
            for path, slot in valid.items():
                self.schedule(path, slot.due)
