"""Time from the command to what is on screen, to the whole picture, and from `q` to the end.

    python benchmarks/startup.py [RUNS]... [--on DIR | --tree DIR] [--program FILE]

The painted frame is compared with `python -c pass`, the first real frame with a bare Textual app
with one label, and the whole picture, read without a cache, with the first look of a C program
(`scan.c`). With a cache, the times from the first real frame to the first rows and to the whole
picture count, and the time until all runs have been checked. Everything takes turns; the median
counts, and budgets are in brackets. A FILE, such as `dist/statustui.pyz`, is measured in place of
this checkout, once it has unpacked itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from measuring import (
    PYTHON,
    STATUSTUI,
    Figure,
    compiled_peer,
    milliseconds,
    new_home,
    process_seconds,
    report,
    rounds,
    take_turns,
)
from screen import CHECKED, WHOLE_PICTURE, fill_cache, screen
from tree import Tree, temporary_tree, tree_parser, trees

PAINTED, REAL_FRAME = b"looking for runs", b"NOTE"
FIRST_ROWS = b"The test completed"
"""Begin of a note that the runs at the top of the list have."""
OVER_PYTHON, OVER_BARE_APP, OVER_C = 1.3, 1.25, 5.0
NO_CACHE, CACHE = "no cache", "cache"
ROWS, AFTER_FRAME = "from the first frame to the first rows", "from the first frame to all of them"
PICTURE, END = "whole picture", "q to the end"
BUDGETS = {
    (CACHE, ROWS): 300.0,
    (CACHE, AFTER_FRAME): 300.0,
    (CACHE, END): 1000.0,
    (NO_CACHE, END): 1000.0,
}
"""In milliseconds."""

BARE = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("a bare label")
Bare().run()
"""


def time_to(command: Sequence[str], text: bytes, home: Path | None = None) -> float:
    """Return the seconds until `text` is on screen."""
    with screen(command, home=home) as program:
        return program.wait_for(text)


def compare_frames(program: Sequence[str], tree: Tree, filled: Path | None, count: int) -> None:
    """Print the times to the first frames on a small tree and on another one.

    Args:
        program: The program to measure.
        tree: The larger tree.
        filled: The directory with its cache; None without one.
        count: How often to measure.
    """
    with temporary_tree(100) as small:
        # A program that unpacks itself has done so when it is measured.
        time_to([*program, str(small.root)], REAL_FRAME)
        frame = f"first real frame, {tree.runs:,} runs"
        measures: dict[str, Callable[[], float]] = {
            "python -c pass": partial(process_seconds, [*PYTHON, "-c", "pass"]),
            "frame painted": partial(time_to, [*program, str(small.root)], PAINTED),
            "bare Textual app": partial(time_to, [*PYTHON, "-c", BARE], b"a bare label"),
            "first real frame, 100 runs": partial(time_to, [*program, str(small.root)], REAL_FRAME),
            frame: partial(time_to, [*program, str(tree.root)], REAL_FRAME),
        }
        if filled is not None:
            command = [*program, str(tree.root)]
            measures[f"{frame}, cache"] = partial(time_to, command, REAL_FRAME, filled)
        took = take_turns(measures, count)
    for name, seconds in took.items():
        ratio = Figure(seconds / took["bare Textual app"], "x bare app", OVER_BARE_APP)
        if name == "frame painted":
            ratio = Figure(seconds / took["python -c pass"], "x python", OVER_PYTHON)
        is_peer = name in {"python -c pass", "bare Textual app"}
        report(name, milliseconds(seconds), *([] if is_peer else [ratio]))


def time_stages(program: Sequence[str], tree: Tree, home: Path | None) -> dict[str, float]:
    """Let a monitor read a tree, and return the seconds to each of its stages."""
    with screen([*program, str(tree.root)], home=home) as monitor:
        frame = monitor.wait_for(REAL_FRAME)
        rows = monitor.wait_for(FIRST_ROWS)
        picture = rows + monitor.wait_for(WHOLE_PICTURE)
        checked = monitor.wait_for(CHECKED)
        return {
            ROWS: rows,
            AFTER_FRAME: picture,
            PICTURE: frame + picture,
            "all runs checked": frame + picture + checked,
            END: monitor.quit(),
        }


def compare_pictures(program: Sequence[str], tree: Tree, filled: Path | None) -> None:
    """Print the times to the whole picture, without a cache and with one.

    Args:
        program: The program to measure.
        tree: What it reads.
        filled: The directory with the cache; None without one.
    """
    # A picture takes several times as long as a look of `list`.
    count = rounds(3 * tree.runs)
    with compiled_peer() as peer:
        command = peer("first", tree.test_runs)
        c_first = median(process_seconds(command) for _ in range(count))
    report(f"{tree.runs:,} runs: C first", milliseconds(c_first))
    starts: dict[str, Callable[[], dict[str, float]]] = {
        NO_CACHE: partial(time_stages, [*program, "--no-cache"], tree, None)
    }
    if filled is not None:
        starts[CACHE] = partial(time_stages, program, tree, filled)
    for start, measure in starts.items():
        stages = [measure() for _ in range(count)]
        for name in stages[0]:
            seconds = median(one[name] for one in stages)
            figures = [milliseconds(seconds, BUDGETS.get((start, name)))]
            if name == PICTURE:
                over_c = OVER_C if start == NO_CACHE else None
                figures.append(Figure(seconds / c_first, "x C", over_c))
            report(f"{tree.runs:,} runs, {start}: {name}", *figures)


def main() -> None:
    """Measure on each tree."""
    parser = tree_parser(__doc__, [10_000, 100_000])
    parser.add_argument("--program", metavar="FILE", help="measure this program")
    parser.add_argument("--rounds", type=int, default=15, help="of the first frames")
    options = parser.parse_args()
    program = [options.program] if options.program else STATUSTUI
    for tree in trees(options):
        with new_home() as home:
            filled = home if fill_cache(tree.root, home) else None
            compare_frames(program, tree, filled, options.rounds)
            compare_pictures(program, tree, filled)


if __name__ == "__main__":
    main()
