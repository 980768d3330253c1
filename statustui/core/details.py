"""What Pavilion keeps beside a status file as JSON: results, attributes and the like."""

from __future__ import annotations

import contextlib
import os
from typing import Any, NamedTuple

from statustui.core.reading import Signature, signature_of
from statustui.core.run import RunDir
from statustui.core.working_dir import read_document

_FILES = ("results.json", "attributes", "config", "job/info")
"""Pavilion 2.4 has all of them, 2.1.1 the first and the third."""
_MOST = 1 << 20
"""Bytes of a file that is read."""


class Document(NamedTuple):
    """A JSON file of a run."""

    name: str
    value: Any
    """What it holds; None if it cannot be read."""
    trouble: str | None
    """Why it cannot be read."""


def signature(place: RunDir) -> tuple[tuple[str, Signature], ...]:
    """What changes when one of the JSON files of a run does."""
    found = []
    for name in _FILES:
        with contextlib.suppress(OSError):
            state = os.lstat(f"{place.path}/{name}")
            found.append((name, signature_of(state)))
    return tuple(found)


def read_documents(place: RunDir) -> tuple[Document, ...]:
    """Read the JSON files of a run, those that there are."""
    found = []
    for name in _FILES:
        try:
            found.append(Document(name, read_document(f"{place.path}/{name}", _MOST), None))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            found.append(Document(name, None, error.strerror or str(error)))
        except ValueError as error:
            found.append(Document(name, None, str(error)))
    return tuple(found)
