"""What can be done, looked up, or gone to: the entries of the help, and how words narrow them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from statustui.core.categories import Category
from statustui.core.query import FIELDS, FLAGS, SETS, SPANS
from statustui.core.run import Run
from statustui.core.states import categorise, explain_state
from statustui.core.text import clean
from statustui.presentation.glyphs import MARKS, STYLES

Action = Callable[[], Any]
"""What an entry does; it may return an awaitable."""
MAX_RUNS = 50
"""Runs that are offered for each kind of match."""


class Entry(NamedTuple):
    """A line of the help. All texts are clean."""

    mark: str
    """Its keys, a glyph, or nothing."""
    title: str
    detail: str = ""
    name: str = ""
    """Its name in the configuration."""
    style: str = ""
    """Component class of `mark` and `title`; empty for none."""
    action: Action | None = None
    """What choosing it does; None if it is only to be read."""


class Section(NamedTuple):
    """Entries under a title."""

    title: str
    entries: Sequence[Entry]
    is_found_only: bool = False
    """Whether it is left out until words are searched for."""


def narrow(sections: Iterable[Section], text: str) -> list[Section]:
    """Return the entries that contain all words of a text, in sections that are not empty.

    The title of a section counts as a part of each of its entries.
    """
    words = text.casefold().split()
    narrowed = (
        section._replace(
            entries=[one for one in section.entries if _contains(one, section.title, words)]
        )
        for section in sections
        if words or not section.is_found_only
    )
    return [section for section in narrowed if section.entries]


def _contains(entry: Entry, title: str, words: Sequence[str]) -> bool:
    text = " ".join((title, *entry[:4])).casefold()
    return all(word in text for word in words)


def best(sections: Iterable[Section], text: str) -> int:
    """Return the index of the entry that a text most likely means; 0 without a text."""
    wanted = text.casefold().strip()
    entries = [entry for section in sections for entry in section.entries]
    ranks = [_rank(entry, wanted) for entry in entries] if wanted else []
    return ranks.index(max(ranks)) if ranks else 0


def _rank(entry: Entry, wanted: str) -> tuple[bool, int]:
    title = entry.title.casefold()
    if wanted in {title, *entry.mark.casefold().split()}:
        return entry.action is not None, 2
    return entry.action is not None, int(title.startswith(wanted))


def run_entries(
    runs: Iterable[Run], text: str, choose: Callable[[Run], Action]
) -> Iterable[Entry | None]:
    """Find runs by id and name, that with exactly this id first.

    Args:
        runs: All runs.
        text: What is searched for.
        choose: Returns what choosing a run does.

    Yields:
        An entry or, after each run that does not match, None.
    """
    words = text.casefold().strip()
    for run in runs:
        run_id = run.id.casefold()
        if words in run_id or words in run.name.casefold():
            title = f"{clean(run.id)} {clean(run.name)}".strip()
            yield Entry(
                run.category.glyph,
                clean(run.id) if run_id == words else title,
                clean(f"{run.name} {run.current.state}" if run_id == words else run.current.state),
                style=STYLES[run.category],
                action=choose(run),
            )
        else:
            yield None


def filter_section() -> Section:
    """Return the language of filters."""
    terms = [
        ("word", "in id, name, state or note"),
        ("a b", "both"),
        ("a | b", "one of them"),
        ("!a", "not"),
        ("( )", "group"),
        ("FIELD=PATTERN", "the field matches; * stands for anything, ? for one character"),
        ("FIELD!=PATTERN", "the field does not match"),
        ("FIELD~REGEX", "the field matches the regular expression"),
        *((f"{name}<1h  {name}>2d", meaning) for name, (_get, meaning) in SPANS.items()),
        *((flag, meaning) for flag, (_test, meaning) in FLAGS.items()),
        *((f"{field}=", meaning.replace("`", "")) for field, (_get, meaning) in FIELDS.items()),
        *((f"{field}=", f"{meaning}; one has to match") for field, (_get, meaning) in SETS.items()),
    ]
    return Section("Filters", [Entry("", term, meaning) for term, meaning in terms])


def glyph_section(choose: Callable[[Category], Action | None]) -> Section:
    """Return what glyphs and marks mean; `choose` returns what choosing a category does."""
    return Section(
        "Glyphs and colours",
        [
            *(
                Entry(one.glyph, one.value, one.meaning, style=STYLES[one], action=choose(one))
                for one in Category
            ),
            *(Entry(mark, meaning) for mark, meaning in MARKS.items()),
        ],
    )


def state_section(
    title: str, states: Iterable[str], choose: Callable[[str], Action | None]
) -> Section:
    """Return what states mean; `choose` returns what choosing one does."""
    return Section(
        title,
        [
            Entry(
                categorise(state).glyph,
                clean(state),
                explain_state(state),
                style=STYLES[categorise(state)],
                action=choose(state),
            )
            for state in states
            if state
        ],
    )
