"""Adaptive polling of one root, which alone decides what is reported; events only speed it up.

Directories in which runs appear, and runs that can still change, are checked in every sweep; runs
that events announce less often. Everything else is checked in rotation, at intervals that grow with
the time since its last change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from statustui.monitor.batch import RootHealth
from statustui.monitor.events.listener import Listener
from statustui.monitor.findings import (
    Finding,
    PathReleased,
    PathsRest,
    RunRemoved,
    RunsChanged,
    StatusFileChanged,
)
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.root_scanner import RootScanner

_SHARE_OF_ACTIVE = 0.8
"""Largest share of the checks for what is checked in every sweep; the rest is for finished runs."""
_YIELD_SECONDS = 0.02
"""Seconds that are left to a receiver that has very many changes waiting."""
_SUSPEND_GAP = 5.0
"""Everything is checked again after the program was suspended for this time, in seconds."""


class PollLoop:
    """Scans one root round after round, and publishes the findings; used by one thread.

    Args:
        root: The directory, as the user gave it.
        settings: How to watch.
        max_watches: How many directories may be watched for events; None for no limit.
        publisher: Receives every change.
        stopped: Set to end the loop.
        wake: Set by the loop when there is something to do before `pause` has passed.
    """

    def __init__(  # noqa: PLR0913 - all that the poller shares with its thread
        self,
        root: str,
        settings: Settings,
        *,
        max_watches: int | None,
        publisher: RootPublisher,
        stopped: threading.Event,
        wake: threading.Event,
    ) -> None:
        self.scanner = RootScanner(root, settings, stopped)
        self._listener = Listener(self.scanner, settings.watch, max_watches, wake.set)
        self._publisher = publisher
        self._stopped = stopped
        self._swept_at = float("-inf")
        self._unwatched_checked_at = float("-inf")
        self._has_hints_to_follow = False
        """Whether a hint has come since the unwatched runs were last checked."""
        self._has_swept = False
        self._has_watched = False
        """Whether runs have been chosen to be watched."""
        self._is_uncounted = False
        """Whether a check of everything has not been counted in `_sweeps` yet."""
        self._sweeps = 0
        self._wants_everything = False
        self._paused_at = time.time()
        """When the last round ended, in seconds since 1970."""
        self._right_at: float | None = None
        self._failure: str | None = None
        """The internal error since which not everything has been checked."""
        self._has_failed = False
        """Whether the last round has failed."""

    def check_everything(self) -> None:
        """Check everything in the next round."""
        self._wants_everything = True

    def run_round(self, others: frozenset[str], wanted: Sequence[str] = ()) -> None:
        """Follow the hints, and sweep if a sweep is due.

        Args:
            others: Real paths of other roots, which are left out.
            wanted: Paths of runs to read again.
        """
        self.scanner.mark_answered()
        # Changes may have been missed anywhere while the host slept.
        self._wants_everything |= time.time() - self._paused_at > _SUSPEND_GAP + self._interval
        try:
            self._apply(self._scan(others, wanted))
            if self._has_swept:
                # No call on the filesystem is under way meanwhile.
                self.scanner.mark_idle()
                self._apply(self.scanner.review_pasts())
            # What a failed round has missed is found by a check of everything.
            self._wants_everything |= self._has_failed
            self._has_failed = False
        except Exception as error:  # noqa: BLE001 - a root must not be left unwatched silently
            self._failure = f"internal error: {error!r}"
            self._swept_at = time.monotonic()
            self._has_failed, self._is_uncounted = True, False
        self._publish()
        self.scanner.mark_idle()
        # A long round is no suspension: with very many runs, each would lead to the next one.
        self._paused_at = time.time()

    def close(self) -> None:
        """Stop listening for events, and end the threads."""
        self._listener.close()
        self.scanner.close()

    @property
    def pause(self) -> float:
        """Seconds to wait before the next round, unless a hint comes."""
        now = time.monotonic()
        until_read = self.scanner.read_on_at - now
        if self._listener.has_hints or until_read <= 0:
            return 0.0
        until_sweep = self._swept_at + self._interval - now
        return max(0.01, min(until_sweep, until_read, self._until_unwatched))

    def _scan(self, others: frozenset[str], wanted: Sequence[str]) -> Iterator[Finding]:
        scanner, listener = self.scanner, self._listener
        if self._swept_at == float("-inf"):
            yield from scanner.read_cache()
            if scanner.as_of is not None:
                # The filesystem may hang from now on.
                self._publish()
        yield from scanner.read_on(hurry=not self._has_swept)
        self._count_sweep()
        hints = listener.take_hints()
        self._has_hints_to_follow = self._has_hints_to_follow or any(hints)
        listener.expect_changes(hints.runs.union(wanted))
        yield from scanner.relist(hints.directories)
        yield from scanner.check(hints.runs - hints.contents)
        yield from scanner.reread(hints.contents.union(wanted))
        listener.expect_changes(())
        everything = self._is_everything_due(others, has_lost_hints=hints.has_lost_events)
        if everything or time.monotonic() - self._swept_at >= self._interval:
            self._wants_everything = False
            self._swept_at = time.monotonic()
            scanner.skipped = others
            room = scanner.policy.max_checks * self._interval
            yield from scanner.sweep(room, everything=everything)
            self._is_uncounted |= everything or not self._has_swept
            self._count_sweep()
            if not scanner.unreadable.is_root_lost:
                self._right_at = time.time()
            # What the scheduler says of jobs comes later anyway.
            yield from scanner.review_jobs()
        elif self._until_unwatched <= 0:
            yield from scanner.check(listener.unwatched)
        elif self._has_watched:
            listener.add_pending_watches()
            return
        if not self._has_swept:
            # The first picture waits for long files alone; until then, sweeps find changes.
            return
        self._has_watched = True
        self._unwatched_checked_at = time.monotonic()
        self._has_hints_to_follow = False
        listener.update_watches()

    def _is_everything_due(self, others: frozenset[str], *, has_lost_hints: bool) -> bool:
        """Return whether changes may have been missed anywhere, or a full check was requested."""
        is_other_part = others != self.scanner.skipped
        return self._wants_everything or has_lost_hints or is_other_part

    def _count_sweep(self) -> None:
        """Count a check of everything once all the runs that it found have been read."""
        if self._is_uncounted and self.scanner.has_read_all and not self._stopped.is_set():
            self._is_uncounted = False
            is_first, self._has_swept = not self._has_swept, True
            self._sweeps += 1
            self._failure = None
            if is_first:
                # The first complete picture waits for nothing that does not change it.
                self._publish()
            self.scanner.save_cache()

    def _apply(self, findings: Iterable[Finding]) -> None:
        """Pass findings to the publisher and the listener, and publish whenever it is due."""
        for finding in findings:
            if self.scanner.waiting_since is not None:
                # The filesystem has answered, whatever it was; in `review_pasts` nobody asks it.
                self.scanner.mark_answered()
            match finding:
                case RunsChanged(runs):
                    self._publisher.add_runs(runs)
                case RunRemoved(path):
                    self._publisher.remove_run(path)
                case StatusFileChanged(path):
                    self._listener.check_announced(path)
                case PathReleased(path):
                    self._listener.unwatch(path)
                case PathsRest(paths):
                    self._listener.add_resting(paths)
            if self._publisher.is_due:
                self._publish()

    def _publish(self) -> None:
        """Publish the changes and the health of the root."""
        scanner, listener = self.scanner, self._listener
        is_lost = scanner.unreadable.is_root_lost
        self._publisher.publish(
            RootHealth(
                scanner.root,
                mode="events" if listener.is_listening else "polling",
                interval=self._interval,
                quiet=self._quiet,
                filesystem=scanner.filesystems.devices.root_mount.type,
                found=max(scanner.found, len(scanner) + scanner.unchecked_count),
                read=scanner.read_count,
                swept=self._has_swept,
                sweeps=self._sweeps,
                rest=self._rest,
                links=scanner.links,
                unreachable=is_lost,
                problem=self._failure or scanner.unreadable.description,
                incomplete=scanner.unreadable.parts,
                fallback=listener.fallback,
                as_of=(self._right_at if is_lost else None) or scanner.as_of,
                unanswered=scanner.unanswered,
            )
        )
        if self._publisher.is_too_fast:
            self._stopped.wait(_YIELD_SECONDS)

    @property
    def _until_unwatched(self) -> float:
        """Seconds until the unwatched runs are checked, at the pace of polling without events."""
        if not self._has_hints_to_follow and not self._listener.unwatched:
            return float("inf")
        return self._unwatched_checked_at + self.scanner.policy.tick - time.monotonic()

    @property
    def _interval(self) -> float:
        """Seconds between two sweeps; longer if there is more to check than the policy allows."""
        policy = self.scanner.policy
        wanted = policy.behind_events if self._listener.has_watches else policy.tick
        return max(wanted, self.scanner.always_due / (policy.max_checks * _SHARE_OF_ACTIVE))

    @property
    def _quiet(self) -> float | None:
        """Seconds between two checks of a quiet run, if these are more than between two sweeps."""
        quiet, interval = self.scanner.quiet_rest, self._interval
        return quiet if quiet is not None and quiet > interval else None

    @property
    def _rest(self) -> float | None:
        """Longest delay in seconds until a change of a finished run is seen; None: at once."""
        scanner, policy = self.scanner, self.scanner.policy
        if self._listener.watches_all_runs or not scanner.resting_count:
            return None
        heard = self._listener.watched_resting
        unheard = max(0, scanner.resting_count - heard)
        rest = policy.recent_rest if self._listener.is_listening else policy.rest
        # `wanted` checks per second are due, and `room` checks fit into a sweep.
        count = scanner.resting_count
        heard_rest = policy.rest_after(float("inf"), is_announced=True, count=count)
        wanted = unheard / rest + heard / heard_rest
        room = policy.max_checks * self._interval - scanner.always_due
        return rest * max(1.0, wanted / (max(1.0, room) / self._interval))
