"""Find runs in a directory tree, and read what Pavilion keeps beside a status file.

Working directories of Pavilion 2.1.1 and 2.4 have ``test_runs/<id>/status`` (ids ``12`` or
``0000012``), ``series/<id>/status``, and directories without runs. Their links form cycles
(``test_runs/12/series``, ``series/2/test_sets/*/12``), so links are not followed, with one
exception: ``test_runs`` and ``series`` of a working directory may be links themselves. These must
have been made by the owner of the root, by root, or by the user of this program: anybody else could
point them to a filesystem that does not answer, and the whole tree would wait for it.

In any other tree every directory with a regular file called ``status`` is a run, also below another
run.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sys
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, NamedTuple

from statustui.core.reading import is_missing, opened
from statustui.core.run import Kind, RunDir, RunMetadata
from statustui.core.text import format_size

TEST_RUNS = "test_runs"
SERIES = "series"
BUILDS = "builds"
JOBS = "jobs"
STATUS = "status"
RESULTS = "results.json"
RUN_COMPLETE = "RUN_COMPLETE"
"""A file that Pavilion makes in the directory of a run that has finished."""

_NO_RUNS = frozenset({BUILDS, "downloads", JOBS, "users"})
"""Directories of a working directory without runs, but with whole source trees."""

_JSON_MAX = 1 << 20
"""Size in bytes above which files of Pavilion are not read."""

NAME_BYTES = 256
"""Bytes kept of a name, a user and a series; an ellipsis replaces the rest."""

_ROOT_USER = 0

_RESULTS = frozenset({"PASS", "FAIL", "ERROR"})

_decode = json.JSONDecoder().decode

OnError = Callable[[str, OSError], None]


class Folder(NamedTuple):
    """A directory that is a run, or may have runs below it."""

    path: str
    name: str
    kind: Kind
    """The kind of the run, if it is one."""
    below: Kind | None
    """The kind of runs directly below it; None if there are none to find."""
    is_run: bool
    """Whether it is a run even without a status file."""
    inode: int = 0
    """Tells it from a directory that has replaced it; 0 if unknown."""
    owner: int | None = None
    """User id of the owner of the root; None if unknown."""


class Survey(NamedTuple):
    """What the listing of a directory has shown."""

    is_run: bool
    """Whether the directory is a run, because it has a status file."""
    folders: list[Folder]
    """Directories in which to look for further runs."""
    links: int = 0
    """Number of links not followed."""
    runs: Sequence[str] = ()
    """Paths of the directories that are runs even without a status file; the surveyed one says of
    which kind. There may be a million."""
    inodes: Sequence[int] = ()
    """The inode of each of these directories."""


def root_folder(root: str) -> Folder:
    """Return `root` as a folder: a working directory, its ``test_runs``, a run, or any tree."""
    real = os.path.realpath(root)
    parent, name = os.path.split(real)
    kind = _kind_below(parent)
    if kind == "plain":
        owner = None
        with contextlib.suppress(OSError):
            owner = os.stat(real).st_uid
        below = _kind_below(real)
        return Folder(root, name, kind, below=below, is_run=False, owner=owner)
    return Folder(root, name, kind, below=None, is_run=name.isdecimal())


def survey(
    folder: Folder,
    skip: AbstractSet[str] = frozenset(),
    path_of: Callable[[str], str] = str,
) -> Survey:
    """List one directory and return what in it matters for finding runs.

    In a plain tree a directory with a regular file ``status`` is a run, and can have further runs
    below it. A working directory, its ``test_runs`` and its ``series`` are never runs: a file
    ``status`` there is a mistake.

    Args:
        folder: The directory.
        skip: Real paths of directories to leave out.
        path_of: Returns the path of a run as it is in memory already, of which there may be a
            million.

    Raises:
        OSError: The directory cannot be read.
    """
    if folder.below in {"test", "series"}:
        return _survey_runs(folder, folder.below, skip, path_of)
    has_status, links, inner = _list(folder)
    if folder.below is None:
        return Survey(has_status, [])
    is_working_dir = any(entry.name == TEST_RUNS for entry in inner)
    if not is_working_dir:
        # A link called `series` is one to series only beside `test_runs`.
        real_ones = [entry for entry in inner if not entry.is_symlink()]
        links += len(inner) - len(real_ones)
        inner = real_ones
    if skip:
        real = os.path.realpath(folder.path)
        inner = [entry for entry in inner if os.path.join(real, entry.name) not in skip]
    folders = list(_plain_folders(inner, folder.owner, is_working_dir=is_working_dir))
    return Survey(has_status and not is_working_dir, folders, links)


def _survey_runs(
    folder: Folder, kind: Kind, skip: AbstractSet[str], path_of: Callable[[str], str]
) -> Survey:
    """Survey a directory of Pavilion that holds runs or series, as `survey` does."""
    folders: list[Folder] = []
    runs: list[str] = []
    inodes = array("Q")
    links = 0
    for entry in _entries_in(folder, skip):
        if entry is None:
            links += 1
        elif (name := entry.name).isdecimal():
            # A run directory exists before its status file; series of 2.1.1 have none.
            runs.append(path_of(entry.path))
            inodes.append(entry.inode())
        else:
            folders.append(Folder(entry.path, name, kind, None, False, entry.inode()))
    return Survey(False, folders, links, runs, inodes)


def _entries_in(folder: Folder, skip: AbstractSet[str]) -> Iterator[os.DirEntry[str] | None]:
    """Yield the directories in one of Pavilion that holds runs or series, and None for links.

    Raises:
        OSError: The directory cannot be read.
    """
    real = os.path.realpath(folder.path) if skip else ""
    # There may be very many runs: this loop is a hot path.
    with os.scandir(folder.path) as listing:
        for entry in listing:
            if _is_folder(entry):
                if not skip or os.path.join(real, entry.name) not in skip:
                    yield entry
            elif entry.is_symlink():
                yield None


def _list(folder: Folder) -> tuple[bool, int, list[os.DirEntry[str]]]:
    """Return whether there is a status file, the number of links, and the directories."""
    has_status = False
    links = 0
    inner = []
    with os.scandir(folder.path) as listing:
        # There may be very many files: keep only the directories.
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
        yield Folder(
            entry.path,
            entry.name,
            "plain",
            below=below,
            is_run=False,
            inode=entry.inode(),
            owner=owner,
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # pragma: no cover - only where listings lack the types of entries
        return False


def _is_linked_place(entry: os.DirEntry[str], owner: int | None) -> bool:
    """Return whether a link is a trusted `test_runs` or `series` of a working directory."""
    if entry.name not in {TEST_RUNS, SERIES}:
        return False
    try:
        set_by = entry.stat(follow_symlinks=False).st_uid
        return set_by in {owner, os.geteuid(), _ROOT_USER} and entry.is_dir()
    except OSError:  # pragma: no cover - a link in a circle
        return False


def _kind_below(path: str) -> Kind:
    """Return the kind of runs directly below the directory `path`."""
    name = os.path.basename(path)
    if name == TEST_RUNS:
        return "test"
    if name == SERIES and os.path.isdir(os.path.join(os.path.dirname(path), TEST_RUNS)):
        return "series"
    return "plain"


def run_dir(root: str, folder: Folder) -> RunDir:
    """Return `folder` as a run directory."""
    return RunDir(root, folder.path, _run_id(folder.name, folder.kind), folder.kind)


def run_dirs(root: str, paths: list[str], kind: Kind) -> Iterator[RunDir]:
    """Yield run directories, the newest first, which has the highest number.

    Args:
        root: The watched directory.
        paths: Their paths, which end in numbers; they are used up.
        kind: What all of them are.
    """
    paths.sort(key=lambda path: int(path.rpartition("/")[2]))
    while paths:
        path = paths.pop()
        yield RunDir(root, path, _run_id(path.rpartition("/")[2], kind), kind)


def _run_id(name: str, kind: Kind) -> str:
    return f"s{name.lstrip('0') or name}" if kind == "series" else name


def is_inside_run(path: str) -> bool:
    """Return whether a directory is that of a run, or below one."""
    folder = os.path.realpath(path)
    while folder != os.path.dirname(folder):
        status = os.path.join(folder, STATUS)
        is_run = os.path.isfile(status) and not os.path.islink(status)
        if is_run or root_folder(folder).is_run:
            return True
        folder = os.path.dirname(folder)
    return False


def find_runs(
    root: str,
    on_error: OnError,
    skip: AbstractSet[str] = frozenset(),
    on_listed: Callable[[int], object] = lambda _links: None,
) -> Iterator[RunDir]:
    """Find the run directories at and below `root`.

    Args:
        root: A working directory, its ``test_runs``, a run, or any tree. A link is followed here
            but not below.
        on_error: Called with path and error of every directory that cannot be read.
        skip: Real paths of directories to leave out.
        on_listed: Called after each directory, with the number of links in it that are not
            followed.

    Yields:
        The run directories, each as soon as it is found.

    Raises:
        OSError: `root` itself cannot be read, or is not a directory.
    """
    top = root_folder(root)
    stack = [top]
    while stack:
        folder = stack.pop()
        inner: list[Folder] = []
        links = 0
        try:
            if folder.below in {"test", "series"}:
                links = yield from _find_runs_in(root, folder, folder.below, skip, inner)
            else:
                found = survey(folder, skip)
                links, inner = found.links, found.folders
                if found.is_run or folder.is_run:
                    yield run_dir(root, folder)
        except OSError as error:
            if folder is top:
                raise
            if not isinstance(error, FileNotFoundError):
                on_error(folder.path, error)
        on_listed(links)
        stack += reversed(inner)


def _find_runs_in(
    root: str, folder: Folder, kind: Kind, skip: AbstractSet[str], inner: list[Folder]
) -> Generator[RunDir, None, int]:
    """Yield the runs in a directory of Pavilion that holds runs or series.

    Args:
        root: The root that is searched.
        folder: The directory.
        kind: What it holds.
        skip: Real paths of directories to leave out.
        inner: Where to add the folders that are no runs.

    Returns:
        The number of links that are not followed.

    Raises:
        OSError: The directory cannot be read.
    """
    links = 0
    for entry in _entries_in(folder, skip):
        if entry is None:
            links += 1
        elif (name := entry.name).isdecimal():
            yield RunDir(root, entry.path, _run_id(name, kind), kind)
        else:
            inner.append(Folder(entry.path, name, kind, None, False, entry.inode()))
    return links


def read_metadata(place: RunDir) -> RunMetadata:
    """Read the name, the user, the series and the system of a run.

    The name is Pavilion's name of the test, and empty until Pavilion has written it. In a plain
    tree it is the path of the run under the root.

    Pavilion 2.4 has name, user and ``sys_name`` in ``attributes``, 2.1.1 has suite and name in
    ``config``. Series have their name in ``config``.
    """
    if place.kind == "plain":
        relative = os.path.relpath(place.path, place.root)
        return RunMetadata(
            os.path.basename(os.path.realpath(place.path)) if relative == "." else relative
        )
    series = read_series(place)
    if place.kind == "test":
        attributes = read_json(f"{place.path}/attributes")
        texts = [attributes.get(key) for key in ("name", "user", "sys_name")]
        name, user, system = (_kept(one) if isinstance(one, str) else "" for one in texts)
        if name:
            return RunMetadata(name, user, series, system)
    config = read_json(f"{place.path}/config")
    parts = [config.get("suite"), config.get("name"), config.get("subtitle")]
    whole = ".".join(part for part in parts if isinstance(part, str) and part)
    return RunMetadata(_kept(whole), "", series)


def _kept(name: str) -> str:
    """Return a name cut to `NAME_BYTES`, interned because many runs share it."""
    stored = name.encode("utf-8", "replace")
    if len(stored) > NAME_BYTES:
        name = stored[:NAME_BYTES].decode("utf-8", "ignore") + "…"
    return sys.intern(name)


def read_series(place: RunDir) -> str:
    """Return the number of the series that a run belongs to, or is; empty if there is none.

    Pavilion 2.4 makes a link ``series`` to it in the directory of each of its runs.
    """
    if place.kind != "test":
        return place.id.removeprefix("s") if place.kind == "series" else ""
    try:
        return _kept(os.path.basename(os.readlink(f"{place.path}/series")))
    except OSError:
        return ""


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """Return the name of the user with the id `uid`, or the id if there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=4096)
def with_owner(metadata: RunMetadata, uid: int) -> RunMetadata:
    """Return `metadata`; where it names no user, with the owner of the status file.

    Runs with the same metadata share one object; the texts in it are bounded.

    Args:
        metadata: What the files beside the status file say.
        uid: The user id of the owner of the status file.
    """
    return metadata if metadata.user else metadata._replace(user=user_name(uid))


def read_result(path: str) -> str | None:
    """Read ``result`` in the ``results.json`` of the run at `path`: PASS, FAIL, ERROR or None."""
    result = read_json(os.path.join(path, RESULTS)).get("result")
    return result if isinstance(result, str) and result in _RESULTS else None


def read_json(path: str) -> dict[str, Any]:
    """Read a JSON object from a file.

    Returns:
        The object; an empty one if the file is missing, damaged, or has no object.
    """
    if is_missing(path):
        return {}
    try:
        value = read_document(path, _JSON_MAX)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_document(path: str, max_bytes: int) -> Any:  # noqa: ANN401 - any JSON value
    """Read a JSON document of at most `max_bytes` bytes.

    Raises:
        OSError: The file cannot be read, or is not a regular one.
        ValueError: It is too large, or not JSON.
    """
    with opened(path) as (descriptor, state):
        return decode_document(descriptor, state, max_bytes)


def decode_document(descriptor: int, state: os.stat_result, max_bytes: int) -> Any:  # noqa: ANN401 - as above
    """Read a JSON document of at most `max_bytes` bytes from an open file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is too large, or not JSON.
    """
    if state.st_size > max_bytes:
        raise ValueError(f"{format_size(state.st_size)} are too much to be shown")
    data = os.pread(descriptor, state.st_size, 0)
    try:
        return _decode(data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
