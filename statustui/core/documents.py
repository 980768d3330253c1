"""Read the JSON files of a run: results, attributes, configuration and job."""

from __future__ import annotations

import contextlib
import os
from typing import Any, NamedTuple

from statustui.core.access import Access
from statustui.core.reading import Signature, signature_of
from statustui.core.run import RunDir
from statustui.core.working_dir import decode_document, read_document

_MAX_BYTES = 1 << 20
"""Size above which a file is not read."""


class Document(NamedTuple):
    """A JSON file of a run."""

    name: str
    value: Any
    """The decoded content; None if unreadable."""
    trouble: str | None
    """Why the file is unreadable; None if it is not."""


class Files(NamedTuple):
    """JSON files of a run with the same way to them."""

    names: tuple[str, ...]
    link: str | None
    """The link that the way leads through; None for files in the run directory itself."""


OWN = Files(("results.json", "attributes", "config"), None)
"""Pavilion 2.4 writes all of them, 2.1.1 ``results.json`` and ``config``."""
JOB = Files(("job/info",), "job")
"""Pavilion 2.4 writes it."""


def signature(place: RunDir, files: Files) -> tuple[tuple[str, Signature], ...]:
    """Return a value that changes when one of `files` of a run does."""
    found = []
    for name in files.names:
        with contextlib.suppress(OSError):
            state = os.lstat(f"{place.path}/{name}")
            found.append((name, signature_of(state)))
    return tuple(found)


def read_documents(place: RunDir, files: Files) -> tuple[Document, ...]:
    """Read those of `files` of a run that exist."""
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


def _read(place: RunDir, name: str, files: Files) -> Any:  # noqa: ANN401 - any JSON value
    path = f"{place.path}/{name}"
    if files.link is None:
        return read_document(path, _MAX_BYTES)
    with Access(place).opened(path) as (descriptor, state):
        return decode_document(descriptor, state, _MAX_BYTES)
