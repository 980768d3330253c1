"""Make the pictures of the README and of `docs` from a demo with a fixed seed and a fixed clock.

Run it from the top of a checkout: ``python -m screenshots.make [DIRECTORY]``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from textual.pilot import Pilot

from screenshots.terminal_svg import Frame, draw_picture, draw_session, read_frame
from statustui.demo.cluster import Cluster
from statustui.monitor.batch import Batch, Deliver
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from statustui.settings.config import Config
from statustui.tui.app import StatusApp
from statustui.tui.widgets.key_line import KeyLine

NOW = 1_795_483_800.0
SEED = 3
ROOT = "working_dir"
HOSTS = {"login1:wd": 120, "login2:wd": 80}
"""Roots that look as if they were on other hosts, and the number of their runs."""
_INTERVAL = 1.0
"""Seconds between two sweeps; quiet runs have no other one, however long a picture takes."""
_TIMEOUT = 30.0
"""Seconds to wait for an expected text."""


class Shot(NamedTuple):
    """A picture to make."""

    keys: tuple[str, ...] = ()
    """The keys to press first."""
    shows: tuple[str, ...] = ()
    """Texts that are on the picture once it is complete, and not before."""
    columns: int = 100
    lines: int = 30
    config: Config = Config()
    roots: tuple[str, ...] = (ROOT,)


_USUAL = ("usually",)

SHOTS = {
    "runs": Shot(),
    "problems": Shot(("!", "j", "j")),
    "failures": Shot(("t",)),
    "run": Shot((*"jjjjjjj", "enter"), _USUAL),
    "timeline": Shot(("/", *"state=RUN_USER", "enter", "enter"), _USUAL),
    "log": Shot(("/", *"BUILD_FAILED", "enter", "enter", "enter", "!"), ("▸",)),
    "wide": Shot(("!", "j", "j"), ("171  stream.copy", "usually"), 160, 40),
    "narrow": Shot((), (), 60, 20),
    "ascii": Shot((), (), 80, 24, Config(ascii=True)),
    "colorblind": Shot((), (), 80, 24, Config(colorblind=True)),
    "hosts": Shot(("j", "j"), roots=tuple(HOSTS)),
}
"""Name of a picture -> how to make it."""


class Scene(NamedTuple):
    """A step of the session that plays by itself."""

    keys: tuple[str, ...]
    label: str
    """The keys as the caption names them."""
    caption: str
    seconds: float = 2.5
    shows: tuple[str, ...] = ()
    """As of a `Shot`."""
    passes: float = 0.0
    """Seconds that pass on the cluster first."""


SCENES = (
    Scene((), "", "200 runs of a cluster, problems first", 3),
    Scene(("s",), "s", "by time; a dot marks a run that has just changed", 2),
    *[Scene((), "s", "by time; a dot marks a run that has just changed", 1.2, passes=2)] * 4,
    Scene(("!",), "!", "problems only"),
    Scene(("t",), "t", "grouped by what went wrong", 3),
    Scene(("j", "enter"), "Enter", "unfold a group"),
    Scene(("j", "enter"), "Enter", "why did this run fail?", 4, _USUAL),
    Scene(("enter",), "Enter", "its log"),
    Scene(("!",), "!", "the first error in the log", 3, ("▸",)),
    Scene(("q", "escape", *"ttttttt", "home"), "q", "back to all runs", 2),
    Scene(("/", *"state"), "/", "filter as you type", 1.2),
    Scene(tuple("=RUNNING"), "/", "filter as you type", 2),
    Scene(("enter", "enter"), "Enter", "a run under way, and what is usual", 4, _USUAL),
)


async def make_picture(shot: Shot) -> str:
    """Make a picture of the screen, as SVG."""
    monitor = Monitor(shot.roots, Settings("poll", _INTERVAL, clock=lambda: NOW))
    app = StatusApp(monitor, shot.roots, clock=lambda: NOW, config=shot.config, calm=0)
    async with app.run_test(size=(shot.columns, shot.lines)) as pilot:
        await _start(app, pilot)
        return draw_picture(await _press(app, pilot, shot.keys, shot.shows))


async def make_session(cluster: Cluster) -> str:
    """Make the session that plays by itself, as SVG."""
    now = NOW

    def clock() -> float:
        return now

    monitor = _CountingMonitor([ROOT], Settings("poll", _INTERVAL, clock=clock))
    app = StatusApp(monitor, [ROOT], clock=clock, calm=0)
    scenes = []
    async with app.run_test(size=(100, 26)) as pilot:
        await _start(app, pilot)
        for scene in SCENES:
            if scene.passes:
                now += scene.passes
                cluster.advance(scene.passes, now)
                await _settle(app, pilot, monitor)
            frame = await _press(app, pilot, scene.keys, scene.shows)
            scenes.append((frame, scene.label, scene.caption, scene.seconds))
    return draw_session(scenes)


async def _start(app: StatusApp, pilot: Pilot[None]) -> None:
    while not (app.initial_scan_done and app.is_up_to_date and app.screen.query(KeyLine)):
        await pilot.pause(0.05)
    await pilot.pause()


class _CountingMonitor(Monitor):
    """A monitor of one root that counts how often it has checked everything."""

    sweeps = 0

    def start(self, deliver: Deliver) -> None:
        def count(batch: Batch) -> None:
            deliver(batch)
            self.sweeps = max([self.sweeps, *(health.sweeps for health in batch.health)])

        super().start(count)


async def _settle(app: StatusApp, pilot: Pilot[None], monitor: _CountingMonitor) -> None:
    """Wait until every change on the cluster is on the screen, and every age is of now."""
    sweeps = monitor.sweeps
    await pilot.press("r")
    end = time.monotonic() + _TIMEOUT
    while monitor.sweeps == sweeps or not app.is_up_to_date:
        if time.monotonic() > end:
            raise TimeoutError("the monitor does not check everything")
        await pilot.pause(0.05)
    before, since = app.export_screenshot(), time.monotonic()
    while time.monotonic() - since < 2:  # noqa: PLR2004 - ages are drawn anew every second
        await pilot.pause(0.2)
        if before != (before := app.export_screenshot()):
            since = time.monotonic()


async def _press(
    app: StatusApp, pilot: Pilot[None], keys: tuple[str, ...], texts: tuple[str, ...]
) -> Frame:
    """Press keys, and return what is on the screen once all of the texts are, and it rests."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.1)
    end, before = time.monotonic() + _TIMEOUT, ""
    while (lacking := _lacking(exported := app.export_screenshot(), texts)) or exported != before:
        if time.monotonic() > end:
            raise TimeoutError(f"{', '.join(lacking) or 'a screen that rests'} does not come")
        before = exported
        await pilot.pause(0.2)
    return read_frame(exported)


def _lacking(exported: str, texts: tuple[str, ...]) -> list[str]:
    """Return those of the texts that are not on a picture."""
    legible = exported.replace("&#160;", " ")
    return [text for text in texts if text not in legible]


def main() -> None:
    """Write every picture into a directory, by default the one of this script."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent).resolve()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        cluster = Cluster(ROOT, 200, SEED)
        cluster.fill(NOW)
        for number, (root, runs) in enumerate(HOSTS.items()):
            Cluster(root, runs, SEED + number).fill(NOW)
        for name, shot in SHOTS.items():
            write(target / f"{name}.svg", asyncio.run(make_picture(shot)))
        write(target / "session.svg", asyncio.run(make_session(cluster)))
        os.chdir(target)


def write(path: Path, text: str) -> None:
    """Write a picture, and print its path."""
    path.write_text(text, encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
