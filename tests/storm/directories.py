"""What the writers do to runs, folders and roots."""

from __future__ import annotations

import contextlib
import os
import shutil
import time

from tests.storm.files import append, status_of
from tests.storm.hand import OPEN, Hand, clear, put_back, shutting
from tests.storm.tree import write

_SHUT = (0o000, 0o444, 0o111)
"""Permissions that hide what is in a directory, or half of it."""


def unlink(_hand: Hand, run: str) -> None:
    """Take the status file away."""
    clear(status_of(run))


def special(hand: Hand, run: str) -> None:
    """Put a link, a FIFO or a directory in the place of the status file."""
    status = status_of(run)
    clear(status)
    kind = hand.rng.choice(["fifo", "directory", "link", "dangling", "loop"])
    if kind == "fifo":
        os.mkfifo(status)
    elif kind == "directory":
        os.mkdir(status)
    else:
        aim = {"link": status_of(hand.rng.choice(hand.tree.runs)), "dangling": "gone"}
        os.symlink(aim.get(kind, "status"), status)


def hard_link(hand: Hand, run: str) -> None:
    """Make the status file one with that of another run: a change of it has no event here."""
    spare = hand.spare()
    os.link(status_of(hand.rng.choice(hand.tree.runs)), spare, follow_symlinks=False)
    os.rename(spare, status_of(run))


def remove(_hand: Hand, run: str) -> None:
    """Remove the run."""
    shutil.rmtree(run)


def make(hand: Hand, run: str) -> None:
    """Make the run, or make it anew; sometimes its status comes later, or never."""
    clear(run)
    hand.pause(0.2)
    os.mkdir(run)
    if hand.rng.random() < 0.8:
        hand.pause(0.2)
        write(status_of(run), hand.content(hand.rng.randint(100, 400)))


def make_quietly(hand: Hand, run: str) -> None:
    """Make the run anew, or remove it, and give the folder its old time of change."""
    parent = os.path.dirname(run)
    state = os.stat(parent)
    make(hand, run) if hand.rng.random() < 0.5 else remove(hand, run)
    os.utime(parent, ns=(state.st_atime_ns, state.st_mtime_ns))


def link_run(hand: Hand, run: str) -> None:
    """Put a link to another run in its place, which is not followed."""
    aim = hand.rng.choice(hand.tree.runs)
    clear(run)
    os.symlink(aim, run)


def swap(hand: Hand, path: str) -> str:
    """Swap a run, or a folder, with another one beside it."""
    sort = hand.tree.folders if path in hand.tree.folders else hand.tree.runs
    beside = [one for one in sort if os.path.dirname(one) == os.path.dirname(path)]
    other, spare = hand.rng.choice(beside), hand.spare()
    with hand.alone():
        os.rename(path, spare)
        try:
            os.rename(other, path)
        except OSError:
            put_back(spare, path)
            raise
        put_back(spare, other)
    return other


def nest(hand: Hand, run: str) -> None:
    """Make a run inside the run, or remove what is there."""
    inner = f"{run}/in{hand.rng.randrange(2)}"
    if os.path.isdir(inner) and hand.rng.random() < 0.5:
        shutil.rmtree(inner)
        return
    # One directory at a time: a run that is away is not made anew.
    with contextlib.suppress(FileExistsError):
        os.mkdir(inner)
    if hand.rng.random() < 0.5:
        inner += "/more"
        os.mkdir(inner)
    write(status_of(inner), hand.content(200))


def shut(hand: Hand, run: str) -> None:
    """Take permissions of a run or its status file away, or give them back."""
    path = hand.rng.choice([run, status_of(run)])
    is_open = os.lstat(path).st_mode & 0o200
    os.chmod(path, hand.rng.choice(_SHUT) if is_open else OPEN)


# What is done to folders and roots.


def stray(hand: Hand, folder: str) -> None:
    """Leave a file called status where runs are below, or take it away."""
    clear(status_of(folder))
    if hand.rng.random() < 0.6:
        write(status_of(folder), hand.rng.choice([b"output of a command\n", hand.content(100)]))


def shut_folder(hand: Hand, path: str) -> None:
    """Take permissions of a folder, a part or a root away, and give them back."""
    with hand.alone(), shutting(path, hand.rng.choice(_SHUT)):
        hand.pause(6.0)


def away(hand: Hand, path: str) -> None:
    """Move a root, a part or a folder away and back, a bit changed meanwhile."""
    with hand.alone(), hand.without(path) as spare:
        hand.pause(6.0)
        inner = [one for one in hand.tree.runs if one.startswith(f"{path}/")]
        for run in hand.rng.sample(inner, min(2, len(inner))):
            with contextlib.suppress(OSError):
                append(hand, spare + run.removeprefix(path))


def away_again(hand: Hand, path: str) -> None:
    """Move a root away and back several times in a moment."""
    with hand.alone():
        for _ in range(10):
            with hand.without(path):
                time.sleep(hand.rng.choice([0.0, 0.001, 0.01, 0.05]))
            time.sleep(hand.rng.choice([0.0, 0.001, 0.01, 0.05]))


def another(hand: Hand, path: str) -> None:
    """Put another tree into the place of a root or a part for a while."""
    with hand.alone(), hand.without(path):
        run = f"{path}/test_runs/0000001"
        os.makedirs(run)
        write(status_of(run), hand.content(200))
        os.makedirs(f"{path}/f0/r0")
        write(f"{path}/f0/r0/status", hand.content(200))
        hand.pause(4.0)


def to_scratch(hand: Hand, path: str) -> None:
    """Put a link to where it is now into the place of a root or a part for a while."""
    with hand.alone(), hand.without(path) as spare:
        os.symlink(spare, path)
        hand.pause(6.0)
