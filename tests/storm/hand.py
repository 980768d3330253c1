"""What a writer works with."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.storm.tree import Tree, content

OPEN = 0o700
"""Permissions of what can be read, directory or not."""


@dataclass(frozen=True)
class Hand:
    """The hand of one writer."""

    rng: random.Random
    tree: Tree
    name: str
    """Tells it from other writers."""

    def spare(self) -> str:
        """A path beside the roots where nothing is."""
        return f"{self.tree.aside}/{self.name}.{time.monotonic_ns()}"

    def content(self, size: int) -> bytes:
        """Status lines of so many bytes."""
        return content(self.rng, size, time.time())

    def pause(self, most: float) -> None:
        """Let the others go on, and those who watch look, for up to so many seconds."""
        time.sleep(self.rng.choice([0.0, 0.1, 1.0]) * most * self.rng.random())

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from moving folders and roots.

        Raises:
            BlockingIOError: Another writer does it just now.
        """
        with open(f"{self.tree.aside}/lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    @contextlib.contextmanager
    def without(self, path: str) -> Iterator[str]:
        """Move something away, give the place where it is, and put it back."""
        spare = self.spare()
        os.rename(path, spare)
        try:
            yield spare
        finally:
            put_back(spare, path)


@contextlib.contextmanager
def shutting(path: str, mode: int = 0) -> Iterator[None]:
    """Take the permissions of something away, and give them back."""
    os.chmod(path, mode)
    try:
        yield
    finally:
        os.chmod(path, OPEN)


def clear(path: str) -> None:
    """Remove whatever is at `path`."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


def put_back(spare: str, path: str) -> None:
    """Move `spare` to `path`, whatever is there, as soon as the folder of that is there."""
    while True:
        try:
            os.rename(spare, path)
        except FileNotFoundError:
            time.sleep(0.01)
        except OSError:
            # Something else has taken its place, or its folder is shut.
            with contextlib.suppress(OSError):
                os.chmod(os.path.dirname(path), OPEN)
                if os.path.isdir(path) and not os.path.islink(path):
                    os.chmod(path, OPEN)
                os.rename(path, f"{spare}.displaced")
        else:
            return
