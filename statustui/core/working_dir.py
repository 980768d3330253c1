"""Where runs are in a directory tree, and what Pavilion keeps beside a status file.

Layouts as found in working directories of Pavilion 2.1.1 and 2.4: ``test_runs/<id>/status`` (ids
``12`` or ``0000012``), ``series/<id>/status``, and directories that hold no runs. Links lead in
circles there (``test_runs/12/series``, ``series/2/test_sets/*/12``), so none is followed but
``test_runs`` and ``series`` of a working directory themselves, where the owner of the root has set
them, or root, or whoever looks: anybody else could have them lead to a filesystem that does not
answer, and the whole tree would wait for it. In any other tree every directory
with a regular file called ``status`` is a run, also below another run.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, NamedTuple

from statustui.core.reading import opened
from statustui.core.run import Kind, RunDir, RunMetadata
from statustui.core.text import format_size

TEST_RUNS = "test_runs"
SERIES = "series"
BUILDS = "builds"
JOBS = "jobs"
STATUS = "status"
RESULTS = "results.json"
RUN_COMPLETE = "RUN_COMPLETE"
"""A file that Pavilion makes in the directory of a run that it will not touch any more."""

_NO_RUNS = frozenset({BUILDS, "downloads", JOBS, "users"})
"""Directories of a working directory that hold no runs, but whole source trees."""

_JSON_MAX = 1 << 20
"""Bytes: files of Pavilion's that are larger than this are not read."""

NAME_BYTES = 256
"""Bytes of a name, a user and a series that are kept; an ellipsis stands for the rest."""

_ROOT_USER = 0

_RESULTS = frozenset({"PASS", "FAIL", "ERROR"})

_decode = json.JSONDecoder().decode

OnError = Callable[[str, OSError], None]


class Folder(NamedTuple):
    """A directory that is a run or may have runs below it."""

    path: str
    name: str
    kind: Kind
    """What it is if it is a run."""
    below: Kind | None
    """What the runs directly below it are; None if none are looked for there."""
    is_run: bool
    """Whether it is a run even without a status file."""
    inode: int = 0
    """Tells it from another directory that has taken its place; 0 if it is not known."""
    owner: int | None = None
    """The user to whom the root belongs."""


class Survey(NamedTuple):
    """What is in a directory."""

    is_run: bool
    """Whether its status file makes it a run."""
    folders: list[Folder]
    """Where further runs are looked for."""
    links: int = 0
    """Number of links that were not followed."""


def root_folder(root: str) -> Folder:
    """`root` as a folder: a working directory, its ``test_runs``, a run, or any tree."""
    real = os.path.realpath(root)
    parent, name = os.path.split(real)
    kind = _kind_below(parent)
    if kind == "plain":
        owner = None
        with contextlib.suppress(OSError):
            owner = os.stat(real).st_uid
        return Folder(root, name, kind, _kind_below(real), False, owner=owner)
    return Folder(root, name, kind, None, name.isdecimal())


def survey(folder: Folder, skip: AbstractSet[str] = frozenset()) -> Survey:
    """Look into one directory.

    In a plain tree a directory with a regular file ``status`` is a run, and further runs are looked
    for below it. A working directory, its ``test_runs`` and its ``series`` are never runs: a file
    ``status`` there has been left by mistake.

    Args:
        folder: The directory.
        skip: Real paths of directories that are left out.

    Raises:
        OSError: It cannot be read.
    """
    has_status, links, inner = _list(folder)
    if folder.below is None:
        return Survey(has_status, [])
    is_working_dir = any(entry.name == TEST_RUNS for entry in inner)
    if not is_working_dir:
        # What a link called `series` leads to are series only beside `test_runs`.
        real_ones = [entry for entry in inner if not entry.is_symlink()]
        links += len(inner) - len(real_ones)
        inner = real_ones
    if skip:
        real = os.path.realpath(folder.path)
        inner = [entry for entry in inner if os.path.join(real, entry.name) not in skip]
    if folder.below == "plain":
        folders = list(_plain_folders(inner, folder.owner, is_working_dir=is_working_dir))
        return Survey(has_status and not is_working_dir, folders, links)
    kind = folder.below
    # A run's directory exists before its status file does; in 2.1.1 a series has none.
    return Survey(
        False,
        [Folder(e.path, e.name, kind, None, e.name.isdecimal(), e.inode()) for e in inner],
        links,
    )


def _list(folder: Folder) -> tuple[bool, int, list[os.DirEntry[str]]]:
    """Whether there is a status file, how many links lead elsewhere, and the directories."""
    has_status = False
    links = 0
    inner = []
    with os.scandir(folder.path) as listing:
        # There may be very many files: only directories are kept.
        for entry in listing:
            if entry.name == STATUS and entry.is_file(follow_symlinks=False):
                has_status = True
            elif folder.below is None:
                continue
            elif not entry.is_symlink():
                if _is_folder(entry):
                    inner.append(entry)
            elif folder.below == "plain" and _is_linked_place(entry, folder.owner):
                inner.append(entry)
            else:
                links += 1
    return has_status, links, inner


def _plain_folders(
    entries: list[os.DirEntry[str]], owner: int | None, *, is_working_dir: bool
) -> Iterator[Folder]:
    for entry in entries:
        if is_working_dir and entry.name in _NO_RUNS:
            continue
        below: Kind = "plain"
        if entry.name == TEST_RUNS:
            below = "test"
        elif entry.name == SERIES and is_working_dir:
            below = "series"
        yield Folder(entry.path, entry.name, "plain", below, False, entry.inode(), owner)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # pragma: no cover - only where a directory does not tell what is in it
        return False


def _is_linked_place(entry: os.DirEntry[str], owner: int | None) -> bool:
    """Whether a link stands for the runs or series of a working directory, kept elsewhere."""
    if entry.name not in {TEST_RUNS, SERIES}:
        return False
    try:
        set_by = entry.stat(follow_symlinks=False).st_uid
        return set_by in {owner, os.geteuid(), _ROOT_USER} and entry.is_dir()
    except OSError:  # pragma: no cover - a link in a circle
        return False


def _kind_below(path: str) -> Kind:
    """What the runs directly below the directory `path` are."""
    name = os.path.basename(path)
    if name == TEST_RUNS:
        return "test"
    if name == SERIES and os.path.isdir(os.path.join(os.path.dirname(path), TEST_RUNS)):
        return "series"
    return "plain"


def run_dir(root: str, folder: Folder) -> RunDir:
    """The place of the run that `folder` is."""
    name = folder.name
    run_id = f"s{name.lstrip('0') or name}" if folder.kind == "series" else name
    return RunDir(root, folder.path, run_id, folder.kind)


def find_runs(
    root: str,
    on_error: OnError,
    skip: AbstractSet[str] = frozenset(),
    on_listed: Callable[[Survey], object] = lambda _found: None,
) -> Iterator[RunDir]:
    """Find the run directories at and below `root`.

    Args:
        root: A working directory, its ``test_runs``, a run, or any tree. A link is followed here
            and nowhere below.
        on_error: Called with the path and the error for every directory that cannot be read.
        skip: Real paths of directories that are to be left out.
        on_listed: Called with what is in each directory that has been listed.

    Yields:
        The runs, each as soon as it is found.

    Raises:
        OSError: `root` itself is no directory that can be read.
    """
    top = root_folder(root)
    found = survey(top, skip)
    on_listed(found)
    if found.is_run or top.is_run:
        yield run_dir(root, top)
    stack = found.folders[::-1]
    while stack:
        folder = stack.pop()
        if folder.is_run:
            yield run_dir(root, folder)
            continue
        try:
            found = survey(folder, skip)
        except FileNotFoundError:
            continue
        except OSError as error:
            on_error(folder.path, error)
            continue
        on_listed(found)
        if found.is_run:
            yield run_dir(root, folder)
        stack += found.folders[::-1]


def read_metadata(place: RunDir) -> RunMetadata:
    """What a run is called, who made it, and the series that it belongs to.

    The name is Pavilion's name of it, in a plain tree its path under the root. As long as Pavilion
    has not written it, it is empty.

    Pavilion 2.4 keeps the name in ``attributes``, 2.1.1 suite and name in ``config``; a series has
    it in ``config``. The user is in ``attributes`` too.
    """
    if place.kind == "plain":
        relative = os.path.relpath(place.path, place.root)
        return RunMetadata(
            os.path.basename(os.path.realpath(place.path)) if relative == "." else relative
        )
    series = read_series(place)
    if place.kind == "test":
        attributes = read_json(f"{place.path}/attributes")
        name, user = attributes.get("name"), attributes.get("user")
        if isinstance(name, str) and name:
            return RunMetadata(_kept(name), _kept(user) if isinstance(user, str) else "", series)
    config = read_json(f"{place.path}/config")
    parts = [config.get("suite"), config.get("name"), config.get("subtitle")]
    whole = ".".join(part for part in parts if isinstance(part, str) and part)
    return RunMetadata(_kept(whole), "", series)


def _kept(name: str) -> str:
    """As much of a name as is kept, once for all the runs that have it."""
    stored = name.encode("utf-8", "replace")
    if len(stored) > NAME_BYTES:
        name = stored[:NAME_BYTES].decode("utf-8", "ignore") + "…"
    return sys.intern(name)


def read_series(place: RunDir) -> str:
    """The number of the series that a run belongs to, or is; empty if there is none.

    Pavilion 2.4 makes a link to it, ``series``, in the directory of each of its runs.
    """
    if place.kind != "test":
        return place.id.removeprefix("s") if place.kind == "series" else ""
    try:
        return _kept(os.path.basename(os.readlink(f"{place.path}/series")))
    except OSError:
        return ""


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """The name of the user with the number `uid`, or the number if there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def read_result(path: str) -> str | None:
    """The ``result`` in the ``results.json`` of the run at `path`: PASS, FAIL, ERROR or None."""
    result = read_json(os.path.join(path, RESULTS)).get("result")
    return result if isinstance(result, str) and result in _RESULTS else None


def read_json(path: str) -> dict[str, Any]:
    """Read a JSON object from a file that may be missing, damaged, or no file at all.

    Returns:
        The object; an empty one if there is none to be had.
    """
    try:
        value = read_document(path, _JSON_MAX)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_document(path: str, most: int) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Read a JSON document of at most `most` bytes.

    Raises:
        OSError: The file cannot be read, or is not a regular one.
        ValueError: It is too large, or no JSON.
    """
    with opened(path) as (descriptor, state):
        return decode_document(descriptor, state, most)


def decode_document(descriptor: int, state: os.stat_result, most: int) -> Any:  # noqa: ANN401 - as above
    """Read a JSON document of at most `most` bytes from an open file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too large, or no JSON.
    """
    if state.st_size > most:
        raise ValueError(f"{format_size(state.st_size)} are too much to be shown")
    data = os.pread(descriptor, state.st_size, 0)
    try:
        return _decode(data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
