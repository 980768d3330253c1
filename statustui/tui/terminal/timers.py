"""One-shot timers that fire even if the event loop is late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


def call_after(
    node: MessagePump, delay: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Call `callback` in the context of `node` after `delay` seconds, unless `node` is closed.

    A one-shot timer of Textual 8 never fires if, just after its start, the process is suspended or
    another thread runs for longer than the delay.
    """
    return asyncio.get_running_loop().call_later(delay, node.call_later, callback)
