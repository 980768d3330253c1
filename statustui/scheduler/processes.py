"""Processes that were started here, and that nobody waits for any more."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable


def reap(process: subprocess.Popen[bytes], patience: float) -> None:
    """Take the exit status of a process that was killed, so that nothing is left of it.

    Args:
        process: The process.
        patience: Seconds to wait here. One that takes longer, since the machine is busy or it
            sleeps in the kernel, is waited for on a thread.
    """
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
