"""The names of hosts in the user's ssh configuration."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

_MAX_FILES, _MAX_BYTES = 20, 1 << 20
_PATTERNS = frozenset("*?!")


def ssh_hosts(begun: str = "", path: str = "~/.ssh/config") -> list[str]:
    """Return the hosts that begin with some text, with the user in front if it has one.

    Args:
        begun: The text, ``[user@]host``.
        path: The configuration; files that it includes are read too.
    """
    user, at, name = begun.rpartition("@")
    names = dict.fromkeys(_names([os.path.expanduser(path)]))
    return [f"{user}{at}{one}" for one in names if one.startswith(name)]


def _names(paths: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    while paths and len(seen) < _MAX_FILES:
        path = paths.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.read(_MAX_BYTES).splitlines()
        except OSError:
            continue
        for line in lines:
            word, *rest = line.replace("=", " ", 1).split() or [""]
            if word.lower() == "host":
                yield from (one for one in rest if not _PATTERNS & set(one))
            elif word.lower() == "include":
                # A path that is not absolute is below the directory of the configuration.
                folder = os.path.dirname(path)
                for one in rest:
                    wanted = os.path.join(folder, os.path.expanduser(one.strip('"')))
                    paths += sorted(glob.glob(wanted))
