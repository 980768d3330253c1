"""A progress line on standard error while reading takes long."""

from __future__ import annotations

from pathlib import Path

import pytest

from statustui.cli import console
from tests.terminal import STATUSTUI, terminal
from tests.trees import write_run

SLOW = """
import sys, time
from statustui.monitor.first_read import FirstReader
read = FirstReader.outline
def slow(reader, place):
    time.sleep(0.05)
    return read(reader, place)
FirstReader.outline = slow
from statustui.cli.main import main
sys.argv = ["statustui", "list", "--summary", sys.argv[1]]
main()
"""


def test_a_list_that_takes_long_says_how_far_it_is(tmp_path: Path) -> None:
    """The line is gone when the list is there."""
    for number in range(60):
        write_run(tmp_path / "test_runs" / str(number), "COMPLETE result: PASS")
    with terminal([STATUSTUI[0], "-c", SLOW, str(tmp_path)]) as screen:
        screen.wait_for("runs read")
        screen.wait_for("60 runs: 60 passed")
        assert screen.wait_for_end() == 0
        assert not any("read" in line for line in screen.lines)


def test_work_that_is_done_at_once_shows_no_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does standard error that is no terminal."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress = console.LateProgress()
    progress.show("1 run read")
    progress.clear()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(console, "_PROGRESS_DELAY", 0.0)
    progress = console.LateProgress()
    progress.show("2 runs read")
    progress.clear()
    assert "2 runs read" in capsys.readouterr().err
