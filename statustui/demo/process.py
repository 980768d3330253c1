"""The process in which a pretend cluster works."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import connection

from statustui.core.working_dir import TEST_RUNS
from statustui.demo.cluster import Cluster

_PATIENCE = 3.0
"""Seconds to wait at most for the past of a cluster to be written."""


def make_directory() -> str:
    """Make a temporary directory for a pretend cluster."""
    return tempfile.mkdtemp(prefix="statustui-demo-")


def serve(  # noqa: PLR0913 - one argument for each thing that clusters differ in
    path: str,
    runs: int,
    seed: int,
    speed: float,
    ready: connection.Connection | None = None,
    *,
    remove: bool,
) -> None:
    """Keep a pretend cluster going at `path`; to be called in a process of its own.

    `ready` is closed once the past of the cluster has been written.

    It ends when the process that started it does, whatever ends that, and then deletes `path` if
    told to `remove` it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    sentinels = [] if parent is None else [parent.sentinel]
    try:
        cluster = Cluster(path, runs, seed)
        cluster.fill(time.time())
        if ready is not None:
            ready.close()
        cluster.work(speed, lambda seconds: bool(connection.wait(sentinels, seconds)))
    finally:
        if remove:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def background(path: str | None, runs: int, seed: int, speed: float) -> Iterator[str]:
    """Have a pretend cluster at work in a process of its own.

    Args:
        path: The working directory; None for a temporary one, which is deleted afterwards.
        runs: How many runs there are at a time.
        seed: What the lives are drawn from.
        speed: Pretend seconds a second.

    Yields:
        The working directory.
    """
    remove = path is None
    place = make_directory() if path is None else path
    os.makedirs(os.path.join(place, TEST_RUNS), exist_ok=True)
    context = multiprocessing.get_context("fork")
    listener, ready = context.Pipe(duplex=False)
    process = context.Process(
        target=serve, args=(place, runs, seed, speed, ready), kwargs={"remove": remove}, daemon=True
    )
    process.start()
    ready.close()
    try:
        # What has gone wrong before the monitor opens is no news.
        connection.wait([listener], _PATIENCE)
        yield place
    finally:
        process.terminate()
        process.join()
        if remove:
            shutil.rmtree(place, ignore_errors=True)
