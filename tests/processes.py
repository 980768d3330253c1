"""The processes below this one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from tests.waiting import wait_until


def children(pid: int) -> list[int]:
    """The children of a process, of all its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, path.read_text(encoding="ascii").split())
    return found


def descendants(pid: int) -> list[int]:
    """The children of a process, theirs, and so on."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


def has_ended(pid: int) -> bool:
    """Whether a child of this process, for which nobody has waited yet, has ended."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    return stat.rpartition(")")[2].split()[0] == "Z"


def wait_until_ended(spared: Collection[int]) -> None:
    """Wait until this process has no descendants but those that are spared.

    Raises:
        AssertionError: It has some after long; it tells their states and commands.
    """

    def left() -> list[int]:
        return [pid for pid in descendants(os.getpid()) if pid not in spared]

    try:
        wait_until(lambda: not left())
    except AssertionError:
        told = "\n".join(map(_describe, left()))
        raise AssertionError(f"processes are left:\n{told}") from None


def _describe(pid: int) -> str:
    try:
        stat, command = (
            Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
            for name in ("stat", "cmdline")
        )
    except OSError:
        return f"{pid}, which has ended"
    return f"{stat.strip()}: {command.replace(chr(0), ' ')[:400]}"
