"""The pictures of the documentation show what the program shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MAX_SESSION_BYTES = 400_000
PICTURES = Path(__file__).parent.parent / "screenshots"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_picture_is_what_the_script_makes_of_the_program_now(tmp_path: Path) -> None:
    """Byte for byte; `python -m screenshots.make` renews them."""
    command = [sys.executable, "-m", "screenshots.make", str(tmp_path)]
    env = os.environ | {"PYTHONPATH": str(PICTURES.parent)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120, env=env)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.svg")}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("*.svg")}
    assert sorted(kept) == sorted(made)
    assert [name for name in kept if kept[name] != made[name]] == []


def test_pictures_do_not_rely_on_spaces() -> None:
    """Some viewers drop them; every text is one word, or one character, at its own position."""
    for path in PICTURES.glob("*.svg"):
        texts = re.findall(r"<text [^>]*>([^<]*)<", path.read_text(encoding="utf-8"))
        assert texts
        assert [text for text in texts if re.search(r"[\s\xa0]", text)] == [], path


def test_the_session_is_small() -> None:
    """It is loaded with the README."""
    assert (PICTURES / "session.svg").stat().st_size < MAX_SESSION_BYTES
