"""Processes that were started here, and that nobody waits for any more."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


def reap(process: subprocess.Popen[bytes], patience: float) -> None:
    """Take the exit status of a process that was killed, so that nothing is left of it.

    Args:
        process: The process.
        patience: Seconds to wait here. One that takes longer, since the machine is busy or it
            sleeps in the kernel, is waited for on a thread.
    """
    import subprocess  # noqa: PLC0415 - whoever has started the process has imported it

    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        reap_later(process.wait, process.pid)


def reap_later(wait: Callable[[], object], pid: int) -> None:
    """Wait for a process on a thread; where none can be started, it stays until this one ends.

    Args:
        wait: Waits for the process.
        pid: Its id.
    """
    with contextlib.suppress(RuntimeError):
        threading.Thread(target=wait, name=f"reap {pid}", daemon=True).start()
