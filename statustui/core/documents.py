"""What Pavilion keeps beside a status file as JSON: results, attributes and the like."""

from __future__ import annotations

import contextlib
import os
from typing import Any, NamedTuple

from statustui.core.access import Access
from statustui.core.reading import Signature, signature_of
from statustui.core.run import RunDir
from statustui.core.working_dir import decode_document, read_document

_MOST = 1 << 20
"""Bytes of a file that is read."""


class Document(NamedTuple):
    """A JSON file of a run."""

    name: str
    value: Any
    """What it holds; None if it cannot be read."""
    trouble: str | None
    """Why it cannot be read."""


class Files(NamedTuple):
    """JSON files of a run that are reached in the same way."""

    names: tuple[str, ...]
    link: str | None
    """The link that they are behind, if they are."""


OWN = Files(("results.json", "attributes", "config"), None)
"""Pavilion 2.4 has all of them, 2.1.1 the first and the third."""
JOB = Files(("job/info",), "job")
"""Pavilion 2.4 has it."""


def signature(place: RunDir, files: Files) -> tuple[tuple[str, Signature], ...]:
    """What changes when one of these JSON files of a run does."""
    found = []
    for name in files.names:
        with contextlib.suppress(OSError):
            state = os.lstat(f"{place.path}/{name}")
            found.append((name, signature_of(state)))
    return tuple(found)


def read_documents(place: RunDir, files: Files) -> tuple[Document, ...]:
    """Read those of these JSON files of a run that there are."""
    found = []
    for name in files.names:
        try:
            found.append(Document(name, _read(place, name, files), None))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            found.append(Document(name, None, error.strerror or str(error)))
        except ValueError as error:
            found.append(Document(name, None, str(error)))
    return tuple(found)


def _read(place: RunDir, name: str, files: Files) -> Any:  # noqa: ANN401 - whatever JSON can hold
    path = f"{place.path}/{name}"
    if files.link is None:
        return read_document(path, _MOST)
    with Access(place).opened(path) as (descriptor, state):
        return decode_document(descriptor, state, _MOST)
