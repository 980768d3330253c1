"""One line on how the picture comes about and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.text import Text
from textual.widget import Widget

from statustui.core.text import clean, format_age
from statustui.monitor.batch import RootHealth

_BAR = 12
"""Cells of the bar that shows how far the first reading has come."""


class HealthLine(Widget):
    """The watched roots, how they are watched, and what is wrong with them."""

    def __init__(self, roots: tuple[str, ...], clock: Callable[[], float]) -> None:
        """Speak of `roots`; `clock` tells how old a picture is."""
        super().__init__(id="health")
        self._clock = clock
        self._said = ""
        self._drawn = Text()
        self._health: dict[str, RootHealth | None] = dict.fromkeys(roots)

    @property
    def initial_scan_done(self) -> bool:
        """Whether every root has been seen whole once."""
        return all(health is not None and health.swept for health in self._health.values())

    @property
    def known(self) -> list[RootHealth]:
        """What has been told of the roots."""
        return [health for health in self._health.values() if health is not None]

    def on_mount(self) -> None:
        """Let the age of an old picture tick."""
        self.set_interval(1.0, self.show)

    def take(self, news: tuple[RootHealth, ...]) -> None:
        """Take note of what has changed."""
        self._health.update({health.root: health for health in news})

    def show(self) -> None:
        """Repaint the line if it says something else by now."""
        if self._line() != self._drawn:
            self.refresh()

    def describe(self, said: str, grouping: str) -> None:
        """Say what is listed, if not everything is, and how it is grouped."""
        if grouping != "none":
            said = ", ".join(filter(None, [said, f"by {grouping}"]))
        self._said = said
        self.show()

    def render(self) -> Text:
        """Draw the line: a root after the other, the troubled ones first."""
        self._drawn = self._line()
        return self._drawn

    def _line(self) -> Text:
        line = Text()
        line.append(self._said, "bold")
        for root, health in sorted(self._health.items(), key=lambda item: _is_calm(item[1])):
            if line:
                line.append("  ")
            if health is None:
                line.append(f"looking for runs in {clean(root)}")
                continue
            warning = _warning(health, self._clock())
            if warning:
                line.append(clean(warning), "bold reverse")
                line.append(" ")
            line.append(f"{_words(health)}, in {clean(root)}")
        return line


def _is_calm(health: RootHealth | None) -> bool:
    return health is None or (health.silent is None and health.problem is None)


def _warning(health: RootHealth, now: float) -> str:
    """What keeps the picture from being whole and of now."""
    if health.silent is not None:
        return f"not answering for {format_age(health.silent)}:"
    if health.problem is None:
        return ""
    old = "" if health.as_of is None else f"; the picture is {format_age(now - health.as_of)} old:"
    return f"cannot read {health.problem}{old}"


def _words(health: RootHealth) -> str:
    """How many runs there are and how they are watched."""
    runs = f"{health.found:,} run{'' if health.found == 1 else 's'}"
    if not health.swept:
        return f"{_bar(health)} {runs} found, {health.read:,} read"
    if health.links and not health.found:
        are = " is" if health.links == 1 else "s are"
        runs = f"no runs ({health.links:,} link{are} not followed)"
    why = "" if health.fallback is None else f" ({clean(health.fallback)})"
    return f"{runs}, {_mode(health)}{why}"


def _bar(health: RootHealth) -> str:
    """How far the first reading has come."""
    done = _BAR * health.read // max(1, health.found)
    return "█" * done + "░" * (_BAR - done)


def _mode(health: RootHealth) -> str:
    if health.mode != "events":
        return f"polling every {health.interval:.3g} s"
    # Where not every finished run may be watched, it matters how late a change of one can be seen.
    return "events" if health.rest is None else f"events, finished runs every {health.rest:.3g} s"


def explain(health: RootHealth, now: float) -> Iterator[tuple[str, str]]:
    """Everything about the watching of one root: what, and how it stands with that."""
    yield "root", health.root
    yield "filesystem", health.filesystem or "not known yet"
    sweep = f"everything due is looked at every {health.interval:.3g} s"
    yield "watched by", f"events; {sweep}" if health.mode == "events" else f"polling; {sweep}"
    if health.rest is not None:
        yield "finished runs", f"a change is seen after {health.rest:.3g} s at the latest"
    if health.fallback is not None:
        yield "no events", health.fallback.removeprefix("no events: ")
    yield "runs", f"{health.found:,} found, {health.read:,} read"
    warning = _warning(health, now)
    if warning:
        yield "trouble", warning.rstrip(":")
