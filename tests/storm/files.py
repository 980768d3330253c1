"""What the writers do to the status file of a run."""

from __future__ import annotations

import contextlib
import os
import time

from tests.storm.hand import Hand
from tests.storm.tree import at_once, line, write


def status_of(run: str) -> str:
    """The status file of a run."""
    return f"{run}/status"


def _append_bytes(path: str, data: bytes) -> None:
    with open(path, "ab", buffering=0, opener=at_once) as file:
        file.write(data)


def append(hand: Hand, run: str) -> None:
    """Append one status, as every writer should."""
    _append_bytes(status_of(run), line(hand.rng, time.time()))


def append_many(hand: Hand, run: str) -> None:
    """Append statuses as fast as it goes."""
    for _ in range(hand.rng.randint(2, 40)):
        append(hand, run)


def append_torn(hand: Hand, run: str) -> None:
    """Append a part of a line, sometimes the rest of it a moment later."""
    whole = line(hand.rng, time.time())
    cut = hand.rng.randrange(1, len(whole))
    _append_bytes(status_of(run), whole[:cut])
    if hand.rng.random() < 0.5:
        hand.pause(0.3)
        _append_bytes(status_of(run), whole[cut:])


def append_damaged(hand: Hand, run: str) -> None:
    """Append NUL bytes, blank lines, and lines without a time, in front of a good line or not."""
    bad = hand.rng.choice([b"\0" * 40, b"\n\n", b"no time at all\n", b"\xff\xfe\n", b" \n", b"x"])
    good = line(hand.rng, time.time()) if hand.rng.random() < 0.7 else b""
    _append_bytes(status_of(run), bad + good)


def append_large(hand: Hand, run: str) -> None:
    """Append so much that the file is a large one."""
    _append_bytes(status_of(run), hand.content(hand.rng.choice([70_000, 70_000, 1_100_000])))


def empty(_hand: Hand, run: str) -> None:
    """Truncate the file to nothing."""
    os.truncate(status_of(run), 0)


def regrow(hand: Hand, run: str) -> None:
    """Truncate the file and write another content of the same size."""
    size = os.path.getsize(status_of(run))
    write(status_of(run), hand.content(size))


def rewrite(hand: Hand, run: str) -> None:
    """Overwrite the file in place with as many bytes, sometimes with the old time of change."""
    state = os.stat(status_of(run))
    with open(status_of(run), "r+b", opener=at_once) as file:
        file.write(hand.content(state.st_size))
    if hand.rng.random() < 0.5:
        os.utime(status_of(run), ns=(state.st_atime_ns, state.st_mtime_ns))


def rewrite_end(hand: Hand, run: str) -> None:
    """Overwrite the end of the file in place, with the old time of change."""
    state = os.stat(status_of(run))
    end = min(state.st_size, 200)
    with open(status_of(run), "r+b", opener=at_once) as file:
        file.seek(state.st_size - end)
        file.write(hand.content(end))
    os.utime(status_of(run), ns=(state.st_atime_ns, state.st_mtime_ns))


def _put_in_place(hand: Hand, run: str, data: bytes, state: os.stat_result | None = None) -> None:
    spare, status = hand.spare(), status_of(run)
    write(spare, data)
    if state is not None:
        os.utime(spare, ns=(state.st_atime_ns, state.st_mtime_ns))
    if os.path.isdir(status) and not os.path.islink(status):
        os.rmdir(status)
    try:
        os.rename(spare, status)
    except OSError:
        os.remove(spare)
        raise


def replace(hand: Hand, run: str) -> None:
    """Put another file in the place of the status file, of whatever kind that is."""
    _put_in_place(hand, run, hand.content(hand.rng.randint(100, 400)))


def replace_same(hand: Hand, run: str) -> None:
    """Put another file of the same size and time of change in its place."""
    state = os.stat(status_of(run))
    _put_in_place(hand, run, hand.content(state.st_size), state)


def replace_tail(hand: Hand, run: str) -> None:
    """Put a file with the same beginning in its place, or write it in place; large ones count."""
    with open(status_of(run), "rb", opener=at_once) as file:
        old = file.read()
    kept = old[: old.rfind(b"\n", 0, hand.rng.choice([300, 66_000])) + 1]
    size = len(old) - len(kept) + hand.rng.choice([0, 0, 500, -500])
    new = kept + hand.content(max(size, 100))
    if hand.rng.random() < 0.5:
        _put_in_place(hand, run, new, os.stat(status_of(run)))
    else:
        write(status_of(run), new)


def touch(hand: Hand, run: str) -> None:
    """Give the file another time of change and leave it as it is."""
    when = time.time() - hand.rng.choice([-3600, 0, 60, 86_400])
    os.utime(status_of(run), (when, when))


def mark(_hand: Hand, run: str) -> None:
    """Mark the run as complete, or take the mark away."""
    path = f"{run}/RUN_COMPLETE"
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
        return
    write(path, b"")
