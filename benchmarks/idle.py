"""What watching costs while nothing changes.

    python benchmarks/idle.py [RUNS]... [--on DIR | --tree DIR] [--seconds S]

Prints the share of a core and the bytes to the terminal of a monitor that nobody touches, with
events and with polling, and what it says of its intervals. Compare with the first tree, which has
ten runs. Budgets are in brackets.
"""

from __future__ import annotations

import re

from measuring import STATUSTUI, Figure, report
from screen import screen
from tree import Tree, tree_parser, trees

BUDGETS = {10_000: 0.7, 100_000: 3.0}
"""Runs -> percent of a core."""
HOW_WATCHED = re.compile(rb"[0-9] runs?, ([^\x1b]+), in ")


def measure(tree: Tree, mode: str, seconds: float) -> None:
    """Print the figures for one way of watching."""
    with screen([*STATUSTUI, "--watch", mode, str(tree.root)], columns=160) as monitor:
        said = HOW_WATCHED.findall(monitor.settle(tree.runs).data)
        before = monitor.cpu()
        idle = monitor.read(seconds, seconds)
        percent = 100 * (monitor.cpu() - before) / seconds
        said += HOW_WATCHED.findall(idle.data)
    report(
        f"{tree.runs:,} runs, {said[-1].decode()}",
        Figure(percent, "% of a core", BUDGETS.get(tree.runs)),
        Figure(len(idle.data) / seconds, "bytes/s"),
    )


def main() -> None:
    """Measure on each tree."""
    parser = tree_parser(__doc__, [10, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to measure")
    options = parser.parse_args()
    for tree in trees(options):
        for mode in ("events", "poll"):
            measure(tree, mode, options.seconds)


if __name__ == "__main__":
    main()
