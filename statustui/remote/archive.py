"""What is sent to the other host: a command line, and the program that it starts."""

from __future__ import annotations

import json
import re
import zlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from statustui.remote.boot import Sources

AGENT = "statustui-agent"
"""How the agent is called in lists of processes."""
NO_PYTHON = "statustui: no Python 3.10 or newer"
"""What the command line prints where none is found."""
_PACKAGES = ("core", "monitor", "scheduler", "remote")
_PYTHONS = ("python3", *(f"python3.{minor}" for minor in range(16, 9, -1)))
_BARE = re.compile(r"[A-Za-z0-9_./:=,+@-]")
_BOOT = "import sys;exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))"
_CHECK = "import sys;sys.exit(sys.version_info<(3,10))"


def escape(text: str) -> str:
    """Return text as one word of any shell: a backslash before each character that may be special.

    Quotes mean different things to different shells. The text has no newline and no ``!``.
    """
    return "".join(one if _BARE.match(one) else f"\\{one}" for one in text)


def command_line() -> str:
    """Return the command for the login shell of the other host.

    It looks for a Python in ``sh``, and starts it with a program that reads its own text from
    standard input.
    """
    check, boot = escape(_CHECK), escape(_BOOT)
    script = (
        f"for p in {' '.join(_PYTHONS)};do "
        f"$p -I -c {check} >/dev/null 2>&1 </dev/null && exec $p -IB -c {boot} {AGENT};"
        f"done;echo {escape(NO_PYTHON)} >&2;exit 127"
    )
    return f"exec sh -c {escape(script)}"


def program(marker: str) -> bytes:
    """Return what to write to the standard input of the command, before the protocol.

    Args:
        marker: What the agent writes before the first byte of the protocol; letters and digits.
    """
    archive = _archive()
    boot = (files("statustui.remote") / "boot.py").read_bytes()
    text = boot + f"\nrun({len(archive)}, {marker!r})\n".encode()
    return b"%d\n" % len(text) + text + archive


@lru_cache(maxsize=1)
def _archive() -> bytes:
    """Return the modules that the agent needs: name -> whether it is a package, and its source."""
    top = files("statustui")
    sources: Sources = {"statustui": (True, (top / "__init__.py").read_text("utf-8"))}
    for name in _PACKAGES:
        _add(sources, top / name, f"statustui.{name}")
    return zlib.compress(json.dumps(sources).encode(), 9)


def _add(sources: Sources, folder: Any, package: str) -> None:  # noqa: ANN401 - Traversable has moved between versions
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                _add(sources, entry, f"{package}.{entry.name}")
        elif entry.name.endswith(".py"):
            is_package = entry.name == "__init__.py"
            name = package if is_package else f"{package}.{entry.name[: -len('.py')]}"
            sources[name] = (is_package, entry.read_text("utf-8"))
