"""The operations of the writers: name -> what it does, to what, and what may come of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Literal, NamedTuple

from tests.storm import directories, files
from tests.storm.hand import Hand
from tests.storm.tree import Tree

Target = Literal["run", "folder", "part", "root"]


class Operation(NamedTuple):
    """How an operation is chosen, and what it may be the cause of."""

    do: Callable[[Hand, str], str | None]
    """Does it to a path, and gives the other path that it was done to, if there is one."""
    targets: tuple[Target, ...] = ("run",)
    weight: int = 4
    hides: Literal["nothing", "this", "below"] = "nothing"
    """Which runs may be gone or unreadable after it: the one at its path, or all below too."""
    needs_user: bool = False
    """Whether it does nothing where permissions mean nothing."""


OPERATIONS = {
    "append": Operation(files.append, weight=30),
    "append_many": Operation(files.append_many),
    "append_torn": Operation(files.append_torn, weight=8),
    "append_damaged": Operation(files.append_damaged),
    "append_large": Operation(files.append_large, weight=2),
    "empty": Operation(files.empty, weight=2),
    "regrow": Operation(files.regrow),
    "rewrite": Operation(files.rewrite, weight=8),
    "rewrite_end": Operation(files.rewrite_end, weight=8),
    "replace": Operation(files.replace, weight=10),
    "replace_same": Operation(files.replace_same, weight=8),
    "replace_tail": Operation(files.replace_tail, weight=12),
    "touch": Operation(files.touch),
    "mark": Operation(files.mark),
    "unlink": Operation(directories.unlink, hides="below"),
    "special": Operation(directories.special, hides="below"),
    "hard_link": Operation(directories.hard_link, weight=2, hides="below"),
    "remove": Operation(directories.remove, hides="below"),
    "make": Operation(directories.make, weight=10, hides="below"),
    "make_quietly": Operation(directories.make_quietly, hides="below"),
    "link_run": Operation(directories.link_run, weight=2, hides="below"),
    "swap": Operation(directories.swap, ("run", "folder"), hides="below"),
    "nest": Operation(directories.nest, weight=6, hides="below"),
    "shut": Operation(directories.shut, hides="below", needs_user=True),
    "shut_folder": Operation(
        directories.shut_folder,
        ("folder", "part", "root"),
        weight=1,
        hides="below",
        needs_user=True,
    ),
    "stray": Operation(directories.stray, ("folder", "part", "root"), hides="this"),
    "away": Operation(directories.away, ("part", "folder"), weight=1, hides="below"),
    "another": Operation(directories.another, ("root", "part", "folder"), weight=1, hides="below"),
    "to_scratch": Operation(directories.to_scratch, ("part", "folder"), weight=1, hides="below"),
    "root_away": Operation(directories.away, ("root",), weight=1),
    "root_away_again": Operation(directories.away_again, ("root",), weight=1),
}
"""Name of an operation -> the operation."""


def targets(tree: Tree, kind: Target) -> list[str]:
    """The paths of one sort."""
    parts = [f"{tree.working_dir}/{name}" for name in ("test_runs", "series")]
    return {"run": tree.runs, "folder": tree.folders, "part": parts, "root": list(tree.roots)}[kind]


def reads_everything() -> bool:
    """Whether permissions mean nothing to this process."""
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0)
        return os.access(file.name, os.R_OK)
