"""The frame that is painted before the program is imported, seen in a real pseudo-terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from statustui import __version__
from tests.terminal import STATUSTUI, terminal
from tests.test_imports import imported_by
from tests.trees import write_run

ENTER, LEAVE, FRAME = b"\x1b[?1049h", b"\x1b[?1049l", b"statustui: looking for runs"


def test_the_frame_is_painted_before_anything_slow_is_imported() -> None:
    """Painting it imports neither the package of the command line nor that of the screen."""
    packages = {
        name.partition(".")[0]
        for name in imported_by("import statustui.__main__ as m; m.Splash().paint([], ())")
    }
    assert "statustui" in packages
    assert not packages & {"click", "textual", "rich", "watchfiles", "asyncio", "threading"}
    assert not packages & {"typing", "enum", "re"}


def test_the_first_bytes_are_the_frame_and_the_runs_replace_it(tmp_path: Path) -> None:
    """Nothing of the frame is left on the screen later."""
    write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for("RUNNING")
        assert screen.output.startswith(ENTER)
        assert screen.output.index(FRAME) < screen.output.index(b"RUNNING")
        assert not any(FRAME.decode() in line for line in screen.lines)
        screen.press("q")
        assert screen.wait_for_end() == 0
        assert screen.output.rindex(LEAVE) > screen.output.rindex(ENTER)


def test_the_screen_is_as_before_when_a_message_is_printed(tmp_path: Path) -> None:
    """The message about a wrong root is visible below the prompt."""
    with terminal([*STATUSTUI, str(tmp_path / "none")], 200) as screen:
        assert screen.wait_for_end() == 2
        before, message = screen.output.split(LEAVE)
        assert FRAME in before
        assert f"{tmp_path}/none".encode() in message


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["--version"], {}),
        (["states"], {}),
        (["-h"], {}),
        (["list", "."], {}),
        (["/nonexistent/root"], {"TERM": "dumb"}),
    ],
)
def test_no_frame_is_painted_for_what_has_no_screen(
    arguments: list[str], env: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor on a terminal that cannot display it."""
    monkeypatch.chdir(tmp_path)
    with terminal([*STATUSTUI, *arguments], **env) as screen:
        screen.wait_for_end()
        assert b"\x1b[?" not in screen.output


def test_a_pipe_gets_no_frame(tmp_path: Path) -> None:
    """Neither on standard output nor on standard error."""
    done = subprocess.run([*STATUSTUI, "-V"], capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().split() == ["statustui", __version__]
    done = subprocess.run(
        [*STATUSTUI, str(tmp_path / "none")], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert b"\x1b" not in done.stdout + done.stderr
