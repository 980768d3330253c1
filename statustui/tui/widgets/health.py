"""One line on how the picture comes about and how good it is."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from statustui.core.text import clean
from statustui.monitor.monitor import RootHealth


class HealthLine(Widget):
    """The watched roots, how they are watched, and what is wrong with them."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        """Speak of `roots`."""
        super().__init__(id="health")
        self._health: dict[str, RootHealth | None] = dict.fromkeys(roots)

    @property
    def is_complete(self) -> bool:
        """Whether every root has been seen whole once."""
        return all(health is not None and health.swept for health in self._health.values())

    def take(self, news: tuple[RootHealth, ...]) -> None:
        """Show what has changed."""
        for health in news:
            if self._health.get(health.root) != health:
                self._health[health.root] = health
                self.refresh()

    def render(self) -> Text:
        """Draw the line: a root after the other, the troubled ones first."""
        line = Text(no_wrap=True, overflow="ellipsis")
        for root, health in sorted(self._health.items(), key=lambda item: not _trouble(item[1])):
            if line:
                line.append("  ")
            if health is not None and health.problem is not None:
                line.append(f"{clean(root)} ")
                line.append(f"cannot be read: {clean(health.problem)}", "bold reverse")
            else:
                line.append(f"{_words(health)} in {clean(root)}")
        return line


def _trouble(health: RootHealth | None) -> bool:
    return health is not None and health.problem is not None


def _words(health: RootHealth | None) -> str:
    if health is None:
        return "looking for runs"
    runs = f"{health.found:,} run{'' if health.found == 1 else 's'}"
    if not health.swept:
        return f"{runs} so far, still reading"
    return f"{runs}, looked at every {health.interval:g} s,"
