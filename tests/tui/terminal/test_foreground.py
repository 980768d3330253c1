from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from textual.app import SuspendNotSupported

from statustui.tui.terminal.foreground import Foreground

if TYPE_CHECKING:
    from statustui.tui.terminal.textual_private import PrivateApp


class Suspending:
    """An application that counts how often it has its terminal back."""

    def __init__(self) -> None:
        """Start with the terminal."""
        self.resumed = 0
        self.can_suspend = True

    @contextlib.contextmanager
    def suspend(self) -> Iterator[None]:
        """Give the terminal away; as with Textual, an error inside is the end of it."""
        if not self.can_suspend:
            raise SuspendNotSupported
        yield
        self.resumed += 1

    def batch_update(self) -> contextlib.AbstractContextManager[None]:
        """Draw nothing."""
        return contextlib.nullcontext()


def test_the_terminal_comes_back_whatever_a_function_raises() -> None:
    """The user gets to know what it was."""
    app, warnings = Suspending(), list[str]()
    foreground = Foreground(cast("PrivateApp", app), warnings.append)

    def fail_to_connect() -> None:
        raise OSError(24, "Too many open files\x1b")

    def crash() -> None:
        raise KeyError("x")

    for work in (fail_to_connect, crash, lambda: None):
        asyncio.run(foreground.call(work, "ssh"))
    assert app.resumed == 3
    assert warnings == [r"ssh: Too many open files\x1b", "ssh: KeyError('x')"]
    app.can_suspend = False
    asyncio.run(foreground.call(crash, "ssh"))
    assert warnings[2:] == ["ssh: it cannot have this terminal"]
