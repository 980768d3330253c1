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

    def hang(self) -> None:
        """Stop answering."""
        self._server.send_signal(signal.SIGSTOP)

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
