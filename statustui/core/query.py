"""In which order runs are listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from statustui.core.run import Run
from statustui.core.states import Category

Key: TypeAlias = tuple[Any, ...]
"""What runs are compared by; every key ends in the path, so that no two are the same."""

_DIGITS = re.compile(r"(\d+)")
_RANK = {category: rank for rank, category in enumerate(Category)}


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers in a text by value: ``run2`` before ``run10``."""
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part.casefold())
        for part in _DIGITS.split(text)
        if part
    )


def _newest_first(run: Run) -> float:
    return float("inf") if run.updated is None else -run.updated


SORT_KEYS: dict[str, Callable[[Run], Key]] = {
    "category": lambda run: (_RANK[run.category], _newest_first(run)),
    "time": lambda run: (_newest_first(run),),
    "id": lambda run: (natural(run.id),),
    "name": lambda run: (natural(run.name),),
    "state": lambda run: (run.current.state, _newest_first(run)),
    "result": lambda run: (run.result or "~", _newest_first(run)),
}
"""Name of a sort key -> key function. ``category`` puts first what needs attention most, and
``time`` what changed last."""


def sort_key(name: str) -> Callable[[Run], Key]:
    """The key function for the sort key `name`.

    Raises:
        KeyError: There is no such sort key.
    """
    key = SORT_KEYS[name]
    return lambda run: (*key(run), natural(run.path), run.path)
