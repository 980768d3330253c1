"""An application on injected batches and a clock that stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from statustui.config import Config
from statustui.core.run import Label, RunDir, Tally, make_run, make_unread_run
from statustui.core.status_file import split_statuses
from statustui.memory import Memory
from statustui.monitor.batch import Batch, Deliver, RootHealth
from statustui.monitor.source import History
from statustui.tui.app import StatusApp
from tests.waiting import DEADLINE

_NOTHING = Config()
NOW = 1_795_476_000.0
ROOT = "./working_dir"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, now: float) -> None:
        """Start with this time, in seconds."""
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now


class StandIn:
    """A source whose batches a test delivers by hand."""

    def __init__(self) -> None:
        """Start without runs."""
        self.lines: dict[str, list[str]] = {}
        self.stopped = False
        self.looks = 0
        self.broken: str | None = None
        self._waiting: list[Batch] = []
        self._deliver: Deliver = self._waiting.append

    def start(self, deliver: Deliver) -> None:
        """Deliver what there is already, and remember where batches go."""
        for batch in self._waiting:
            deliver(batch)
        self._deliver = deliver

    def look_now(self) -> None:
        """Count the call."""
        self.looks += 1

    def read_history(self, path: str, deliver: Callable[[History], object]) -> None:
        """Deliver what has been delivered of the run at `path`."""
        if self.broken is not None:
            deliver(PermissionError(13, self.broken))
        else:
            deliver(tuple(split_statuses("".join(self.lines[path]).encode())))

    def stop(self) -> None:
        """Remember the call."""
        self.stopped = True

    def deliver(
        self,
        *changes: tuple[str, str, str],
        removed: tuple[str, ...] = (),
        problem: str | None = None,
        ago: float = 60,
    ) -> None:
        """Deliver one batch.

        Args:
            changes: Id, name, and statuses to append, separated by ``|``.
            removed: Ids of runs that are gone.
            problem: What is wrong with the root.
            ago: How long before `NOW` the last of the statuses was set, in seconds.
        """
        updated = []
        for number, name, statuses in changes:
            path = f"{ROOT}/test_runs/{number}"
            lines = self.lines.setdefault(path, [])
            new = statuses.split("|")
            for distance, status in zip(range(len(new) - 1, -1, -1), new, strict=True):
                lines.append(f"{NOW - ago - distance * 17:.6f} {status}\n")
            block = "".join(lines).encode()
            place = RunDir(ROOT, path, number, "test")
            updated.append(make_run(place, Label(name), Tally().add(block, len(block))))
        for number in removed:
            del self.lines[f"{ROOT}/test_runs/{number}"]
        health = self._health(problem)
        gone = tuple(f"{ROOT}/test_runs/{number}" for number in removed)
        self._deliver(Batch(tuple(updated), gone, (health,)))

    def send(self, batch: Batch) -> None:
        """Deliver a batch as it is."""
        self._deliver(batch)

    def deliver_empty_run(self, number: str) -> None:
        """Deliver a run directory without a status file."""
        place = RunDir(ROOT, f"{ROOT}/test_runs/{number}", number, "test")
        run = make_unread_run(place, Label(), "There is no status file.", missing=True)
        self.lines[place.path] = []
        self._deliver(Batch((run,), (), (self._health(None),)))

    def deliver_health(self, **health: Any) -> None:  # noqa: ANN401 - fields of RootHealth
        """Deliver nothing but the health of the root."""
        self._deliver(Batch(health=(replace(self._health(None), **health),)))

    def _health(self, problem: str | None) -> RootHealth:
        return RootHealth(
            ROOT, found=len(self.lines), read=len(self.lines), swept=True, problem=problem
        )


def make_app(
    source: StandIn | None = None,
    clock: Callable[[], float] = lambda: NOW,
    config: Config = _NOTHING,
    memory: Memory | None = None,
) -> tuple[StatusApp, StandIn]:
    """An application and the source that it shows."""
    source = source or StandIn()
    return StatusApp(source, [ROOT], clock, config, memory), source


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what has been delivered is on screen."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    end = time.monotonic() + DEADLINE
    await pilot.pause()
    while not (app.is_up_to_date and app.screen_stack[0].query("FooterKey")):
        assert time.monotonic() < end
        await pilot.pause(0.01)
    # Once for the footer's place, once for what makes room for it.
    await pilot.pause()
    await pilot.pause()


LIFE = "CREATED made|SCHEDULED in the queue|RUNNING on cn0117"


def deliver_a_night(source: StandIn) -> None:
    """Deliver a few runs of every category."""
    source.deliver(("12", "hpcg.n4", f"{LIFE}|RUN_ERROR no space left on device"), ago=30)
    source.deliver(("13", "hpcg.n16", "BUILDING x|BUILD_FAILED make: *** error 2"), ago=300)
    source.deliver(("13", "hpcg.n16", "BUILD_CREATED Builder created."), ago=200)
    source.deliver(
        ("14", "osu.bw", f"{LIFE}|ENV_FAILED module gcc/12 is not there|COMPLETE result: FAIL"),
        ago=4000,
    )
    source.deliver(("15", "osu.latency", LIFE), ("16", "osu.latency", "BUILDING 3 of 4"))
    source.deliver(("17", "io.mdtest", "CREATED a|SCHEDULED in the queue"), ago=200_000)
    source.deliver(("18", "io.ior", f"{LIFE}|CANCELLED by jonas"), ago=7300)
    source.deliver(("19", "smoke.gpu", "SKIPPED only for systems with GPUs"), ago=9000)
    source.deliver(("20", "stream.triad", f"{LIFE}|RUN_USER phase 1: mesh généré ✓ 漢字"))
    for number in range(21, 40):
        life = f"{LIFE}|RESULTS reading 7|COMPLETE The test completed with result: PASS"
        source.deliver((str(number), "lammps.lj", life), ago=100.0 * number)
    source.deliver_empty_run("40")
