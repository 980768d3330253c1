"""What a category looks like: a glyph, a word, and the name of a style."""

from __future__ import annotations

from statustui.core.states import Category

GLYPHS = {
    Category.ERROR: "▲",
    Category.FAILED: "✗",
    Category.RUNNING: "▸",
    Category.BUILDING: "◇",
    Category.WAITING: "·",
    Category.UNKNOWN: "?",
    Category.CANCELLED: "○",
    Category.SKIPPED: "-",
    Category.PASSED: "✓",
}

HIDDEN = "!"
"""Stands behind a state that hides a failure."""

STALLED = "~"
"""Stands behind a state in which a run seems to have stalled."""

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

MEANINGS = {
    Category.ERROR: "the system's fault, or a status that cannot be read",
    Category.FAILED: "the run's own fault, or it took too long",
    Category.RUNNING: "under way",
    Category.BUILDING: "building, or about to",
    Category.WAITING: "being set up, or in a queue",
    Category.UNKNOWN: "no status yet, or a state of unknown meaning",
    Category.CANCELLED: "taken off by somebody",
    Category.SKIPPED: "not meant for this system",
    Category.PASSED: "complete, and nothing wrong with it",
}
