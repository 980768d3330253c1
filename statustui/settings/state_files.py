"""JSON files in the user's XDG state directory."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from statustui.core.address import identity_of

_MAX_FILE_SIZE = 1 << 26
"""Bytes read; larger files are cut, and so are not valid."""


def root_file(directory: str, folder: str, root: str) -> str:
    """Return the path of the file for a watched directory, in a folder of `directory`."""
    name = digest(os.fsencode(identity_of(root)))
    return os.path.join(directory, folder, f"{name}.json")


def digest(data: bytes) -> str:
    """Return 16 hexadecimal digits that identify some data."""
    return f"{crc32(data):08x}{crc32(data[::-1]):08x}"


def read_file(path: str) -> Mapping[str, Any]:
    """Return the object in a file; an empty one if the file is missing or damaged."""
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read(_MAX_FILE_SIZE))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_file(path: str, value: Mapping[str, object]) -> None:
    """Write a file and move it into place, so that a reader never sees a part of it.

    Raises:
        OSError: The file cannot be written.
    """
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="ascii") as file:
            json.dump(value, file)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
