"""Make the pictures of the README from a demo with a fixed seed and a fixed clock.

Run it from anywhere: ``python screenshots/make.py [DIRECTORY]``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from statustui.demo.cluster import Cluster
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from statustui.settings.config import Config
from statustui.tui.app import StatusApp

NOW = 1_795_483_800.0
SEED = 3
ROOT = "working_dir"
_PATIENCE = 30.0
"""Seconds after which what is to be on a picture counts as not coming."""


class Shot(NamedTuple):
    """What is to be seen on a picture."""

    keys: tuple[str, ...] = ()
    """The keys that are pressed before."""
    shows: tuple[str, ...] = ()
    """The texts that are all on it once it is whole, and not before."""
    columns: int = 100
    lines: int = 30
    config: Config = Config()


SHOTS = {
    "runs": Shot(),
    "problems": Shot(("!", "j", "j")),
    "failures": Shot(("t",)),
    "run": Shot((*"jjjjjjj", "enter"), ("usually: median",)),
    "timeline": Shot(("/", *"state=RUN_USER", "enter", "enter"), ("usually: median",)),
    "log": Shot(("/", *"BUILD_FAILED", "enter", "enter", "enter", "!"), ("▸",)),
    "wide": Shot(("!", "j", "j"), ("171  stream.copy", "usually: median"), 160, 40),
    "narrow": Shot((), (), 60, 20),
    "ascii": Shot((), (), 80, 24, Config(ascii=True)),
    "colorblind": Shot((), (), 80, 24, Config(colorblind=True)),
}
"""Name of a picture -> what is on it."""


async def take(shot: Shot) -> str:
    """A picture of the screen, as SVG."""
    monitor = Monitor([ROOT], Settings("poll", clock=lambda: NOW))
    app = StatusApp(monitor, [ROOT], clock=lambda: NOW, config=shot.config)
    async with app.run_test(size=(shot.columns, shot.lines)) as pilot:
        while not (app.initial_scan_done and app.is_up_to_date and app.screen.query("FooterKey")):
            await pilot.pause(0.05)
        await pilot.pause()
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        end = time.monotonic() + _PATIENCE
        while lacking := _lacking(picture := app.export_screenshot(), shot.shows):
            if time.monotonic() > end:
                raise TimeoutError(f"{', '.join(lacking)} does not come")
            await pilot.pause(0.05)
        return picture


def _lacking(picture: str, texts: tuple[str, ...]) -> list[str]:
    """Which of the texts are not on a picture."""
    legible = picture.replace("&#160;", " ")
    return [text for text in texts if text not in legible]


def main() -> None:
    """Write every picture into a directory, by default the one of this script."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent).resolve()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        Cluster(ROOT, 200, SEED).fill(NOW)
        for name, shot in SHOTS.items():
            path = target / f"{name}.svg"
            path.write_text(asyncio.run(take(shot)), encoding="utf-8")
            print(path)
        os.chdir(target)


if __name__ == "__main__":
    main()
