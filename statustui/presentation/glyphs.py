"""What a category looks like on a screen and in plain text: a glyph, a letter, a word, a colour."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.states import Category
from statustui.presentation.columns import HIDDEN, STALLED


class CategoryStyle(NamedTuple):
    """How the runs of a category are shown."""

    glyph: str
    letter: str
    """An ASCII character in its place."""
    colour: str | None
    """Of plain text, as click has it; those of the screen are in ``statustui.tcss``."""
    meaning: str


CATEGORY_STYLES = {
    Category.ERROR: CategoryStyle(
        "▲", "E", "magenta", "the system's fault, or a status that cannot be read"
    ),
    Category.FAILED: CategoryStyle("✗", "F", "red", "the run's own fault, or it took too long"),
    Category.RUNNING: CategoryStyle("▸", ">", "cyan", "under way"),
    Category.BUILDING: CategoryStyle("◇", "+", "blue", "building, or about to"),
    Category.WAITING: CategoryStyle("·", ".", None, "being set up, or in a queue"),
    Category.UNKNOWN: CategoryStyle("?", "?", None, "no status yet, or a state of unknown meaning"),
    Category.CANCELLED: CategoryStyle("○", "x", "yellow", "taken off by somebody"),
    Category.SKIPPED: CategoryStyle("-", "-", None, "not meant for this system"),
    Category.PASSED: CategoryStyle("✓", "=", "green", "complete, and nothing wrong with it"),
}

GLYPHS = {category: look.glyph for category, look in CATEGORY_STYLES.items()}

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
