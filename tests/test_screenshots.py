"""The pictures of the README show what the program shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PICTURES = Path(__file__).parent.parent / "screenshots"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_picture_is_what_the_script_makes_of_the_program_now(tmp_path: Path) -> None:
    """To the letter; `python screenshots/make.py` makes them anew."""
    command = [sys.executable, str(PICTURES / "make.py"), str(tmp_path)]
    env = os.environ | {"PYTHONPATH": str(PICTURES.parent)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120, env=env)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.svg")}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("*.svg")}
    assert sorted(kept) == sorted(made)
    assert [name for name in kept if kept[name] != made[name]] == []
