"""What all roots that are read at the same time share."""

from __future__ import annotations

import threading
from typing import NamedTuple

from statustui.monitor.turns import Turns

_MAX_PROCESSES = 2
"""Processes that read runs at a time."""


class Capacity(NamedTuple):
    """What all roots that are read at the same time share."""

    processes: threading.Semaphore
    """How many more processes may be started to read runs."""
    turns: Turns
    """Their turns at what takes many short calls."""

    @classmethod
    def of(cls, processes: int = _MAX_PROCESSES) -> Capacity:
        """Return the capacity to start some processes."""
        return cls(threading.Semaphore(processes), Turns())
