"""The categories of runs: what each means, and how it is drawn.

Everything that differs from category to category is in the one entry that defines it, except the
colours on the screen: those are in ``statustui/tui/statustui.tcss`` and ``colorblind.tcss``.
"""

from __future__ import annotations

import enum
from typing import Any, NamedTuple


class _Entry(NamedTuple):
    """All that defines a category. Nothing has a default: a forgotten part is a type error."""

    word: str
    """Its name in filters, in JSON and on the screen."""
    is_problem: bool
    is_under_way: bool
    is_final: bool
    glyph: str
    letter: str
    colour: str | None
    word_drop_order: int | None
    meaning: str


class Category(enum.Enum):
    """What a state amounts to, sorted from the most urgent to the least.

    `ERROR` is the fault of the system, `FAILED` that of the run. The `value` of a member is its
    name in filters and in JSON.
    """

    ERROR = _Entry(
        "error",
        is_problem=True,
        is_under_way=False,
        is_final=True,
        glyph="▲",
        letter="E",
        colour="magenta",
        word_drop_order=None,
        meaning="the system's fault, or a status that cannot be read",
    )
    FAILED = _Entry(
        "failed",
        is_problem=True,
        is_under_way=False,
        is_final=True,
        glyph="✗",
        letter="F",
        colour="red",
        word_drop_order=None,
        meaning="the run's own fault, or it took too long",
    )
    RUNNING = _Entry(
        "running",
        is_problem=False,
        is_under_way=True,
        is_final=False,
        glyph="▸",
        letter=">",
        colour="cyan",
        word_drop_order=6,
        meaning="under way",
    )
    BUILDING = _Entry(
        "building",
        is_problem=False,
        is_under_way=True,
        is_final=False,
        glyph="◇",
        letter="+",
        colour="blue",
        word_drop_order=5,
        meaning="building, or about to",
    )
    WAITING = _Entry(
        "waiting",
        is_problem=False,
        is_under_way=True,
        is_final=False,
        glyph="·",
        letter=".",
        colour=None,
        word_drop_order=4,
        meaning="being set up, or in a queue",
    )
    UNKNOWN = _Entry(
        "unknown",
        is_problem=False,
        is_under_way=False,
        is_final=False,
        glyph="?",
        letter="?",
        colour=None,
        word_drop_order=3,
        meaning="no status yet, or a state of unknown meaning",
    )
    CANCELLED = _Entry(
        "cancelled",
        is_problem=False,
        is_under_way=False,
        is_final=True,
        glyph="○",
        letter="x",
        colour="yellow",
        word_drop_order=2,
        meaning="cancelled by a user or by the scheduler",
    )
    SKIPPED = _Entry(
        "skipped",
        is_problem=False,
        is_under_way=False,
        is_final=True,
        glyph="-",
        letter="-",
        colour=None,
        word_drop_order=1,
        meaning="not meant for this system",
    )
    PASSED = _Entry(
        "passed",
        is_problem=False,
        is_under_way=False,
        is_final=True,
        glyph="✓",
        letter="=",
        colour="green",
        word_drop_order=7,
        meaning="complete, and nothing wrong with it",
    )

    _value_: str
    rank: int
    """Its position in the order of urgency, from 0."""
    is_problem: bool
    """Whether somebody has to investigate."""
    is_under_way: bool
    """Whether a run in it is still going on."""
    is_final: bool
    """Whether a run in it has finished; like `is_under_way` it is False for `UNKNOWN`."""
    glyph: str
    letter: str
    """The ASCII character in place of `glyph`."""
    colour: str | None
    """Colour of plain text, by its name in click; None for the terminal's own."""
    word_drop_order: int | None
    """On a narrow terminal the category with the lowest number loses its word first in the summary
    bar; None if it never does."""
    meaning: str
    """What help says about it."""

    def __new__(cls, *parts: Any) -> Category:  # noqa: ANN401, PYI034 - of an entry; enums are final
        """Make a member whose value is the word of its entry; an enum takes tuples apart."""
        entry = _Entry(*parts)
        member = object.__new__(cls)
        member._value_ = entry.word
        member.rank = len(cls.__members__)
        member.is_problem = entry.is_problem
        member.is_under_way = entry.is_under_way
        member.is_final = entry.is_final
        member.glyph = entry.glyph
        member.letter = entry.letter
        member.colour = entry.colour
        member.word_drop_order = entry.word_drop_order
        member.meaning = entry.meaning
        return member

    # Members are compared and hashed a few times for each run: identity is enough and fast.
    __hash__ = object.__hash__
