"""Run the command of a scheduler, with limits, and end it for good."""

from __future__ import annotations

import contextlib
import math
import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from statustui.scheduler.processes import reap

CALL_LIMIT = 10.0
"""Seconds that a call may take. With its controller down, ``squeue`` takes 18 (Slurm 22.05)."""
MAX_BYTES = 1 << 25
"""Bytes of an answer that are read."""
_END_SECONDS = 1.0
"""Seconds that a killed command has to end before nobody waits for it."""
_MARGIN = 5.0
"""Seconds over its limit after which a command ends by itself."""
_MAX_COMPLAINT = 200
"""Characters of a complaint that are kept."""
_BLOCK = 1 << 16


class NoAnswerError(Exception):
    """A scheduler has not answered; nothing follows for its jobs. The message says why."""


class Output(NamedTuple):
    """What a command has printed."""

    status: int
    """Its exit status; negative: the signal that ended it."""
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The first line of its standard error; empty if there is none."""
        return next(iter(self.err.strip().splitlines()), "")[:_MAX_COMPLAINT]

    def failure_of(self, command: str) -> str:
        """Return why a command has failed: its complaint or, without one, its exit status."""
        # `squeue: error: …`, `slurm_load_jobs error: …`, `flux-jobs: ERROR: …`
        said = re.sub(rf"{command}[\w-]*: ", "", self.complaint, count=1)
        said = re.sub(r"^(?:\w+ )?(?:error|fatal): ", "", said, flags=re.IGNORECASE)
        return f"{command}: {said or f'exit status {self.status}'}"


RunCommand: TypeAlias = Callable[[Sequence[str], Mapping[str, str]], Output]
"""Runs a command, given its words and variables to set; those with an empty value are unset.

Raises `NoAnswerError` if it cannot be started, does not end in time, or prints too much.
"""


class CommandRunner:
    """Runs one command after the other, without a shell, each in a process group of its own.

    The group is killed when the command ends or is given up, so that nothing that it has started
    remains.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def __call__(
        self, words: Sequence[str], variables: Mapping[str, str], limit: float = CALL_LIMIT
    ) -> Output:
        """Run a command.

        Args:
            words: The command and its arguments.
            variables: Environment variables to set; those with an empty value are unset.
            limit: Seconds that it may take.

        Raises:
            NoAnswerError: It cannot be started, does not end in time, or prints too much.
        """
        end = time.monotonic() + limit
        guarded = [*_guard(words[0], limit), *words]
        try:
            process = self._start(guarded, variables)
        except OSError as error:
            raise NoAnswerError(f"{words[0]}: {error.strerror or error}") from None
        try:
            out, err = _read(process, end)
            status = process.wait(timeout=max(0.0, end - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise NoAnswerError(f"{words[0]}: no answer within {limit:g} s") from None
        except ValueError:
            raise NoAnswerError(f"{words[0]}: the answer is too long") from None
        finally:
            with self._lock:
                self._process = None
            _end(process)
        return Output(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def stop(self) -> None:
        """Kill the command that is under way, and any later one; called from any thread."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                _kill(self._process)

    def _start(self, words: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        everything = {**os.environ, "LC_ALL": "C", **variables}
        # Without the lock: the filesystem of the command may not answer.
        process = subprocess.Popen(  # noqa: S603 - without a shell, and ids are checked before
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in everything.items() if value},
            start_new_session=True,
        )
        with self._lock:
            self._process = process
            if self._is_stopped:
                _kill(process)
        return process


def _guard(command: str, limit: float) -> list[str]:
    """Return what to put in front of a command so that it also ends if this program is killed.

    Raises:
        NoAnswerError: There is no such command.
    """
    if shutil.which(command) is None:
        raise NoAnswerError(f"{command}: there is no such command")
    # Of the coreutils, or of BusyBox; without it a command that hangs may outlive this program.
    seconds = str(math.ceil(limit + _MARGIN))
    return [] if shutil.which("timeout") is None else ["timeout", "-s", "KILL", seconds]


def _read(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bytes]:
    """Read what a command prints, until it closes both streams.

    Raises:
        TimeoutError: It has not by `end`, on the monotonic clock.
        ValueError: It prints more than `MAX_BYTES`.
    """
    parts: dict[object, list[bytes]] = {process.stdout: [], process.stderr: []}
    size = 0
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.monotonic()))
            if not ready or time.monotonic() >= end:
                raise TimeoutError
            for key, _events in ready:
                block = os.read(key.fd, _BLOCK)
                if not block:
                    selector.unregister(key.fileobj)
                size += len(block)
                if size > MAX_BYTES:
                    raise ValueError
                parts[key.fileobj].append(block)
    return b"".join(parts[process.stdout]), b"".join(parts[process.stderr])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a command, and wait for it a little."""
    _kill(process)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    reap(process, _END_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group of a command."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
