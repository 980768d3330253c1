"""Hand the terminal to another program, and take it back when that ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import FileIO
from types import FrameType

from textual.app import SuspendNotSupported

from statustui.core.text import clean
from statustui.tui.terminal.textual_private import PrivateApp
from statustui.tui.terminal.viewers import Viewer

_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""Signals that a terminal sends to all of its programs in the foreground."""
_NOTHING: Mapping[str, str] = {}


class Foreground:
    """Runs other programs in the terminal, one at a time.

    Meanwhile the application goes on, but neither draws nor reads keys.

    Args:
        app: The application, which has the terminal.
        warn: Called with what has gone wrong, as one clean line.
    """

    def __init__(self, app: PrivateApp, warn: Callable[[str], object]) -> None:
        self._app = app
        self._warn = warn
        self._lock = asyncio.Lock()

    async def view(self, viewer: Viewer, file: FileIO) -> None:
        """Show an open file in another program, and close it when that ends.

        The program opens the very file through its descriptor, not by its path.
        """
        command = [*viewer.command, f"/dev/fd/{file.fileno()}"]
        await self.lend(command, command[0], [file], variables=viewer.variables)

    async def lend(
        self,
        command: Sequence[str],
        name: str,
        files: Sequence[FileIO],
        *,
        variables: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Run a program that inherits open files, and close these when it ends.

        Args:
            command: The program and its arguments.
            name: What to call it in a warning.
            files: The open files.
            variables: What to add to its environment.
        """
        with contextlib.ExitStack() as opened:
            for file in files:
                opened.enter_context(file)
            descriptors = [file.fileno() for file in files]
            await self.run(command, name, variables=variables, descriptors=descriptors)

    async def run(
        self,
        command: Sequence[str],
        name: str,
        *,
        variables: Mapping[str, str] = _NOTHING,
        descriptors: Sequence[int] = (),
    ) -> None:
        """Run a program to its end.

        Args:
            command: The program and its arguments.
            name: What to call it in a warning.
            variables: What to add to its environment.
            descriptors: The open files that it inherits.
        """
        async with self._lock:
            try:
                # Nothing is drawn during a batch.
                with self._app.batch_update(), self._app.suspend(), _spared_from_keys():
                    trouble = await self._run(command, variables, descriptors)
            except SuspendNotSupported:
                trouble = "it cannot have this terminal"
        if trouble is not None:
            self._warn(clean(f"{name}: {trouble}"))

    async def call(self, work: Callable[[], object], name: str) -> None:
        """Have a function that uses the terminal run to its end, on another thread.

        Args:
            work: The function.
            name: What to call it in a warning.
        """
        trouble = None
        async with self._lock:
            try:
                with self._app.batch_update(), self._app.suspend(), _spared_from_keys():
                    # As below, nothing is raised in here.
                    try:
                        await asyncio.to_thread(work)
                    except Exception as error:  # noqa: BLE001 - the user gets to know it
                        trouble = getattr(error, "strerror", None) or repr(error)
            except SuspendNotSupported:
                trouble = "it cannot have this terminal"
        if trouble is not None:
            self._warn(clean(f"{name}: {trouble}"))

    async def _run(
        self, command: Sequence[str], variables: Mapping[str, str], descriptors: Sequence[int]
    ) -> str | None:
        """Run a program to its end; return what has gone wrong, None if nothing has.

        Nothing but a cancellation is raised: `suspend` takes the terminal back only after a block
        without an error.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=getattr(self._app.terminal, "fileno", None),
                env=os.environ | variables,
                pass_fds=descriptors,
            )
        except OSError as error:
            return error.strerror
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                # The application ends, and with it everything that it has started.
                process.terminate()
        return f"exit status {status}" if status > 0 else None


def print_line(line: str) -> None:
    """Print a clean line on the terminal, while another program has it."""
    with contextlib.suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{clean(line)}\n".encode())


@contextlib.contextmanager
def _spared_from_keys() -> Iterator[None]:
    """Have keys such as Ctrl-c act on the program in front only."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        # Unlike SIG_IGN, a handler is not inherited by the program.
        pass

    before = {number: signal.signal(number, ignore) for number in _FROM_KEYS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
