"""The connections that a command opens before it begins, while ssh may still ask its user."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from statustui.monitor.poll_policy import Settings
from statustui.remote.link import Link, Place, ask_for_link
from statustui.remote.source import RemoteSource
from statustui.remote.ssh_process import ConnectionFailed, may_ask
from statustui.remote.transport import Transport

if TYPE_CHECKING:
    from statustui.remote.logins import Logins


class Connections:
    """Connects to the hosts of some roots, to all of them at once.

    At first ssh must not ask anything. Where it says that it could not, it gets to ask on the
    terminal afterwards, one host after the other.

    Args:
        servers: The remote roots of each server.
        logins: Keeps what ssh has asked for; None if no other connection is made to these hosts.

    Raises:
        ValueError: The address of a root is not valid.
    """

    def __init__(self, servers: Sequence[Sequence[str]], logins: Logins | None = None) -> None:
        self._attempts = [_Attempt(Place(roots), logins) for roots in servers]

    def settle(
        self,
        seconds: float,
        prepare: Callable[[], object] = lambda: None,
        tell: Callable[[str], object] = lambda _line: None,
    ) -> None:
        """Wait for the connections, and let ssh ask for those that need it.

        Args:
            seconds: How long to wait at most for hosts that do not answer.
            prepare: Called before ssh asks on the terminal.
            tell: Called with what ssh says besides.
        """
        end = time.monotonic() + seconds
        for attempt in self._attempts:
            attempt.wait(max(0.0, end - time.monotonic()))
        needy = [attempt for attempt in self._attempts if attempt.needs_user]
        if needy and may_ask():
            prepare()
            for attempt in needy:
                attempt.ask_user(tell, seconds)

    @property
    def links(self) -> list[tuple[Place, Link | OSError]]:
        """The hosts, each with its connection, or why there is none."""
        return [(attempt.place, attempt.outcome) for attempt in self._attempts]

    def sources(self, settings: Settings) -> list[RemoteSource]:
        """Return a source for each host; those without a connection go on trying."""
        return [attempt.source(settings) for attempt in self._attempts]

    def give_up(self, place: Place) -> None:
        """End the connection to a host, from which a thread may still read; its source makes one.

        Args:
            place: One of `links`.
        """
        for attempt in self._attempts:
            if attempt.place is place:
                attempt.give_up()

    def close(self) -> None:
        """End all connections."""
        for attempt in self._attempts:
            attempt.close()


class _Attempt:
    """An attempt to connect to one host, on a thread of its own."""

    def __init__(self, place: Place, logins: Logins | None) -> None:
        self.place = place
        self._logins = logins
        self._link: Link | None = None
        self._failure: OSError | None = None
        self._transport: Transport | None = None
        self._is_abandoned = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._connect, daemon=True)
        self._thread.start()

    def _connect(self) -> None:
        try:
            link = Link(self.place, self._logins, on_start=self._keep)
        except OSError as error:
            self._failure = error
            return
        with self._lock:
            if not self._is_abandoned:
                self._link = link
                return
        link.close()

    def _keep(self, transport: Transport) -> None:
        self._transport = transport
        if self._is_abandoned:
            transport.end()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the attempt."""
        self._thread.join(seconds)

    @property
    def needs_user(self) -> bool:
        """Whether ssh has failed because it could not ask."""
        return isinstance(self._failure, ConnectionFailed) and self._failure.needs_user

    @property
    def outcome(self) -> Link | OSError:
        """The connection, or why there is none so far."""
        return self._link or self._failure or ConnectionFailed("not answering")

    def ask_user(self, tell: Callable[[str], object], patience: float) -> None:
        """Connect while ssh may ask on the terminal."""
        try:
            self._link = ask_for_link(self.place, self._logins, tell=tell, patience=patience)
        except OSError as error:
            self._failure = error

    def source(self, settings: Settings) -> RemoteSource:
        """Return the source of the host; an attempt that is still under way is given up."""
        link = self._take()
        return RemoteSource(self.place, settings, link, self._logins)

    def _take(self) -> Link | None:
        with self._lock:
            self._is_abandoned = True
            link, self._link = self._link, None
        if link is None and self._thread.is_alive() and self._transport is not None:
            self._transport.end()
        return link

    def give_up(self) -> None:
        """End the connection at once, while another thread may read from it."""
        link = self._take()
        if link is not None:
            link.end()
            # Its streams can be closed when that thread has seen their end.
            threading.Thread(target=link.close, name="remote end", daemon=True).start()

    def close(self) -> None:
        """End the connection, or the attempt."""
        link = self._take()
        if link is not None:
            link.close()
