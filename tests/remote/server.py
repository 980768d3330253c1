"""An sshd of our own on the loopback interface, and stand-ins for ssh."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.processes import children, descendants
from tests.waiting import wait_until

NOISE = "Welcome to a host that talks: $HOME \\001\\377 {{}} statustui"
_SERVER_CONFIG = """\
Port {quiet}
Port {noisy}
Port {single}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/pid
AuthorizedKeysFile {folder}/user_key.pub {folder}/locked_key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Match LocalPort {noisy}
  Banner {folder}/banner
  ForceCommand printf '{noise}\\n'; echo more on standard error >&2; eval "$SSH_ORIGINAL_COMMAND"
Match LocalPort {single}
  MaxSessions 1
"""
PASSPHRASE = "secret"  # noqa: S105 - nobody can reach this server
"""Of the key to ``locked`` and ``single``; ssh asks for it."""
_CLIENT_CONFIG = """\
Host quiet
  Port {quiet}
Host noisy
  Port {noisy}
Host closed
  Port {closed}
Host keyless
  Port {quiet}
  IdentityFile {folder}/other_key
Host locked
  Port {noisy}
Host single
  Port {single}
Host locked single
  IdentityFile {folder}/locked_key
Host quiet noisy closed keyless locked single
  HostName 127.0.0.1
Host quiet noisy closed
  IdentityFile {folder}/user_key
Host *
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking no
  UserKnownHostsFile {folder}/known_hosts
"""


def find_sshd() -> str | None:
    """The path of sshd; None if there is none."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def write_program(path: Path, text: str) -> Path:
    """Write a program that can be called, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


class Server:
    """An sshd with two ports: ``quiet``, and ``noisy`` with a banner and a shell that prints.

    Its client configuration has more hosts: ``closed``, where nobody listens, and ``keyless``,
    which refuses the key. ``locked`` and ``single`` have a key with a passphrase; the one is noisy,
    the other allows one session for each connection. `bin` holds an ``ssh`` that reads it.
    """

    def __init__(self, folder: Path, sshd: str) -> None:
        """Start it, with keys of its own."""
        self._folder = folder
        for name in ("host_key", "user_key", "other_key", "locked_key"):
            secret = PASSPHRASE if name == "locked_key" else ""
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-f", str(folder / name)]
            subprocess.run(words, check=True)
        (folder / "banner").write_text("Authorised users only!\n", encoding="utf-8")
        quiet, noisy, single, closed = _free_ports(4)
        names = {"folder": folder, "quiet": quiet, "noisy": noisy, "single": single}
        names["closed"] = closed
        config, client = folder / "sshd_config", folder / "ssh_config"
        config.write_text(_SERVER_CONFIG.format(**names, noise=NOISE), encoding="utf-8")
        client.write_text(_CLIENT_CONFIG.format(**names), encoding="utf-8")
        self.bin = folder / "bin"
        real = shutil.which("ssh")
        write_program(self.bin / "ssh", f'#!/bin/sh\nexec {real} -F {client} "$@"\n')
        self._command = [sshd, "-D", "-f", str(config), "-E", str(folder / "log")]
        self._port = quiet
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start to listen, if it does not."""
        if self._process is None:
            if os.geteuid() == 0:
                # Where it runs with less than the rights of root.
                os.makedirs("/run/sshd", exist_ok=True)
            self._process = subprocess.Popen(self._command)
            wait_until(self._listens, "sshd")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def connections(self) -> list[int]:
        """The processes of the connections."""
        process = self._process
        return [] if process is None else children(process.pid)

    def agents(self) -> list[int]:
        """The agents on the other side."""
        process = self._process
        return [] if process is None else list(filter(is_agent, descendants(process.pid)))

    def cut(self) -> None:
        """End all connections, as a network does that is gone."""
        for pid in self.connections():
            for one in [pid, *descendants(pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)

    def stop(self) -> None:
        """Listen no more, and end all connections."""
        if self._process is not None:
            self.cut()
            self._process.kill()
            self._process.wait()
            self._process = None


def is_agent(pid: int) -> bool:
    """Whether a process calls itself an agent."""
    try:
        return b"statustui-agent" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


LOCAL_SSH = """\
#!/bin/sh
# What ssh does, without a network: the last word is for the login shell.
for last; do :; done
exec {shell} -c "$last"
"""


def stand_in(folder: Path, text: str = "", *, shell: str = "sh") -> Path:
    """Make a folder with an ``ssh`` that runs the command on this host, or a program instead.

    Args:
        folder: The folder.
        text: A Python program that stands for the other side.
        shell: The login shell of the other side.
    """
    program = f"#!{sys.executable}\n{text}" if text else LOCAL_SSH.format(shell=shell)
    write_program(folder / "ssh", program)
    return folder
