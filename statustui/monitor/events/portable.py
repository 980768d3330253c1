"""Change events through watchfiles, on platforms without inotify(7)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Mapping

from statustui.monitor.events.watcher import HintReceiver, Locate

_DEBOUNCE_MS, _STEP_MS = 100, 50
"""Events are gathered for at most this time, or until a pause of this length."""
_ALIVE_MS = 500
"""A quiet watcher reports that it is running after this time."""
_MIN_REBUILD_SECONDS = 1.0
"""Least time between two rebuilds of the watches."""
_REBUILD_SHARE = 0.05
"""Largest share of the time to spend on rebuilding watches."""


class Watchfiles:
    """Watches directories with watchfiles, on platforms for which it supports events.

    watchfiles cannot add or remove a single watch. A thread sets up all watches again, and the old
    ones stay in use until it is done.

    Args:
        receiver: Receives the events, on threads of the watcher.
        locate: Returns the absolute path of a directory.
    """

    def __init__(self, receiver: HintReceiver, locate: Locate) -> None:
        self._receiver = receiver
        self._locate = locate
        self._wanted: set[str] = set()
        self._watch: _Watch | None = None
        self._is_changed = threading.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._serve, name="watches", daemon=True).start()

    @property
    def watched(self) -> Collection[str]:
        """Paths of the directories whose events are reported."""
        watch = self._watch
        return watch.paths if watch is not None else ()

    def add(self, path: str) -> bool:
        """Watch the directory at `path` soon; a hint for it tells when it is watched."""
        if path not in self._wanted:
            self._wanted.add(path)
            self._is_changed.set()
        return path in self.watched

    def discard(self, path: str) -> None:
        """Stop watching the directory at `path`."""
        self._wanted.discard(path)
        if self._watch is not None:
            self._watch.paths.discard(path)

    def close(self) -> None:
        """Stop watching, and end the threads."""
        self._closed.set()
        self._is_changed.set()
        if self._watch is not None:
            self._watch.stopped.set()

    def _serve(self) -> None:
        while not self._closed.is_set():
            self._is_changed.wait()
            self._is_changed.clear()
            begun = time.monotonic()
            watch = _Watch(set(self._wanted), self._receiver, self._locate)
            while not watch.is_set.wait(_MIN_REBUILD_SECONDS) and not self._closed.is_set():
                continue
            before, self._watch = self._watch, watch
            if before is not None:
                before.stopped.set()
            if self._closed.is_set():
                watch.stopped.set()
                return
            # Changes before a watch was set have raised no event.
            newly_watched = watch.paths - (before.paths if before is not None else set())
            if newly_watched:
                self._receiver.add_hints(newly_watched)
            self._closed.wait(
                max(_MIN_REBUILD_SECONDS, (time.monotonic() - begun) / _REBUILD_SHARE)
            )


class _Watch:
    """One set of watches, and the thread that waits for their events."""

    def __init__(self, paths: set[str], receiver: HintReceiver, locate: Locate) -> None:
        self.paths = paths
        self._locate = locate
        self.is_set = threading.Event()
        self.stopped = threading.Event()
        self._receiver = receiver
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        while not self.stopped.is_set():
            # Leave out directories that are gone by now; the poller reports that they are.
            found = {self._locate(path): path for path in self.paths}
            found = {place: found[place] for place in found if os.access(place, os.R_OK | os.X_OK)}
            self.paths = set(found.values())
            if not self.paths:
                break
            try:
                self._wait_for_events(found)
            except (FileNotFoundError, PermissionError):
                continue
            except (OSError, RuntimeError) as error:
                if not self.stopped.is_set():
                    self._receiver.report_failure(f"no events: {error}")
                break
        self.is_set.set()

    def _wait_for_events(self, found: Mapping[str, str]) -> None:
        """Report events of some directories; `found` has their absolute path -> path."""
        import watchfiles  # noqa: PLC0415 - it takes longer than reading a thousand runs

        for changes in watchfiles.watch(
            *sorted(found),
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            stop_event=self.stopped,
            rust_timeout=_ALIVE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            recursive=False,
            ignore_permission_denied=False,
        ):
            self.is_set.set()
            if changes:
                self._receiver.add_hints({_known(place, found) for _change, place in changes})


def _known(place: str, found: Mapping[str, str]) -> str:
    """Return the path of a directory, or of what is in one, by its absolute path."""
    if place in found:
        return found[place]
    above, name = os.path.split(place)
    return f"{found.get(above, above)}/{name}"
