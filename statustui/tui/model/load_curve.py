"""How many runs were under way at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence

from statustui.tui.model.bars import Span
from statustui.tui.model.time_axis import TimeAxis

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EIGHTHS = len(_BLOCKS) - 1
_NO_SPAN = (None, None)


class LoadCurve:
    """Counts spans of time; asking for one time takes two searches, however many there are.

    A span begins at its start, and ends just before its end.

    Args:
        starts: When the spans begin.
        ends: When those end that do.
    """

    def __init__(self, starts: Iterable[float] = (), ends: Iterable[float] = ()) -> None:
        self._starts = sorted(starts)
        self._ends = sorted(ends)

    @classmethod
    def of_sorted(cls, starts: list[float], ends: list[float]) -> LoadCurve:
        """Return the same for times that are in order, which it keeps and changes."""
        curve = cls()
        curve._starts, curve._ends = starts, ends
        return curve

    def replace(self, before: Span | None, after: Span | None) -> None:
        """Replace a span by another one; None stands for no span."""
        old, new = before or _NO_SPAN, after or _NO_SPAN
        # Moving many numbers takes time: most changes of a run leave its start as it is.
        _replace(self._starts, old[0], new[0])
        _replace(self._ends, old[1], new[1])

    def at(self, time: float) -> int:
        """Return how many spans hold a time."""
        return bisect_right(self._starts, time) - bisect_right(self._ends, time)

    def along(self, axis: TimeAxis, now: float) -> list[int]:
        """Return the counts in the middle of each cell up to the one of `now`."""
        cells = min(axis.cells, axis.cell_at(now) + 1)
        return [self.at(min(axis.middle_of(cell), now)) for cell in range(cells)]


def _replace(times: list[float], before: float | None, after: float | None) -> None:
    if before == after:
        return
    if before is not None:
        del times[bisect_left(times, before)]
    if after is not None:
        insort(times, after)


def draw_curve(counts: Sequence[int], height: int) -> list[str]:
    """Return lines of block characters, from top to bottom, that show some counts.

    The largest count is as high as all lines; any other than 0 is at least an eighth of a line.
    """
    most = max(counts, default=0)
    levels = [-(-count * height * _EIGHTHS // most) if most else 0 for count in counts]
    return [
        "".join(_BLOCKS[min(max(level - line * _EIGHTHS, 0), _EIGHTHS)] for level in levels)
        for line in reversed(range(height))
    ]
