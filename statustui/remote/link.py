"""A connection to the agent on one host, with the roots that it watches there."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from statustui.core.address import Address, parse_address
from statustui.remote.archive import command_line
from statustui.remote.codec import decode, encode
from statustui.remote.messages import Hello
from statustui.remote.paths import Paths
from statustui.remote.protocol import ACKNOWLEDGED, PROTOCOL, Message
from statustui.remote.ssh_process import ConnectionFailed, ssh_command
from statustui.remote.transport import Transport

if TYPE_CHECKING:
    from statustui.remote.logins import Logins


class Place:
    """Some roots on one host, as they are called here.

    Args:
        roots: The roots, all of the same server.

    Raises:
        ValueError: One of them has no valid address.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = tuple(roots)
        addresses = [address for root in roots if (address := parse_address(root)) is not None]
        self.address: Address = addresses[0]
        self.far_roots = tuple(address.path for address in addresses)
        """The roots, as they are called there."""
        self.paths = Paths(self.roots, self.address.prefix)


class Link:
    """A connection whose agent has greeted. Messages are sent on a thread of their own.

    Args:
        place: The roots.
        logins: What it may go through; None to connect by itself.
        asks: Whether ssh may ask its user on the terminal; it connects by itself then.
        tell: Called with each line of ssh until the agent has greeted.
        on_start: Called with the transport before anything is waited for, so that it can be ended.
        patience: Seconds to wait for the agent once ssh has been let in.

    Raises:
        ConnectionFailed: There is no connection, or the agent is another one.
    """

    def __init__(  # noqa: PLR0913 - where, how, and who gets to know of it
        self,
        place: Place,
        logins: Logins | None = None,
        *,
        asks: bool = False,
        tell: Callable[[str], object] = lambda _line: None,
        on_start: Callable[[Transport], object] = lambda _transport: None,
        patience: float = 60.0,
    ) -> None:
        self.place = place
        socket = None if logins is None or asks else logins.socket_of(place.address)
        through = () if socket is None else (f"ControlPath={socket}",)
        command = ssh_command(place.address, command_line(), asks=asks, options=through)
        self._transport = Transport(command, asks=asks, tell=tell)
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._acknowledged = 0
        on_start(self._transport)
        try:
            with self._transport.begin(patience):
                self._greet()
        except BaseException:
            self._transport.close()
            raise
        self._transport.listen_no_more()
        threading.Thread(target=self._send_all, name="remote sender", daemon=True).start()

    def _greet(self) -> None:
        hello = Hello(PROTOCOL, self.place.far_roots)
        # What the other side has said before it ended says why.
        with contextlib.suppress(ConnectionFailed):
            self._transport.send({"hello": encode(Hello, hello, Paths(()))})
        try:
            found = decode(Hello, self._transport.receive().get("hello"), Paths(()))
        except ValueError as error:
            raise ConnectionFailed(f"the agent does not greet: {error}") from None
        if found.protocol != PROTOCOL:
            raise ConnectionFailed(f"the agent speaks protocol {found.protocol}, not {PROTOCOL}")

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes sent, the program included, and bytes received so far."""
        return self._transport.sent, self._transport.received

    def send(self, message: Message) -> None:
        """Send a message in its turn; return at once."""
        self._messages.put(message)

    def receive(self) -> Message:
        """Return the next message, and confirm what has been received; empty for a heartbeat.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        message = self._transport.receive()
        received = self._transport.received
        if received - self._acknowledged >= ACKNOWLEDGED:
            self._acknowledged = received
            self.send({"got": received})
        return message

    def end(self) -> None:
        """End the connection and its processes; at once, on any thread."""
        self._messages.put(None)
        self._transport.end()

    def close(self) -> None:
        """Do the same on the thread that receives, which does so no more."""
        self._messages.put(None)
        self._transport.close()

    def _send_all(self) -> None:
        while (message := self._messages.get()) is not None:
            try:
                self._transport.send(message)
            except OSError:
                # The thread that receives gets to know why.
                return


def ask_for_link(
    place: Place,
    logins: Logins | None,
    *,
    tell: Callable[[str], object],
    on_start: Callable[[Transport], object] = lambda _transport: None,
    patience: float = 60.0,
) -> Link:
    """Connect while ssh may ask its user on the terminal.

    Args:
        place: The roots.
        logins: Keeps what was asked for; None to ask for this connection alone.
        tell: As of a `Link`, like the others.
        on_start: Called for each attempt.
        patience: Seconds to wait for the agent.

    Raises:
        ConnectionFailed: There is no connection.
    """
    if logins is not None and logins.ask(place.address, tell):
        try:
            return Link(place, logins, tell=tell, on_start=on_start, patience=patience)
        except ConnectionFailed as error:
            if not error.needs_user:
                raise
        # Some servers allow one session for each connection.
        logins.give_up(place.address)
    return Link(place, asks=True, tell=tell, on_start=on_start, patience=patience)
