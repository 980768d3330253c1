"""Two trees on two hosts that writers change at random, with an sshd in between."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.monitor.poll_policy import Settings
from tests.remote.server import Server
from tests.remote.watched import Watched
from tests.trees import append, read_runs, write_run
from tests.waiting import wait_until

_STATES = ("RUNNING a", "RUN_ERROR b \x1b[2J", "COMPLETE result: PASS", "BUILD_FAILED \u202e", "x")
_SECONDS = 4.0


class Seen(NamedTuple):
    """What is said of a run."""

    current: StatusInfo
    category: Category
    problem: StatusInfo | None
    updates: int


def seen(runs: list[Run]) -> dict[str, Seen]:
    """Path of a run below its root -> what is said of it."""
    return {
        run.path.removeprefix(run.root): Seen(
            run.current, run.category, run.problem, run.status_count
        )
        for run in runs
    }


def change_at_random(tree: Path, rng: random.Random, stop: threading.Event) -> None:
    """Append to runs, make and remove them, until told to stop."""
    while not stop.wait(0.01):
        run = tree / "test_runs" / str(rng.randrange(40))
        with contextlib.suppress(OSError):
            if rng.random() < 0.2:
                shutil.rmtree(run)
            elif rng.random() < 0.4:
                write_run(run, *rng.choices(_STATES, k=rng.randint(0, 3)))
            else:
                append(run, rng.choice(_STATES), time.time())


@pytest.mark.slow
def test_the_picture_is_that_of_a_local_look_after_a_storm(
    server: Server, watch: Callable[..., Watched], tmp_path: Path
) -> None:
    """Of both hosts, although all connections are cut meanwhile."""
    rng, stop = random.Random(5), threading.Event()  # noqa: S311 - the same storm each time
    trees = {"quiet": tmp_path / "one", "noisy": tmp_path / "two"}
    for tree in trees.values():
        for number in range(20):
            write_run(tree / "test_runs" / str(number), "RUNNING a")
    watched = {
        host: watch(f"{host}:{tree}", Settings(interval=0.2)) for host, tree in trees.items()
    }
    writers = [
        threading.Thread(target=change_at_random, args=(tree, random.Random(rng.random()), stop))  # noqa: S311 - as above
        for tree in trees.values()
    ]
    for writer in writers:
        writer.start()
    for one in watched.values():
        one.wait_for(lambda health: health.swept)
    stop.wait(_SECONDS / 2)
    server.cut()
    stop.wait(_SECONDS / 2)
    stop.set()
    for writer in writers:
        writer.join()
    for host, tree in trees.items():
        expected = seen(read_runs(tree))
        assert len(expected) > 5
        one = watched[host]
        wait_until(
            lambda one=one, expected=expected: seen(list(one.runs.values())) == expected,  # type: ignore[misc]
            f"the picture of {host}",
        )
        assert one.health.problem is None
        assert all(run.path.startswith(f"{host}:{tree}/") for run in one.runs.values())
