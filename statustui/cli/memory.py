"""The memory of a monitor with very many runs."""

from __future__ import annotations

import contextlib
import gc
import time

from statustui.monitor.fs.deadline import NoThreadError, start_thread

_PAUSES = (10.0, 60.0, 300.0)
"""Seconds to wait before memory is given back, one after the other: what is made of the runs after
the first scan, and saving them, takes a while."""


def tidy_memory() -> None:
    """Clean up after the first scan, in part a while later."""
    # A garbage collection need not go through all runs, which form no cycles.
    gc.freeze()
    with contextlib.suppress(NoThreadError):
        start_thread(_trim, "trim memory")


def _trim() -> None:
    """Give back the holes of megabytes that tables have left which grew."""
    import ctypes  # noqa: PLC0415 - the first frame does not need it

    with contextlib.suppress(AttributeError, OSError):
        for pause in _PAUSES:
            time.sleep(pause)
            ctypes.CDLL(None).malloc_trim(0)
