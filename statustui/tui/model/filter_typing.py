"""Help with a filter that is being typed: what to list meanwhile, how to go on, earlier ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from statustui.core.query import FIELDS, FLAGS, OPENINGS, SETS, SPANS
from statustui.core.run import Run
from statustui.core.states import STATES

_TERM = re.compile(r'[^\s|()"!][^\s|()"]*\Z')
"""The term at the end of a filter, if it has no quotes."""
_COMPARISON = re.compile(r"([a-z]+)(!?=)([^*?\[\]]*)\Z")
_SPAN_WITHOUT_UNIT = re.compile(rf"(?:{'|'.join(SPANS)})[<>][0-9.]*\Z")
_NAMES = (*FIELDS, *SETS, *FLAGS, *SPANS)
_NEEDS_QUOTES = re.compile(r"[\s|()]")
_HAS_NO_QUOTE = re.compile(r'["\[]')
"""Signs that cannot be written in a value; ``?`` stands for any."""
_MAX_RUNS = 20_000
"""Runs whose values complete a term: looking at all of very many would take too long."""
_MAX_COMPLETIONS = 50
MAX_REMEMBERED = 50
"""Filters that are remembered."""


def filter_while_typing(text: str) -> str:
    """Return the filter to apply while `text` is being typed.

    The last term may be half-typed. A word that may become the name of a field or a flag does not
    count yet, nor does an age without a unit. A value may go on with anything.
    """
    term = _last_term(text)
    if term is None:
        return text
    before = text[: len(text) - len(term)]
    if _SPAN_WITHOUT_UNIT.match(term):
        return before
    comparison = _COMPARISON.match(term)
    if comparison is not None:
        is_known = comparison[1] in FIELDS or comparison[1] in SETS
        return f"{text}*" if is_known and comparison[3] else text
    is_half = term not in FLAGS and any(name.startswith(term) for name in _NAMES)
    return before if is_half else text


def _last_term(text: str) -> str | None:
    """Return the term at the end of a filter; None if there is none, or if it is in quotes."""
    match = None if text.count('"') % 2 else _TERM.search(text)
    return None if match is None else match[0]


def completions(text: str, runs: Iterable[Run]) -> list[str]:
    """Return the filters that complete the last term: names of fields, flags, or values of runs."""
    term = _last_term(text) or ""
    before = text[: len(text) - len(term)]
    comparison = _COMPARISON.match(term)
    if comparison is None:
        return [before + opening for opening in OPENINGS if opening.startswith(term)]
    name, sign, beginning = comparison.groups()
    found = sorted(_values(name, runs), key=str.casefold)
    if name == "state":
        found += (state for state in STATES.list() if state not in found)
    fits = (one for one in found if one and one.casefold().startswith(beginning.casefold()))
    return [f"{before}{name}{sign}{_quote(one)}" for one in islice(fits, _MAX_COMPLETIONS)]


def _values(name: str, runs: Iterable[Run]) -> set[str]:
    seen = islice(runs, _MAX_RUNS)
    if name in SETS:
        get_all = SETS[name][0]
        return {value for run in seen for value in get_all(run)}
    if name not in FIELDS:
        return set()
    get = FIELDS[name][0]
    return {get(run) for run in seen}


def _quote(value: str) -> str:
    value = _HAS_NO_QUOTE.sub("?", value)
    return f'"{value}"' if _NEEDS_QUOTES.search(value) else value


class FilterHistory:
    """The filters that the user has kept, the last one at the end.

    Args:
        texts: Those of earlier sessions; anything but a list of texts counts as empty.
    """

    def __init__(self, texts: object = ()) -> None:
        is_list = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        self.texts: list[str] = list(texts)[-MAX_REMEMBERED:] if is_list else []  # type: ignore[call-overload]

    def add(self, text: str) -> None:
        """Remember a filter as the last one."""
        if text.strip():
            self.texts = [*(one for one in self.texts if one != text), text][-MAX_REMEMBERED:]
