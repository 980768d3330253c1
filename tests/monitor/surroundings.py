"""Namespaces and FUSE mounts, which only some machines allow."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.waiting import DEADLINE, wait_until


def namespace(*script: str, flags: str = "-Ur") -> Sequence[str]:
    """The start of a command that runs in a user namespace of its own, after lines of a `script`.

    Skips the test where there are no such namespaces. The `flags` are those of unshare(1): without
    ``r`` even root has none of its powers there.
    """
    lines = "\n".join(["set -e", *script])
    start = ["unshare", flags, "sh", "-c", f'{lines}\nexec "$@"', "sh"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    tried = subprocess.run([*start, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no such namespace here: {tried.stderr.strip()}")
    return start


class Mirror:
    """Mounts ``path/behind`` at ``path/mirror`` with bindfs, which raises no events for changes."""

    def __init__(self, path: Path) -> None:
        if shutil.which("bindfs") is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
            pytest.skip("bindfs or /dev/fuse is not there")
        self.behind, self.place = path / "behind", path / "mirror"
        for directory in (self.behind, self.place):
            directory.mkdir(parents=True)
        self.mount()

    def mount(self) -> None:
        """Mount the mirror, or mount it again."""
        self._server = subprocess.Popen(
            ["bindfs", "-f", self.behind, self.place],  # noqa: S607 - wherever it is installed
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + DEADLINE
        while not os.path.ismount(self.place):
            if self._server.poll() is not None:
                pytest.skip("bindfs cannot mount here")
            assert time.monotonic() < end
        wait_until(lambda: self._is_in_state("S"), "the server to wait for requests")
        self._idle_calls = self._calls()

    def _of_threads(self, name: str) -> list[str]:
        """What a file of `/proc` says of each thread of the server."""
        threads = Path(f"/proc/{self._server.pid}/task").iterdir()
        return [(thread / name).read_text(encoding="ascii") for thread in threads]

    def _is_in_state(self, state: str) -> bool:
        """Whether all threads of the server are sleeping (S) or stopped (T)."""
        lines = self._of_threads("stat")
        return all(line.rpartition(")")[2].split()[0] == state for line in lines)

    def _calls(self) -> set[str]:
        """The numbers of the system calls that the threads of the server are in."""
        return {line.split()[0] for line in self._of_threads("syscall")}

    def hang(self) -> None:
        """Answer no more, from between two requests on.

        A process that waits for a request that the server has begun with cannot end, not even if it
        is killed.
        """
        wait_until(self._stop_between_requests)

    def _stop_between_requests(self) -> bool:
        self._server.send_signal(signal.SIGSTOP)
        wait_until(lambda: self._is_in_state("T"), "the server to stop")
        is_idle = self._calls() <= self._idle_calls
        if not is_idle:
            self.go_on()
        return is_idle

    def go_on(self) -> None:
        """Answer again."""
        self._server.send_signal(signal.SIGCONT)

    def break_down(self) -> None:
        """Answer every call with an error."""
        self._server.kill()
        self._server.wait()

    def unmount(self) -> None:
        """Unmount the mirror."""
        self._server.send_signal(signal.SIGCONT)
        subprocess.run(["fusermount3", "-uz", self.place], check=True)  # noqa: S607 - as above
        self._server.wait(DEADLINE)
        wait_until(lambda: not os.path.ismount(self.place))


@contextlib.contextmanager
def mirror(path: Path) -> Iterator[Mirror]:
    """Mount a `Mirror`, and unmount it afterwards."""
    mounted = Mirror(path)
    try:
        yield mounted
    finally:
        mounted.unmount()
