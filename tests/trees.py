"""Trees of runs for tests."""

from __future__ import annotations

from pathlib import Path

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.run import Run
from statustui.monitor.once import read_once
from statustui.monitor.read_options import ReadOptions

DATA = Path(__file__).parent / "data"
CORPORA = ("pavilion-2.1.1", "pavilion-2.4")


def write_run(path: Path, *statuses: str, start: float = 1_795_000_000.0) -> Path:
    """Make a run directory whose statuses are a second apart, each given as ``STATE note``."""
    path.mkdir(parents=True, exist_ok=True)
    lines = [f"{start + second:.6f} {status}\n" for second, status in enumerate(statuses)]
    (path / "status").write_text("".join(lines), encoding="utf-8")
    return path


def append(path: Path, status: str, when: float = 1_795_000_100.0) -> None:
    """Append a status, given as ``STATE note``, to the run directory at `path`."""
    with (path / "status").open("a", encoding="utf-8") as file:
        file.write(f"{when:.6f} {status}\n")


def write_nothing(_path: str, error: OSError) -> None:
    """Fail: no directory of the test's tree is unreadable."""
    raise error


def read_runs(root: Path, stale: StaleAfter = DEFAULT_STALE_AFTER, now: float = 0.0) -> list[Run]:
    """The runs below `root`, all of which can be read, as `list` finds them."""
    picture = read_once([str(root)], now, ReadOptions(stale_after=stale))
    assert picture.incomplete == []
    return picture.runs
