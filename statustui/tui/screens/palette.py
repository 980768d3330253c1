"""The command palette, which also finds runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Protocol, cast

from rich.text import Text
from textual.command import Hit, Hits, Provider

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.tui.messages import RunChosen
from statustui.tui.terminal.textual_private import PrivatePalette

_MAX_HITS = 50
"""Runs that are offered for each kind of match."""


class Palette(PrivatePalette):
    """The command palette: actions of the current screen, and runs."""


class HasRuns(Protocol):
    """An application with runs."""

    @property
    def runs(self) -> Iterable[Run]:
        """All runs."""


class RunsProvider(Provider):
    """Finds runs by id and name."""

    async def search(self, query: str) -> Hits:
        """Yield the runs with `query` in their id or name, the one with exactly this id first."""
        words = query.casefold().strip()
        runs = cast("HasRuns", self.app).runs
        fits = (run for run in runs if run.id.casefold() == words)
        contains = (
            run
            for run in runs
            if run.id.casefold() != words
            and (words in run.id.casefold() or words in run.name.casefold())
        )
        for score, found in ((1.0, fits), (0.5, contains)):
            for run in islice(found, _MAX_HITS):
                title = f"{clean(run.id)} {clean(run.name)} {clean(run.current.state)}"
                # As text: a string would be read as markup.
                yield Hit(
                    score, Text(title), partial(self.app.post_message, RunChosen(run.path)), title
                )
