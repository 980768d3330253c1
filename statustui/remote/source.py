"""The batches of an agent on another host, across lost connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from statustui.core.text import clean
from statustui.monitor.batch import Batch, Deliver
from statustui.monitor.poll_policy import Settings
from statustui.monitor.usage import RootUsage, Usage
from statustui.remote.codec import decode, read_number
from statustui.remote.known import KnownRoot
from statustui.remote.link import Link, Place, ask_for_link
from statustui.remote.messages import BatchReceiver, Spent, encode_settings
from statustui.remote.protocol import HEARTBEAT, Message
from statustui.remote.readers import RemoteReaders
from statustui.remote.ssh_process import ConnectionFailed
from statustui.remote.transport import Transport
from statustui.scheduler.answers import Call

if TYPE_CHECKING:
    from statustui.remote.logins import Logins

_FIRST_PAUSE, _MAX_PAUSE = 1.0, 60.0
"""Seconds before the next attempt to connect: twice as long after each that fails."""
_LASTING = 60.0
"""Seconds after which a connection counts as good: the pauses then begin anew."""
_MAX_SILENCE = 3 * HEARTBEAT
"""Seconds without a heartbeat after which a host is reported as silent."""
_LOST = 60.0
"""Seconds without a heartbeat after which the connection is given up."""
_KEEP_ALIVE = 60.0
"""Seconds between two messages to the agent, which ends when nobody is there."""
_USAGE_INTERVAL = 1.0


class RemoteSource:
    """Watches the roots of one host through an agent there.

    Args:
        place: The roots.
        settings: How to watch.
        link: A connection that exists already; None to make one.
        logins: What the connections may go through.
    """

    def __init__(
        self,
        place: Place,
        settings: Settings,
        link: Link | None = None,
        logins: Logins | None = None,
    ) -> None:
        self.place = place
        self._settings = settings
        self._logins = logins
        self._offered = link
        """A connection to go on with."""
        self._link: Link | None = None
        self._needs_user = False
        self._transport: Transport | None = None
        self._deliver: Deliver = lambda _batch: None
        self._roots = {root: KnownRoot(root, settings.store) for root in place.roots}
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.RLock()
        """Guards what is delivered, and what is open."""
        self._heard_at = time.monotonic()
        self._is_connected = False
        self._readers = RemoteReaders(place.paths, self._send, self._silence, self._lock)
        self._spent = Spent(tuple(RootUsage(root, Usage()) for root in place.roots), ())
        self._usage_at = float("-inf")
        self.asked_at = float("-inf") if settings.scheduler == "auto" else float("inf")
        """When the scheduler there was asked last, in seconds since 1970; infinite if never."""

    # Called from other threads.

    def start(self, deliver: Deliver) -> None:
        """Start watching; `deliver` is called on threads of the source."""
        self._deliver = deliver
        for work in (self._serve, self._watch_link):
            threading.Thread(
                target=work, name=f"remote {self.place.address.host}", daemon=True
            ).start()

    def check_all(self) -> None:
        """Check everything now; connect at once if there is no connection."""
        if not self._send({"look": True}) or self.silent > _MAX_SILENCE:
            link = self._link
            if link is not None and self._is_connected:
                link.end()
            self._wake.set()

    def reread(self, path: str) -> None:
        """Read the run at `path` again soon, if it is on this host."""
        if self.place.paths.number_of(path) is not None:
            self._send({"reread": self.place.paths.encode(path)})

    def usage(self) -> Sequence[RootUsage]:
        """Return what was last known to have been asked of the filesystems there."""
        now = time.monotonic()
        if now > self._usage_at + _USAGE_INTERVAL:
            self._usage_at = now
            self._send({"usage": True})
        return self._spent.usage

    @property
    def calls(self) -> Sequence[Call]:
        """The last calls of the scheduler there, the oldest first."""
        return self._spent.calls

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes sent and received on the connection so far; none without one."""
        link = self._link
        return (0, 0) if link is None else link.sizes

    @property
    def silent(self) -> float:
        """Seconds since the host was heard last."""
        return time.monotonic() - self._heard_at

    def _silence(self) -> float:
        """Return the seconds of silence, if there is no connection or it is suspiciously long."""
        silent = self.silent
        return silent if silent > _MAX_SILENCE or not self._is_connected else 0.0

    def stop(self) -> None:
        """Stop at once, and leave no process behind."""
        self._stopped.set()
        self._wake.set()
        self._deliver = lambda _batch: None
        for one in (self._link, self._transport, self._offered):
            if one is not None:
                one.end()

    def ask_user(self, tell: Callable[[str], object]) -> None:
        """Connect while ssh may ask its user on the terminal, if it needs that."""
        if not self._needs_user or self._stopped.is_set():
            return
        try:
            self._offered = self._link_by_asking(tell)
        except ConnectionFailed as error:
            self._report_loss(error)
        else:
            self._wake.set()

    def _link_by_asking(self, tell: Callable[[str], object]) -> Link:
        try:
            # The user may have made a connection to go through meanwhile.
            return Link(self.place, self._logins, on_start=self._keep)
        except ConnectionFailed as error:
            if not error.needs_user:
                raise
        return ask_for_link(self.place, self._logins, tell=tell, on_start=self._keep)

    def readers_of(self, root: str) -> RemoteReaders | None:
        """Return what reads the files of runs below a root of this host; None for others."""
        return self._readers if root in self.place.roots else None

    def _send(self, message: Message) -> bool:
        """Send a message, and return whether there is a connection."""
        link = self._link
        if link is None or not self._is_connected:
            return False
        link.send(message)
        return True

    # The thread that receives.

    def _serve(self) -> None:
        for known in self._roots.values():
            self._deliver(known.load())
        pause = _FIRST_PAUSE
        while True:
            self._wake.clear()
            # Whoever stops it later wakes it again.
            if self._stopped.is_set():
                return
            began_at = time.monotonic()
            failure = self._connect_and_follow()
            if time.monotonic() - began_at > _LASTING:
                pause = _FIRST_PAUSE
            self._report_loss(failure)
            self._wake.wait(pause)
            pause = min(2 * pause, _MAX_PAUSE)

    def _connect_and_follow(self) -> ConnectionFailed:
        """Deliver what one connection brings until it ends; return why it did."""
        self._link, self._offered = self._offered, None
        try:
            link = self._link or Link(self.place, self._logins, on_start=self._keep)
            self._link = link
            if not self._stopped.is_set():
                self._follow(link)
        except ConnectionFailed as error:
            return error
        except ValueError as error:
            return ConnectionFailed(f"the agent has sent {error}")
        except Exception as error:  # noqa: BLE001 - whatever it was, the next attempt may succeed
            return ConnectionFailed(clean(getattr(error, "strerror", None) or repr(error)))
        finally:
            self._is_connected = False
            ended, self._link, self._transport = self._link, None, None
            if ended is not None:
                ended.close()
        return ConnectionFailed("the connection has ended")

    def _keep(self, transport: Transport) -> None:
        """Remember a transport that is being opened, so that it can be ended."""
        self._transport = transport
        if self._stopped.is_set():
            transport.end()

    def _follow(self, link: Link) -> None:
        batches = BatchReceiver(self.place.paths)
        with self._lock:
            for known in self._roots.values():
                known.begin()
            self._heard_at = time.monotonic()
            self._is_connected = True
            link.send({"watch": encode_settings(self._settings, self.place.paths)})
            self._readers.open()
        while not self._stopped.is_set():
            message = link.receive()
            self._heard_at = time.monotonic()
            if message:
                self._handle(message, batches)

    def _handle(self, message: Message, batches: BatchReceiver) -> None:
        """Deliver what is in a message; what is unknown is left out.

        It is decoded without the lock, for which the screen may wait.

        Raises:
            ValueError: It is not as it should be.
        """
        batch = batches.decode(message)
        if batch != Batch():
            for known in self._roots.values():
                with self._lock:
                    changes = known.apply(batch)
                    if changes != Batch():
                        self._deliver(changes)
                known.save_now_and_then()
        if "asked" in message:
            self.asked_at = max(self.asked_at, read_number(message["asked"]))
        if "spent" in message:
            self._spent = decode(Spent, message["spent"], self.place.paths)
        self._readers.receive(message)

    def _report_loss(self, failure: ConnectionFailed) -> None:
        since = time.time() - self.silent
        self._needs_user = failure.needs_user
        host, reason = self.place.address.host, failure.strerror or ""
        reason = reason if reason.startswith(f"{host}: ") else f"{host}: {reason}"
        with self._lock:
            healths = tuple(
                known.lose(reason, since, needs_user=failure.needs_user)
                for known in self._roots.values()
            )
            self._deliver(Batch(health=healths))
            self._readers.lose(reason)

    # The thread that looks whether the other side is still there.

    def _watch_link(self) -> None:
        told_at = time.monotonic()
        while not self._stopped.wait(1.0):
            silent, link = self._silence(), self._link
            if silent > _MAX_SILENCE:
                with self._lock:
                    healths = tuple(known.silence(silent) for known in self._roots.values())
                    self._deliver(Batch(health=healths))
            if link is None or not self._is_connected:
                continue
            if silent > _LOST:
                link.end()
            elif time.monotonic() - told_at > _KEEP_ALIVE:
                told_at = time.monotonic()
                link.send({})
