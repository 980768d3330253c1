"""Commands of the user on keys, in a terminal of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run

OTHER_SCREEN_ON, OTHER_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
ASK = "import sys; print('shown', *sys.argv[1:], flush=True); input(); sys.exit(3)"
CONFIG = """
[commands]
X = {{run = ["{python}", "-c", "{ask}", "{{path}}", "{{log}}"], label = "ask"}}
B = {{run = "sh -c 'echo said of $0' {{id}}", background = true}}
"""


@pytest.mark.slow
def test_a_command_has_the_screen_or_runs_behind_it(tmp_path: Path) -> None:
    """After one in front, nothing of it is left on the screen."""
    run = write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    (run / "run.log").write_text("step 3 of 5\n")
    config = tmp_path / "c.toml"
    config.write_text(CONFIG.format(python=sys.executable, ask=ASK))
    command = [*STATUSTUI, "--config", str(config), str(tmp_path / "tree")]
    with terminal(command, 200) as screen:
        screen.wait_for_runs(1)
        screen.press("X")
        screen.wait_for(f"shown {run} {run}/run.log")
        assert OTHER_SCREEN_OFF in screen.output.partition(b"shown")[0]
        append(run, "RUN_TIMEOUT meanwhile", 1_795_000_900.0)
        screen.press("q\r")
        screen.wait_for("ask: exit status 3")
        screen.wait_for("meanwhile")
        assert not any("shown" in line for line in screen.lines)
        assert OTHER_SCREEN_ON in screen.output.rpartition(b"shown")[2]
        # From the screen of a run, behind it.
        screen.press("\r")
        screen.wait_for("History")
        screen.press("B")
        screen.wait_for("sh: said of one")
        screen.press("\x11")
        assert screen.wait_for_end() == 0
