"""Timers that fire once, however late the event loop comes to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


def call_after(
    node: MessagePump, delay: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Have `node` call back after `delay` seconds, unless it is closed by then.

    A timer of Textual 8 that is to fire once never fires if the process is held up for longer than
    its delay between being started and reading the clock for the second time, which takes no more
    than another thread that runs, or a ``SIGSTOP``.
    """
    return asyncio.get_running_loop().call_later(delay, node.call_later, callback)
