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

from statustui.demo import Cluster
from statustui.monitor.monitor import Monitor
from statustui.monitor.pace import Settings
from statustui.tui.app import StatusApp

NOW = 1_795_483_800.0
SEED = 3
ROOT = "working_dir"

SHOTS = {
    "runs": ((100, 30), ()),
    "problems": ((100, 30), ("!", "j", "j")),
    "failures": ((100, 30), ("t",)),
    "run": ((100, 30), (*"jjjjjjj", "enter")),
    "log": ((100, 30), ("/", *"BUILD_FAILED", "enter", "enter", "enter", "!")),
    "wide": ((160, 40), ("!", "j", "j")),
    "narrow": ((60, 20), ()),
}
"""Name of a picture -> columns and lines of the terminal, and the keys pressed before."""


async def take(size: tuple[int, int], keys: tuple[str, ...]) -> str:
    """The picture of the screen after `keys`, as SVG."""
    app = StatusApp(Monitor([ROOT], Settings("poll", clock=lambda: NOW)), [ROOT], clock=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        while not (app.is_complete and app.is_up_to_date and app.screen.query("FooterKey")):
            await pilot.pause(0.05)
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        return app.export_screenshot()


def main() -> None:
    """Write every picture into a directory, by default the one of this script."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent).resolve()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        Cluster(ROOT, 200, SEED).fill(NOW)
        for name, (size, keys) in SHOTS.items():
            path = target / f"{name}.svg"
            path.write_text(asyncio.run(take(size, keys)), encoding="utf-8")
            print(path)
        os.chdir(target)


if __name__ == "__main__":
    main()
