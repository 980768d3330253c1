"""A long storm, by hand: ``python -m tests.storm --seconds 600 --seed 7``."""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.storm.operations import OPERATIONS, reads_everything
from tests.storm.storm import Outcome, run_storm
from tests.storm.writers import Deed, Plan

AS_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Runs a program as root without the right to read everything."""

_MOST = 20
"""Operations that are told of a path at the most, and paths of a view."""


def main() -> int:
    """Let a storm go over a tree, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--patience", type=float, default=60.0, metavar="SEC")
    parser.add_argument("--age", type=float, default=7200.0, metavar="SEC", help="of half the runs")
    parser.add_argument("--only", metavar="OPERATION,...", help="do nothing but these")
    parser.add_argument("--without", metavar="OPERATION,...", default="", help="leave these out")
    parser.add_argument("--modes", default="events,poll", help="how the followers watch")
    parser.add_argument("--directory", help="where to make the tree, which then stays")
    parser.add_argument(
        "--as-root", action="store_true", help="stay who may read everything, if started as root"
    )
    chosen = parser.parse_args()
    if not chosen.as_root and shutil.which(AS_USER[0]) and reads_everything():
        program = [sys.executable, "-m", "tests.storm", "--as-root", *sys.argv[1:]]
        os.execvp(AS_USER[0], [*AS_USER, *program])  # noqa: S606 - itself
    left_out = chosen.without.split(",")
    names = [
        name for name in (chosen.only or ",".join(OPERATIONS)).split(",") if name not in left_out
    ]
    plan = Plan(
        chosen.seconds,
        chosen.seed,
        names,
        chosen.runs,
        chosen.writers,
        chosen.patience,
        chosen.modes.split(","),
        chosen.age,
    )
    base = Path(chosen.directory or tempfile.mkdtemp(prefix="storm."))
    base.mkdir(exist_ok=True)
    outcome = run_storm(base, plan)
    _tell(outcome, plan, base)
    if not outcome.wrong and not chosen.directory:
        shutil.rmtree(base)
    return bool(outcome.wrong)


def _tell(outcome: Outcome, plan: Plan, base: Path) -> None:
    """Print what was done, how long it took to agree, and what is wrong."""
    done = Counter(deed.operation for deed in outcome.deeds if not deed.failure)
    failed = sum(bool(deed.failure) for deed in outcome.deeds)
    _print(
        f"seed {plan.seed}, {plan.seconds:g} s: {done.total():,} operations, "
        f"{failed:,} not possible"
    )
    _print("  " + ", ".join(f"{name} {count}" for name, count in done.most_common()))
    for moment, took in outcome.took.items():
        _print(f"  {moment}: " + ", ".join(f"{name} {took[name]:.1f} s" for name in took))
    if outcome.wrong:
        (base / "screen").write_text("\n".join(outcome.screen), encoding="utf-8")
        (base / "sent").write_bytes(outcome.sent)
        _print(f"WRONG; the tree is {base}")
    for name, paths in outcome.wrong.items():
        _print(f"== {name}: {len(paths)} wrong")
        for path, words in sorted(paths.items(), key=lambda item: item[0].startswith("/"))[:_MOST]:
            _print(f"-- {path}: {words}".replace(f"{base}/", ""))
            _print(f"   {_state_of(path)}")
            for deed in [deed for deed in outcome.deeds if deed.concerns(path)][-_MOST:]:
                _print(f"   {_line_of(deed)}".replace(f"{base}/", ""))


def _line_of(deed: Deed) -> str:
    """What was done, and when."""
    when = time.strftime("%T", time.localtime(deed.begun)) + f"{deed.begun % 1:.3f}"[1:]
    other = "" if deed.other is None else f" and {deed.other}"
    failure = f" ({deed.failure})" if deed.failure else ""
    took = f"{deed.ended - deed.begun:.3f} s"
    return f"{when} {took} {deed.writer} {deed.operation} {deed.path}{other}{failure}"


def _state_of(path: str) -> str:
    """What is at `path` now."""
    told = []
    for one in (path, f"{path}/status"):
        try:
            state = os.lstat(one)
        except OSError as error:
            told.append(str(error))
        else:
            mode = stat.filemode(state.st_mode)
            told.append(f"{mode} {state.st_ino} {state.st_size} B, {state.st_mtime_ns} ns")
    return "; ".join(told)


def _print(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201 - a program for the command line


if __name__ == "__main__":
    sys.exit(main())
