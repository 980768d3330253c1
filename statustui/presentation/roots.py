"""Short names of watched directories."""

from __future__ import annotations

from collections.abc import Iterable


def short_names(roots: Iterable[str]) -> dict[str, str]:
    """Return root -> its shortest ending, in whole parts of the path, that no other root has.

    A root that is the ending of another one keeps all of its parts.
    """
    parts = {root: root.rstrip("/").split("/") for root in roots}
    taken: dict[tuple[str, ...], set[str]] = {}
    for root, mine in parts.items():
        for start in range(len(mine)):
            taken.setdefault(tuple(mine[start:]), set()).add(root)
    names = {}
    for root, mine in parts.items():
        endings = (tuple(mine[start:]) for start in range(len(mine) - 1, -1, -1))
        ending = next((one for one in endings if taken[one] == {root}), tuple(mine))
        names[root] = "/".join(ending) or root
    return names
