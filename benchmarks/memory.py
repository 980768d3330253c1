"""How much memory a run takes in the running monitor.

    python benchmarks/memory.py [RUNS]... [--on DIR | --tree DIR]

Compares a monitor of each tree with one of ten runs, on the first start and on one with a filled
cache. Budgets are in brackets.
"""

from __future__ import annotations

from pathlib import Path

from measuring import STATUSTUI, Figure, new_home, report
from screen import fill_cache, screen
from tree import Tree, temporary_tree, tree_parser, trees

MEBI = 1 << 20
PER_RUN = 1024.0
"""Bytes."""
IN_ALL = 1e9 / MEBI


def memory(tree: Tree, home: Path | None = None) -> int:
    """Return the bytes that a monitor holds once it has read everything."""
    with screen([*STATUSTUI, str(tree.root)], home=home) as monitor:
        monitor.settle(tree.runs)
        return monitor.memory()


def main() -> None:
    """Compare large trees with a small one."""
    options = tree_parser(__doc__, [100_000]).parse_args()
    with temporary_tree(10) as small:
        empty = memory(small)
    report("10 runs", Figure(empty / MEBI, "MiB"))
    for tree in trees(options):
        with new_home() as home:
            held = {"first start": memory(tree)}
            if fill_cache(tree.root, home):
                held["from the cache"] = memory(tree, home)
        for name, bytes_ in held.items():
            report(
                f"{tree.runs:,} runs, {name}",
                Figure(bytes_ / MEBI, "MiB", IN_ALL),
                Figure((bytes_ - empty) / tree.runs, "bytes a run", PER_RUN),
            )


if __name__ == "__main__":
    main()
