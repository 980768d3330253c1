"""Marks beside runs, and the style of each category on the screen.

The glyph and the colour of a category are in its entry in `statustui.core.categories`.
"""

from __future__ import annotations

from statustui.core.categories import Category
from statustui.presentation.columns import HIDDEN, STALLED

MARKED, MUTED, NEW, CHANGED = "*", "m", "+", "•"
"""In front of a run: marked by the user, muted, with a new problem, or recently changed."""

FOLDED, UNFOLDED = "»", "▾"
"""In front of a group; neither is the glyph of a category."""

FOUND = "▸"
"""In front of a status, or a line of a log, that a search has found."""

MARKS = {
    HIDDEN: "behind a state: it hides an earlier failure",
    STALLED: "behind a state: it lasts for much longer than usual, without a sign of life",
    MARKED: "in front: marked with Space",
    MUTED: "in front: its failure is known, and put aside with m",
    NEW: "in front: a problem that you have not seen yet",
    CHANGED: "in front: changed within the last five seconds",
}

STYLES = {category: f"category--{category.value}" for category in Category}
"""Category -> component class, whose colours are in ``statustui.tcss`` and ``colorblind.tcss``."""
