"""The failures that the user has muted, one file for each root in the XDG state directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from statustui.core.address import identity_of
from statustui.core.mutes import Mute, Mutes
from statustui.settings.state_files import read_file, root_file, write_file

_FOLDER = "muted"
_MAX_LENGTH = 10_000
"""Characters of a target or a signature."""


def read_mutes(directory: str, root: str) -> Iterator[Mute]:
    """Yield the mutes of a root; a missing or damaged file has none.

    Args:
        directory: The state directory.
        root: The watched directory.
    """
    entries = read_file(root_file(directory, _FOLDER, root)).get("muted")
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case [str(signature), ("run" | "name" | "failure") as scope, str(target)]:
                if max(len(signature), len(target)) <= _MAX_LENGTH:
                    yield Mute(root, signature, scope, target)
            case _:
                pass


def save_mutes(directory: str, root: str, added: Iterable[Mute], removed: Iterable[Mute]) -> None:
    """Save changes of the mutes of a root; what another session has saved stays.

    Args:
        directory: The state directory.
        root: The watched directory.
        added: Mutes of this root.
        removed: Mutes that are taken back.

    Raises:
        OSError: The file cannot be written.
    """
    mutes = Mutes(read_mutes(directory, root))
    mutes.add(added)
    mutes.remove(removed)
    entries = [[mute.signature, mute.scope, mute.target] for mute in mutes]
    document = {"root": identity_of(root), "muted": entries}
    write_file(root_file(directory, _FOLDER, root), document)
