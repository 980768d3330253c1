"""Views: which runs are listed, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from statustui.core.categories import Category
from statustui.tui.model.store import PROBLEMS

Trait: TypeAlias = Literal["", "stalled", "new", "muted"]
"""What runs can have in common: they have stalled, or a problem that is new or muted."""


class Subset(NamedTuple):
    """The runs that one chip of the summary counts, or several that belong together."""

    categories: frozenset[Category] | None = None
    """The categories; None for all."""
    trait: Trait = ""


EVERYTHING = Subset()


class View(NamedTuple):
    """What is listed: a subset, and of that what matches a filter."""

    text: str = ""
    """The filter."""
    subset: Subset = EVERYTHING


class ListState(NamedTuple):
    """A view with the way in which it is listed."""

    view: View
    grouping: str
    sort: str
    reverse: bool


def named_views(configured: Mapping[str, str], user: str) -> dict[str, tuple[str, View]]:
    """Return the views that have a key: digit -> name and view.

    Args:
        configured: Digit -> filter, from the configuration; these replace the usual views.
        user: The name of the user, as `Run.user` has it.
    """
    usual = {
        "1": ("problems", View(subset=Subset(PROBLEMS))),
        "2": ("running", View(subset=Subset(frozenset({Category.RUNNING})))),
        "3": ("waiting", View(subset=Subset(frozenset({Category.WAITING})))),
        "4": ("stalled", View(subset=Subset(trait="stalled"))),
        "5": ("new", View(subset=Subset(trait="new"))),
        "6": ("last hour", View("age<1h")),
        "7": ("last day", View("age<1d")),
        "8": ("mine", View(f'user="{user}"')),
        "9": ("all", View()),
    }
    own = {digit: (text, View(text)) for digit, text in configured.items()}
    return {**usual, **own}
