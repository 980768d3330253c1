"""What the runs of a series add up to."""

from __future__ import annotations

from dataclasses import dataclass

from statustui.core.categories import Category


@dataclass(frozen=True, slots=True)
class Members:
    """The runs of one series, counted."""

    paths: tuple[str, ...] = ()
    """Directories of the runs that the series links to."""
    counts: tuple[tuple[Category, int], ...] = ()
    """Category -> how many runs are in it, for those with any, by urgency."""
    gone: int = 0
    """How many runs have been deleted: the link is there, the directory is not."""
    has_all: bool = False
    """Whether no further run is to come."""
    have_ended: bool = False
    """Whether the series has ended, by its own state or because all its runs have."""

    @property
    def total(self) -> int:
        """How many runs there are or have been."""
        return len(self.paths)

    def count(self, category: Category) -> int:
        """How many of the runs are in a category."""
        return dict(self.counts).get(category, 0)

    @property
    def summary(self) -> str:
        """The counts in a few words, such as ``180/200 passed, 20 failed``."""
        if not self.paths:
            return "no runs"
        words = [f"{self.count(Category.PASSED):,}/{self.total:,} passed"]
        words += [
            f"{count:,} {category.value}"
            for category, count in self.counts
            if category is not Category.PASSED
        ]
        if self.gone:
            words.append(f"{self.gone:,} gone")
        return ", ".join(words)
