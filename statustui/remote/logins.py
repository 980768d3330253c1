"""The hosts that the user has logged in to with a password: later connections need none.

ssh asks for a connection of its own, which becomes a master of ssh: agents are started through it,
and started again after one has ended, without a question. It does nothing on the other host but to
wait for the end of its input, with which it ends; so nothing outlives this process, whatever ends
it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from statustui.core.address import Address
from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.remote.private_directory import PrivateDirectory
from statustui.remote.ssh_process import ConnectionFailed, SshProcess, ssh_command

_COMMAND = "exec cat"
"""What is run on the other host, in any login shell: it gives back what it is sent."""
_ANSWER_SECONDS = 5.0
"""Seconds that a host may take to give a byte back."""
_POLL_SECONDS = 0.05
_MAX_ANSWER_WAIT = 60.0
"""Seconds that a host may take for the first byte once ssh is let in."""
_Server = tuple[str, int | None]


class _Login:
    """A connection that ssh has asked its user for.

    Args:
        address: The host.
        socket: Where other processes of ssh find it.
        tell: Called with each line of ssh until it is let in.

    Raises:
        ConnectionFailed: There is none.
    """

    def __init__(self, address: Address, socket: str, tell: Callable[[str], object]) -> None:
        self.socket = socket
        options = ("ControlMaster=yes", f"ControlPath={socket}", "ControlPersist=no")
        command = ssh_command(address, _COMMAND, asks=True, options=options)
        self._ssh = SshProcess(command, asks=True, tell=tell)
        self._heard = threading.Event()
        threading.Thread(target=self._read, name="remote login", daemon=True).start()

    def _read(self) -> None:
        output = self._ssh.output.fileno()
        while os.read(output, 1 << 16):
            self._heard.set()
        self._ssh.close()

    def wait(self) -> None:
        """Wait until it can be used; the user may take long.

        Raises:
            ConnectionFailed: The user is not let in, or the host does not answer then.
        """
        self._ssh.write(b"\n")
        let_in = None
        while not self._heard.wait(_POLL_SECONDS):
            if self._ssh.has_ended:
                raise self._ssh.failure()
            if let_in is None and os.path.exists(self.socket):
                let_in = time.monotonic()
            if let_in is not None and time.monotonic() - let_in > _MAX_ANSWER_WAIT:
                raise ConnectionFailed(NO_ANSWER)
        self._ssh.listen_no_more()

    def answers(self) -> bool:
        """Return whether the other host answers."""
        self._heard.clear()
        try:
            self._ssh.write(b"\n")
        except ConnectionFailed:
            return False
        return self._heard.wait(_ANSWER_SECONDS)

    def end(self) -> None:
        """End it, and all connections through it."""
        self._ssh.end()


class Logins:
    """Connections of which each was asked for once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._directory: PrivateDirectory | None = None
        self._count = 0
        self._logins: dict[_Server, _Login] = {}
        self._single: set[_Server] = set()
        """Servers that let nothing else through a connection."""
        self._is_closed = False

    def ask(self, address: Address, tell: Callable[[str], object]) -> bool:
        """Have ssh ask for a host, unless it has; return whether others can go through that.

        Args:
            address: The host.
            tell: Called with each line of ssh, which may have instructions.

        Raises:
            ConnectionFailed: The user is not let in.
        """
        if self.socket_of(address) is not None:
            return True
        socket = self._new_socket(address)
        if socket is None:
            return False
        login = _Login(address, socket, tell)
        try:
            login.wait()
        except BaseException:
            login.end()
            raise
        with self._lock:
            is_closed = self._is_closed
            if not is_closed:
                self._logins[address.server] = login
        if is_closed:
            login.end()
        return not is_closed

    def _new_socket(self, address: Address) -> str | None:
        with self._lock:
            if self._is_closed or address.server in self._single:
                return None
            if self._directory is None:
                try:
                    self._directory = PrivateDirectory()
                except OSError:
                    return None
            self._count += 1
            return f"{self._directory.path}/{self._count}"

    def socket_of(self, address: Address) -> str | None:
        """Return the socket to connect through; None if there is none, or it does not answer."""
        with self._lock:
            login = self._logins.get(address.server)
        if login is None:
            return None
        if login.answers():
            return login.socket
        self._forget(address.server, login)
        return None

    def give_up(self, address: Address) -> None:
        """Have no other connection go through that to a host, which lets none through."""
        with self._lock:
            self._single.add(address.server)
            login = self._logins.get(address.server)
        if login is not None:
            self._forget(address.server, login)

    def _forget(self, server: _Server, login: _Login) -> None:
        with self._lock:
            if self._logins.get(server) is login:
                del self._logins[server]
        login.end()

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self._is_closed = True
            logins, self._logins = list(self._logins.values()), {}
            directory, self._directory = self._directory, None
        for login in logins:
            login.end()
        if directory is not None:
            directory.close()
