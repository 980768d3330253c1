"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 40.0
"""Seconds after which something that is waited for counts as not coming."""


def wait_until(condition: Callable[[], object], what: str = "", deadline: float = DEADLINE) -> None:
    """Wait until `condition` holds.

    Raises:
        AssertionError: It does not within `deadline` seconds.
    """
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"waited {deadline} s in vain: {what or condition}"
        time.sleep(0.01)
