from __future__ import annotations

from pathlib import Path

import pytest

from statustui.scheduler.scheduler import is_at_hand, is_user
from statustui.scheduler.slurm import Slurm


@pytest.mark.parametrize("name", ["alice", "_www", "a.b-c", "Alice"])
def test_a_user(name: str) -> None:
    """A user."""
    assert is_user(name)


@pytest.mark.parametrize("name", ["", "-u", "a b", "alice;x", "1000", "a" * 65, "älice", "a\n"])
def test_no_user(name: str) -> None:
    """No user."""
    assert not is_user(name)


def test_a_scheduler_is_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler is at hand where its command is on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_at_hand(Slurm())
    (tmp_path / "squeue").touch(0o755)
    assert is_at_hand(Slurm())
