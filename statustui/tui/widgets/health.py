"""The line that says how the roots are watched, and how current the screen is."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from statustui.core.text import clean, count, format_age, format_live_age
from statustui.monitor.batch import RootHealth
from statustui.tui.model.hold import Hold
from statustui.tui.model.root_states import RootStates
from statustui.tui.widgets.cells import pad_cell, pad_cell_end

_BAR_WIDTH = 12
"""Cells of the progress bar of the first scan."""
_GAP = "  "


class HealthLine(Widget):
    """The roots, how they are watched, and what is wrong with them.

    Args:
        roots: The health of the roots.
        clock: Gives the current time in seconds since 1970.
        hold: Whether changes wait.
    """

    def __init__(self, roots: RootStates, clock: Callable[[], float], hold: Hold) -> None:
        super().__init__(id="health")
        self._clock = clock
        self._listing = ""
        self._path = ""
        self._marked = 0
        self._hold = hold
        self._drawn = Text()
        self._roots = roots

    def update(self) -> None:
        """Redraw the line if it has changed."""
        if self._line() != self._drawn:
            self.refresh()

    def set_listing(self, listing: str, grouping: str, view: str = "") -> None:
        """Show how much is listed (empty for everything), the grouping, and the named view."""
        if grouping != "none":
            listing = ", ".join(filter(None, [listing, f"by {grouping}"]))
        self._listing = ": ".join(filter(None, [clean(view), listing]))
        self.update()

    def set_marked(self, count: int) -> None:
        """Show how many runs are marked."""
        if count != self._marked:
            self._marked = count
            self.update()

    def set_path(self, path: str) -> None:
        """Show the path of the selected run; an empty one shows none."""
        if path != self._path:
            self._path = path
            self.update()

    def render(self) -> Text:
        """Draw each root with trouble, all others together, and the path of the run."""
        self._drawn = self._line()
        return self._drawn

    def _line(self) -> Text:
        """Return the line with the path at its right end, unless there is trouble."""
        line, path, width = self._draw_roots(), clean(self._path), self.size.width
        complaints = Text("".join(f"{_GAP}{why}" for why in self._unanswered), "bold")
        if not path or not all(map(_is_fine, self._roots.by_root.values())):
            return line + complaints
        needed = line.cell_len + complaints.cell_len + len(_GAP) + cell_len(path)
        if needed > width and len(self._roots.by_root) == 1:
            # The path begins with the only root.
            line.right_crop(len(f", in {clean(*self._roots.by_root)}"))
        line += complaints
        # The line gives way to the path, but keeps a half.
        room = max(width // 2, width - line.cell_len - len(_GAP))
        path = pad_cell_end(path, min(room, cell_len(path)))
        line.truncate(max(0, width - cell_len(path) - len(_GAP)), overflow="ellipsis")
        line.pad_right(width - line.cell_len - cell_len(path))
        return line.append(path, "dim")

    def _draw_roots(self) -> Text:
        line = Text()
        paused_for = self._hold.paused_for
        if paused_for is not None:
            line.append(f"paused for {format_live_age(paused_for)}", "bold reverse")
            line.append(_GAP)
        elif self._hold.holds_changes:
            line.append("held", "reverse")
            line.append(_GAP)
        marked = f"{self._marked:,} marked" if self._marked else ""
        listing = ", ".join(filter(None, [marked, self._listing]))
        line.append(listing, "bold")
        for warning, words in self._describe_roots():
            if line and not line.plain.endswith(_GAP):
                line.append(_GAP)
            if warning:
                line.append(clean(warning), "bold reverse")
                line.append(" ")
            line.append(words)
            if line.cell_len > self.size.width:
                # There may be very many roots with the same trouble.
                break
        return line

    def _describe_roots(self) -> Iterator[tuple[str, str]]:
        """Yield the warning and the words for each root with trouble, then for all others."""
        now = self._clock()
        known = self._roots.known
        for health in known:
            if not _is_fine(health):
                yield _warning(health, now), f"{_words(health, now)}, in {clean(health.root)}"
        fine: dict[tuple[object, ...], list[RootHealth]] = defaultdict(list)
        for health in filter(_is_fine, known):
            has_links_only = health.swept and health.links and not health.found
            fine[health.mode, health.fallback, bool(has_links_only)].append(health)
        for alike in fine.values():
            place = _place([health.root for health in alike])
            yield "", f"{_words(_together(alike), now)}, in {place}"
        unknown = [root for root, health in self._roots.by_root.items() if health is None]
        if unknown:
            yield "", f"looking for runs in {_place(unknown)}"

    @property
    def _unanswered(self) -> Iterator[str]:
        """Yield why schedulers do not answer, each in a half of the line at most."""
        # The roots of one host have the same scheduler.
        found = dict.fromkeys(clean(health.unanswered) for health in self._roots.known)
        for why in filter(None, found):
            yield pad_cell(why, min(cell_len(why), max(1, self.size.width // 2)))


def _is_fine(health: RootHealth | None) -> bool:
    return health is None or (health.silent is None and health.problem is None)


def _place(roots: Sequence[str]) -> str:
    return clean(*roots) if len(roots) == 1 else f"{len(roots):,} roots"


def _together(healths: Sequence[RootHealth]) -> RootHealth:
    """Return the health of roots that are watched alike as that of one; the slowest counts."""
    waiting = [health for health in healths if not health.swept]
    times = [health.as_of for health in waiting if health.as_of is not None]
    interval = max(health.interval for health in healths)
    longest = max(health.quiet or health.interval for health in healths)
    return healths[0]._replace(
        interval=interval,
        quiet=longest if longest > interval else None,
        rest=max((health.rest for health in healths if health.rest is not None), default=None),
        found=sum(health.found for health in healths),
        read=sum(health.read for health in healths),
        links=sum(health.links for health in healths),
        swept=not waiting,
        as_of=min(times) if times and len(times) == len(waiting) else None,
    )


def _warning(health: RootHealth, now: float) -> str:
    """Return why the runs on screen are incomplete or not current; empty if they are."""
    if health.needs_user:
        return f"{health.problem} (r lets ssh ask for a password):"
    if health.silent is not None:
        why = f" ({health.problem})" if health.unreachable and health.problem else ""
        return f"not answering for {format_age(health.silent)}{why}:"
    if health.problem is None:
        return ""
    old = "" if health.as_of is None else f"; the data is {format_age(now - health.as_of)} old:"
    return f"cannot read {health.problem}{old}"


def _words(health: RootHealth, now: float) -> str:
    """Return how many runs there are and how they are watched."""
    runs = count(health.found, "run")
    if not health.swept:
        if health.as_of is None:
            return f"{_bar(health)} {runs} found, {health.read:,} read"
        checked = 100 * health.read // max(1, health.found)
        return f"{_bar(health)} {runs} as of {_clock_time(health.as_of, now)}, {checked} % checked"
    if health.links and not health.found:
        are = " is" if health.links == 1 else "s are"
        runs = f"no runs ({health.links:,} link{are} not followed)"
    why = "" if health.fallback is None else f" ({clean(health.fallback)})"
    return f"{runs}, {_mode(health)}{why}"


def _clock_time(moment: float, now: float) -> str:
    """Return a local time, with its date unless that is today's."""
    at, today = time.localtime(moment), time.localtime(now)
    return time.strftime("%H:%M" if at[:3] == today[:3] else "%Y-%m-%d %H:%M", at)


def _bar(health: RootHealth) -> str:
    """Return a progress bar of the first scan."""
    done = _BAR_WIDTH * health.read // max(1, health.found)
    return "█" * done + "░" * (_BAR_WIDTH - done)


def _mode(health: RootHealth) -> str:
    if health.mode != "events":
        longest = "" if health.quiet is None else f" to {health.quiet:.3g}"
        return f"polling every {health.interval:.3g}{longest} s"
    # If not every finished run has a watch, say how late a change of one may be seen.
    return "events" if health.rest is None else f"events, finished runs every {health.rest:.3g} s"


def explain(health: RootHealth, now: float) -> Iterator[tuple[str, str]]:
    """Yield everything about the watching of one root, as name and value."""
    yield "root", health.root
    yield "filesystem", health.filesystem or "not known yet"
    sweep = f"runs that are due are checked every {health.interval:.3g} s"
    if health.quiet is not None:
        sweep += f", those under way without a new status for a minute every {health.quiet:.3g} s"
    yield "watched by", f"events; {sweep}" if health.mode == "events" else f"polling; {sweep}"
    if health.rest is not None:
        yield "finished runs", f"a change is seen within {health.rest:.3g} s"
    if health.fallback is not None:
        yield "no events", health.fallback.removeprefix("no events: ")
    yield "runs", f"{health.found:,} found, {health.read:,} read"
    if health.unanswered:
        yield "scheduler", health.unanswered
    warning = _warning(health, now)
    if warning:
        yield "trouble", warning.rstrip(":")
