"""Short names of watched directories."""

from __future__ import annotations

from collections.abc import Iterable

from statustui.core.address import prefix_of


def short_names(roots: Iterable[str]) -> dict[str, str]:
    """Return root -> its shortest ending, in whole parts of the path, that no other root has.

    A root on another host keeps the host in front. A root that is the ending of another one keeps
    all of its parts.
    """
    parts = {root: _parts(root) for root in roots}
    taken: dict[tuple[str, ...], set[str]] = {}
    for root, (host, *mine) in parts.items():
        for start in range(len(mine)):
            taken.setdefault((host, *mine[start:]), set()).add(root)
    names = {}
    for root, (host, *mine) in parts.items():
        endings = (tuple(mine[start:]) for start in range(len(mine) - 1, -1, -1))
        ending = next((one for one in endings if taken[(host, *one)] == {root}), tuple(mine))
        names[root] = host + "/".join(ending) or root
    return names


def _parts(root: str) -> list[str]:
    """Return the host with a colon, empty for this one, and the parts of the path."""
    prefix = prefix_of(root)
    host = prefix.removeprefix("ssh://").removesuffix(":")
    return [f"{host}:" if prefix else "", *root.removeprefix(prefix).rstrip("/").split("/")]
