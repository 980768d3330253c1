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

MARKED, CHANGED = "*", "•"
"""Stand in front of a run that the user has marked, or that has changed just now."""

FOLDED, UNFOLDED = "▸", "▾"
"""Stand in front of a group."""

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
