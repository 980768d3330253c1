"""Adaptive polling of one root: the source of truth.

Directories in which runs appear, and runs that can still change, are looked at in every sweep,
everything else in rotation, at growing intervals the longer nothing has happened to it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence

from statustui.monitor.batch import Deliver
from statustui.monitor.change_buffer import Outbox
from statustui.monitor.events.listener import Listener
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.root_scanner import RootScanner

_PATIENCE = 1.0
"""Seconds to wait at the start for the other roots to tell where they are."""
_SHARE_OF_ACTIVE = 0.8
"""Share of the checks that may go to what is looked at in every sweep, so that finished runs get
their turn too."""
_GAP = 5.0
"""Seconds that the program must have been stopped for everything to be looked at again."""


class RootPoller:
    """A thread that keeps the picture of one root.

    Args:
        root: The directory, as it is to be shown.
        number: The root's number in `territory`.
        territory: Where all the roots are.
        settings: How to watch.
        max_watches: How many directories may be watched for events; None for no limit.
        deliver: Takes the batches, on the poller's thread.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it shares with other roots, and what is its own
        self,
        root: str,
        number: int,
        territory: RootRegistry,
        settings: Settings,
        max_watches: int | None,
        deliver: Deliver,
    ) -> None:
        """Prepare to watch `root`."""
        self.root = root
        self._number = number
        self._territory = territory
        self._settings = settings
        self._max_watches = max_watches
        self._outbox = Outbox(root, deliver)
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._look_now = threading.Event()
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._begun = time.monotonic()
        self._rounds: PollLoop | None = None

    # What other threads call.

    def start(self) -> None:
        """Begin, in a thread that does not keep the program from ending."""
        threading.Thread(target=self._run, name=f"poll {self.root}", daemon=True).start()

    def stop(self) -> None:
        """End after the file call that is under way."""
        self._stopped.set()
        self._outbox.close()
        self._wake.set()

    def look_now(self) -> None:
        """Look at everything again, now."""
        self._look_now.set()
        self._wake.set()

    def look_at(self, path: str) -> None:
        """Read the run at `path` anew, now, if it is one of this root."""
        self._wanted.put(path)
        self._wake.set()

    def report_silence(self, patience: float) -> None:
        """Tell for how long the filesystem has not answered, if longer than `patience` seconds."""
        since = self._begun if self._rounds is None else self._rounds.sweeper.busy_since
        silent = 0.0 if since is None else time.monotonic() - since
        if silent > patience:
            self._outbox.tell_silence(silent)

    # The thread.

    def _run(self) -> None:
        rounds = PollLoop(
            self.root, self._settings, self._max_watches, self._outbox, self._stopped, self._wake
        )
        self._rounds = rounds
        self._territory.claim(self._number, rounds.sweeper.real_root, _PATIENCE)
        if self._territory.is_taken(self._number):
            self._outbox.tell(swept=True, fallback="the same directory as another root")
        else:
            while not self._stopped.is_set():
                self._wake.clear()
                others = self._territory.others(self._number)
                if self._look_now.is_set():
                    self._look_now.clear()
                    rounds.look_at_everything()
                rounds.go(others, self._take_wanted())
                self._wake.wait(rounds.pause)
        rounds.close()

    def _take_wanted(self) -> list[str]:
        return [self._wanted.get() for _ in range(self._wanted.qsize())]


class PollLoop:
    """What the thread of a poller does, round after round."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a poller has, and its thread works with
        self,
        root: str,
        settings: Settings,
        max_watches: int | None,
        outbox: Outbox,
        stopped: threading.Event,
        wake: threading.Event,
    ) -> None:
        """Find out what the root is on."""
        self.sweeper = RootScanner(root, settings, outbox, self._tell, stopped)
        self._listener = Listener(self.sweeper, settings.watch, max_watches, wake.set)
        self._outbox = outbox
        self._stopped = stopped
        self._swept_at = float("-inf")
        self._glanced_at = float("-inf")
        self._is_stirred = False
        self._has_swept = False
        self._is_uncounted = False
        """Whether a look at everything is still to be counted."""
        self._sweeps = 0
        self._wants_everything = False
        self._wall_clock = time.time()
        self._right_at: float | None = None
        self._failure: str | None = None

    def look_at_everything(self) -> None:
        """Look at everything in the next round."""
        self._wants_everything = True

    def go(self, others: frozenset[str], wanted: Sequence[str] = ()) -> None:
        """Go one round.

        Args:
            others: Real paths of other roots, which are left out.
            wanted: Paths of runs that are read anew.
        """
        sweeper = self.sweeper
        sweeper.beat()
        try:
            self._step(others, wanted)
            self._failure = None
        except Exception as error:  # noqa: BLE001 - a root must not be left unwatched silently
            self._failure = f"internal error: {error!r}"
            self._swept_at = time.monotonic()
        self._tell()
        sweeper.busy_since = None

    def _step(self, others: frozenset[str], wanted: Sequence[str]) -> None:
        """Follow the hints, and sweep if it is time to."""
        sweeper, listener = self.sweeper, self._listener
        sweeper.go_on(hurry=not self._has_swept)
        self._count_look()
        hints = listener.hints()
        self._is_stirred = self._is_stirred or any(hints)
        sweeper.list_anew(hints.directories)
        sweeper.check(hints.runs - hints.contents)
        sweeper.read_again(hints.contents.union(wanted))
        listener.compare(hints.runs.union(wanted))
        slept = time.time() - self._wall_clock > _GAP + self._interval
        self._wall_clock = time.time()
        is_other = slept or hints.everywhere or others != sweeper.skip
        everything = self._wants_everything or is_other
        if everything or time.monotonic() - self._swept_at >= self._interval:
            self._wants_everything = False
            self._swept_at = time.monotonic()
            sweeper.skip = others
            sweeper.sweep(sweeper.pace.max_checks * self._interval, everything=everything)
            self._is_uncounted |= everything or not self._has_swept
            self._count_look()
            if sweeper.root not in sweeper.troubles:
                self._right_at = time.time()
        elif self._until_glance <= 0:
            sweeper.check(listener.unwatched)
        else:
            listener.settle()
            return
        self._glanced_at = time.monotonic()
        self._is_stirred = False
        listener.compare()
        listener.adjust()

    def _count_look(self) -> None:
        """Take note of a look at everything, once all that it has found has been read."""
        if self._is_uncounted and self.sweeper.has_met_all and not self._stopped.is_set():
            self._is_uncounted = False
            self._has_swept = True
            self._sweeps += 1

    @property
    def pause(self) -> float:
        """Seconds until there is something to do, unless a hint comes."""
        now = time.monotonic()
        until_turn = self.sweeper.goes_on_at - now
        if self._listener.has_hints or until_turn <= 0:
            return 0.0
        rest = self._swept_at + self._interval - now
        return max(0.01, min(rest, until_turn, self._until_glance))

    @property
    def _until_glance(self) -> float:
        """Seconds until what is not watched yet is looked at, as if there were no events."""
        if not self._is_stirred and not self._listener.unwatched:
            return float("inf")
        return self._glanced_at + self.sweeper.pace.tick - time.monotonic()

    @property
    def _interval(self) -> float:
        """Seconds between two sweeps: stretched when there is more to do than is allowed."""
        pace = self.sweeper.pace
        wanted = pace.behind_events if self._listener.hears_something else pace.tick
        return max(wanted, self.sweeper.due_always / (pace.max_checks * _SHARE_OF_ACTIVE))

    @property
    def _rest(self) -> float | None:
        """Seconds after which a change of a finished run is seen at the latest; None: at once."""
        sweeper, pace = self.sweeper, self.sweeper.pace
        if self._listener.hears_everything or not sweeper.resting:
            return None
        heard = self._listener.quiet
        unheard = max(0, len(sweeper.resting) - heard)
        rest = pace.recent_rest if self._listener.is_listening else pace.rest
        # Each kind is due so often a second, and there is room for so many.
        wanted = unheard / rest + heard / pace.rest
        spare = max(1.0, pace.max_checks * self._interval - sweeper.due_always) / self._interval
        return rest * max(1.0, wanted / spare)

    def _tell(self) -> None:
        """Hand out what has changed, and the health."""
        sweeper, listener = self.sweeper, self._listener
        is_lost = sweeper.root in sweeper.troubles
        self._outbox.tell(
            mode="events" if listener.is_listening else "polling",
            interval=self._interval,
            filesystem=sweeper.devices.root_mount.type,
            found=max(sweeper.found, len(sweeper)),
            read=len(sweeper),
            swept=self._has_swept,
            sweeps=self._sweeps,
            rest=self._rest,
            links=sweeper.links,
            unreachable=is_lost,
            problem=self._failure or _describe(sweeper.troubles, sweeper.root),
            incomplete=sweeper.unread,
            fallback=listener.fallback,
            as_of=self._right_at if is_lost else None,
        )

    def close(self) -> None:
        """End the threads that help."""
        self._listener.close()
        self.sweeper.close()


def _describe(troubles: dict[str, str], root: str) -> str | None:
    """One line on what cannot be read."""
    if not troubles:
        return None
    path = root if root in troubles else next(iter(troubles))
    more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"{path}: {troubles[path]}{more}"
