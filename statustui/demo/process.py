"""The process in which a simulated cluster works."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection
from typing import Protocol

from statustui.core.working_dir import TEST_RUNS

_FILL_TIMEOUT = 3.0
"""Seconds to wait at most until the past of a cluster has been written."""


def make_directory() -> str:
    """Create a temporary directory for a simulated cluster."""
    return tempfile.mkdtemp(prefix="statustui-demo-")


class Simulation(Protocol):
    """What writes real status files as time passes: `Cluster` or `Nights`."""

    def fill(self, now: float) -> None:
        """Write the past, up to `now` (seconds since 1970)."""

    def work(self, speed: float, wait: Callable[[float], bool]) -> None:
        """Go on until `wait` returns True, with `speed` simulated seconds per second."""


def serve(
    make: Callable[[str], Simulation],
    path: str,
    speed: float,
    *,
    ready: connection.Connection | None = None,
    remove: bool,
) -> None:
    """Keep a simulated cluster at work at `path`; call it in a process of its own.

    It returns when the process that started it ends.

    Args:
        make: Makes the cluster in a working directory.
        path: The working directory.
        speed: Simulated seconds per second.
        ready: Closed once the past of the cluster has been written.
        remove: Whether to delete `path` at the end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    sentinels = [] if parent is None else [parent.sentinel]
    try:
        cluster = make(path)
        cluster.fill(time.time())
        if ready is not None:
            ready.close()
        cluster.work(speed, lambda seconds: bool(connection.wait(sentinels, seconds)))
    finally:
        if remove:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def background(make: Callable[[str], Simulation], path: str | None, speed: float) -> Iterator[str]:
    """Run a simulated cluster in a process of its own.

    Args:
        make: Makes the cluster in a working directory.
        path: The working directory; None for a temporary one, which is deleted at the end.
        speed: Simulated seconds per second.

    Yields:
        The working directory.
    """
    remove = path is None
    place = make_directory() if path is None else path
    os.makedirs(os.path.join(place, TEST_RUNS), exist_ok=True)
    context = multiprocessing.get_context("fork")
    listener, ready = context.Pipe(duplex=False)
    process = context.Process(
        target=serve,
        args=(make, place, speed),
        kwargs={"ready": ready, "remove": remove},
        daemon=True,
    )
    process.start()
    ready.close()
    try:
        # Problems from before the monitor opens are not new.
        connection.wait([listener], _FILL_TIMEOUT)
        yield place
    finally:
        process.terminate()
        process.join()
        if remove:
            shutil.rmtree(place, ignore_errors=True)
