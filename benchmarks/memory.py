"""How much memory a run takes in the running monitor.

    python benchmarks/memory.py [RUNS]

The goal is 1,536 bytes a run over the empty monitor, at 100,000 runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from screen import screen
from tree import tree


def memory(root: Path) -> int:
    """Bytes that a monitor holds once it has read everything."""
    with screen([sys.executable, "-m", "statustui", str(root)]) as monitor:
        monitor.wait_for(b"events")
        monitor.read(3.0, 20.0)
        return monitor.memory()


def main() -> None:
    """Compare a large tree with a small one."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tree(10) as small, tree(runs) as large:
        empty, full = memory(small), memory(large)
    print(f"empty {empty / 2**20:.1f} MiB, {runs} runs {full / 2**20:.1f} MiB")
    print(f"{(full - empty) / runs:.0f} bytes a run  [1,536]")


if __name__ == "__main__":
    main()
