"""The runs of a series, counted."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.categories import Category


class Members(NamedTuple):
    """The counts of the runs of one series."""

    paths: tuple[str, ...] = ()
    """Directories of the runs that the series links to."""
    counts: tuple[tuple[Category, int], ...] = ()
    """Pairs of a category and its number of runs, for those with any, most urgent first."""
    gone: int = 0
    """Number of deleted runs: the link exists, the directory does not."""
    has_all: bool = False
    """Whether no further run will be added."""
    have_ended: bool = False
    """Whether the series has finished, by its own state or because all its runs have."""

    @property
    def total(self) -> int:
        """Number of runs, with those that were deleted."""
        return len(self.paths)

    @property
    def summary(self) -> str:
        """The counts in words, such as ``180/200 passed, 20 failed``."""
        if not self.paths:
            return "no runs"
        passed = dict(self.counts).get(Category.PASSED, 0)
        words = [f"{passed:,}/{self.total:,} passed"]
        words += [
            f"{count:,} {category.value}"
            for category, count in self.counts
            if category is not Category.PASSED
        ]
        if self.gone:
            words.append(f"{self.gone:,} gone")
        return ", ".join(words)
