"""How many runs were under way at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence

from statustui.tui.model.bars import Span
from statustui.tui.model.time_axis import TimeAxis

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EIGHTHS = len(_BLOCKS) - 1


class LoadCurve:
    """Counts spans of time; asking for one time takes two searches, however many there are.

    A span begins at its start, and ends just before its end.

    Args:
        spans: The spans.
    """

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        spans = list(spans)
        self._starts = sorted(start for start, _end in spans)
        self._ends = sorted(end for _start, end in spans if end is not None)

    def add(self, span: Span) -> None:
        """Add a span."""
        insort(self._starts, span[0])
        if span[1] is not None:
            insort(self._ends, span[1])

    def discard(self, span: Span) -> None:
        """Remove a span that has been added."""
        del self._starts[bisect_left(self._starts, span[0])]
        if span[1] is not None:
            del self._ends[bisect_left(self._ends, span[1])]

    def at(self, time: float) -> int:
        """Return how many spans hold a time."""
        return bisect_right(self._starts, time) - bisect_right(self._ends, time)

    def along(self, axis: TimeAxis, now: float) -> list[int]:
        """Return the counts in the middle of each cell up to the one of `now`."""
        cells = min(axis.cells, axis.cell_at(now) + 1)
        return [self.at(min(axis.middle_of(cell), now)) for cell in range(cells)]


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
