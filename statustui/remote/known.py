"""What is known here of the runs of one root on another host, from one connection to the next."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.cache_store import CacheStore, RootIdentity
from statustui.monitor.fs.deadline import NoThreadError, ask, start_thread
from statustui.monitor.unread import Unread
from statustui.remote.codec import CodecError, read_number, read_table
from statustui.remote.paths import Paths
from statustui.remote.run_codec import MAX_ROOT_RUNS, decode_runs, encode_runs

_FORMAT = 2
_MAX_PLAIN_BYTES = 1 << 28
_CHUNK = 500
"""Runs that are encoded at a time, so that other threads get their turn in between."""
_SAVE_INTERVAL = 600.0
_MAX_LOAD_WAIT = 1.0
"""Seconds to wait for a store, which may be in a home that does not answer."""


class KnownRoot:
    """The runs of one root, and its health, as last received.

    A new connection brings all runs again. Runs that it does not bring are removed then, so that a
    lost connection leaves the picture as it was.

    Args:
        root: The root.
        store: Where finished runs are kept from one session to the next; None to keep none.
    """

    def __init__(self, root: str, store: CacheStore | None) -> None:
        self.root = root
        self.health = RootHealth(root)
        self._store = store
        self._identity = RootIdentity(root, 0, 0)
        self._runs: dict[str, Run] = {}
        self._unconfirmed: set[str] = set()
        """Runs from before the connection that it has not brought yet."""
        self._sweeps_before = 0
        self._saved_at = float("-inf")

    def load(self) -> Batch:
        """Return what was kept of an earlier session; an empty batch if that is nothing."""
        if self._store is None:
            return Batch()
        store = self._store
        try:
            data = ask(lambda: store.load(self._identity), _MAX_LOAD_WAIT)
            saved_at, runs = _unpack(data or b"", self.root)
        except (OSError, ValueError, zlib.error, RecursionError):
            return Batch()
        self._runs = {run.path: run for run in runs}
        self._unconfirmed = set(self._runs)
        self.health = RootHealth(self.root, found=len(runs), as_of=saved_at)
        return Batch(tuple(runs), (), (self.health,))

    def begin(self) -> None:
        """Take what is known as unconfirmed: a new connection has begun."""
        self._unconfirmed = set(self._runs)
        self._sweeps_before = self.health.sweeps

    def apply(self, batch: Batch) -> Batch:
        """Return what the runs and the health of this root in a batch change here.

        Raises:
            CodecError: There are more runs than a root can have.
        """
        # A run may have been removed and created again, so removals come first.
        removed = [path for path in batch.removed if self._runs.pop(path, None) is not None]
        received = [run for run in batch.changed if run.root == self.root]
        self._unconfirmed.difference_update(removed, (run.path for run in received))
        # A new connection brings what is known already.
        changed = tuple(run for run in received if self._runs.get(run.path) != run)
        self._runs.update((run.path, run) for run in changed)
        if len(self._runs) > MAX_ROOT_RUNS:
            raise CodecError("more runs than a root can have")
        health = next((one for one in batch.health if one.root == self.root), None)
        if health is None:
            return Batch(changed, tuple(removed))
        if health.swept:
            # All runs have arrived by now.
            for path in self._unconfirmed:
                del self._runs[path]
            removed += self._unconfirmed
            self._unconfirmed = set()
        self.health = self._merged(health)
        return Batch(changed, tuple(removed), (self.health,))

    def _merged(self, health: RootHealth) -> RootHealth:
        """Return the health with what an earlier connection has brought."""
        sweeps = health.sweeps + self._sweeps_before
        if health.swept:
            return health._replace(sweeps=sweeps)
        before = self.health
        found = max(health.found, len(self._runs))
        return health._replace(swept=before.swept, sweeps=sweeps, found=found, as_of=before.as_of)

    def lose(self, reason: str, since: float, *, needs_user: bool) -> RootHealth:
        """Return the health without a connection; a silent host stays so.

        Args:
            reason: Why there is none.
            since: When something was heard last, in seconds since 1970.
            needs_user: Whether ssh has to ask its user.
        """
        as_of = self.health.as_of or since
        self.health = self.health._replace(
            unreachable=True,
            needs_user=needs_user,
            problem=reason,
            incomplete=(Unread(self.root, reason),),
            as_of=as_of if self._runs else None,
        )
        return self.health

    def silence(self, seconds: float) -> RootHealth:
        """Return the health when nothing has been heard for `seconds`."""
        as_of = self.health.as_of or (time.time() - seconds if self._runs else None)
        self.health = self.health._replace(silent=seconds, as_of=as_of)
        return self.health

    def save_now_and_then(self) -> None:
        """Keep the finished runs for the next session, on a thread, but not often."""
        now = time.monotonic()
        if self._store is None or not self.health.swept or now < self._saved_at + _SAVE_INTERVAL:
            return
        self._saved_at = now
        runs = [run for run in self._runs.values() if run.is_finished and not run.is_series]
        try:
            start_thread(lambda: self._save(runs), "save cache")
        except NoThreadError:
            return

    def _save(self, runs: list[Run]) -> None:
        if self._store is not None and runs:
            self._store.save(self._identity, b"".join(_pack(runs, self.root)))


def _pack(runs: list[Run], root: str) -> Iterator[bytes]:
    """Yield finished runs as they are kept: compressed lines of JSON, the first about the rest."""
    paths, compressor = Paths([root]), zlib.compressobj(1)
    head = {"format": _FORMAT, "saved": time.time()}
    yield compressor.compress(json.dumps(head).encode())
    for start in range(0, len(runs), _CHUNK):
        rows = encode_runs(runs[start : start + _CHUNK], paths)
        yield compressor.compress(b"\n" + json.dumps(rows, separators=(",", ":")).encode())
    yield compressor.flush()


def _unpack(data: bytes, root: str) -> tuple[float, list[Run]]:
    """Return when runs were kept, in seconds since 1970, and the runs.

    Raises:
        ValueError: There are none, or of another version.
    """
    text = zlib.decompressobj().decompress(data, _MAX_PLAIN_BYTES)
    head, *lines = text.split(b"\n")
    about = read_table(json.loads(head))
    if about.get("format") != _FORMAT:
        raise CodecError("kept by another version")
    paths = Paths([root])
    runs = [run for line in lines for run in decode_runs(json.loads(line), paths)]
    return read_number(about.get("saved")), runs
