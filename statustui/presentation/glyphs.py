"""What a category looks like on a screen and in plain text: a glyph, a letter, a word, a colour."""

from __future__ import annotations

from statustui.core.categories import Category
from statustui.presentation.columns import HIDDEN, STALLED

MARKED, NEW, CHANGED = "*", "+", "•"
"""Stand in front of a run that the user has marked, whose problem is news to the user, or that has
changed just now."""

FOLDED, UNFOLDED = "▸", "▾"
"""Stand in front of a group."""

FOUND = "▸"
"""Stands in front of a status, or of a line of a log, that has been found."""

MARKS = {
    HIDDEN: "behind a state: it hides an earlier failure",
    STALLED: "behind a state: it lasts for much longer than usual, without a sign of life",
    MARKED: "in front: marked with Space",
    NEW: "in front: a problem that you have not seen yet",
    CHANGED: "in front: changed within the last five seconds",
}

STYLES = {category: f"category--{category.value}" for category in Category}
"""Component class for each category; the colours are in ``statustui.tcss``."""
