"""What the program has asked of each filesystem, and of the scheduler."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from statustui.core.text import clean, format_size
from statustui.monitor.usage import RootUsage, Usage
from statustui.scheduler.answers import Call
from statustui.tui.model.root_states import RootStates

_MAX_CALLS, _MAX_CALL = 10, 400
"""Calls of the scheduler that are listed, and characters of each."""
_REMARK = (
    "A look is a stat of a run or a directory, or an open where stat may be out of date. All files "
    "are opened for reading only. Not counted: the logs and other files of a run that you open."
)


class UsageScreen(ModalScreen[None]):
    """Looks, opened files and bytes, so far and a second, for each root; calls of the scheduler.

    It is updated every second.

    Args:
        usage: Returns what has been asked of filesystems so far.
        calls: Returns the last calls of the scheduler, the oldest first.
        roots: The health of the roots.
        clock: Gives a time in seconds that never goes back.
    """

    BINDING_GROUP_TITLE = "What it costs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,h", "dismiss(None)", "Back", id="usage.back"),
    ]

    def __init__(
        self,
        usage: Callable[[], Sequence[RootUsage]],
        calls: Callable[[], Sequence[Call]],
        roots: RootStates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._usage = usage
        self._calls = calls
        self._roots = roots
        self._clock = clock
        self._before: dict[str, Usage] = {}
        self._at = 0.0
        self._table = Static()
        self._requests = Static()

    def compose(self) -> ComposeResult:
        """Make the table, and a remark on what is counted."""
        with VerticalScroll(id="usage"):
            yield self._table
            yield self._requests
            yield Static(Text(f"\n{_REMARK}", "dim"))

    def on_mount(self) -> None:
        """Begin to measure."""
        self.update_table()
        self.set_interval(1.0, self.update_table)

    def update_table(self) -> None:
        """Show what has been asked, and the rate since the last call."""
        self._requests.update(self._list_calls())
        now, usages = self._clock(), self._usage()
        if self._before and now == self._at:
            return
        seconds = now - self._at if self._before else 0.0
        table = Table.grid(padding=(0, 2), expand=False)
        for _column in range(4):
            table.add_column(justify="right")
        for root, usage in usages:
            health = self._roots.by_root.get(root)
            kind = "" if health is None or not health.filesystem else f"  ({health.filesystem})"
            table.add_row(Text("ROOT", "bold"), Text(clean(f"{root}{kind}"), overflow="fold"))
            table.add_row("", *(Text(title, "bold") for title in ("looks", "opens", "read")))
            recent = usage.since(self._before.get(root, usage))
            rates = [amount / seconds if seconds > 0 else 0.0 for amount in recent]
            table.add_row(
                "a second",
                f"{rates[0]:,.0f}",
                f"{rates[1]:,.0f}",
                format_size(round(rates[2])),
            )
            table.add_row("so far", f"{usage.looks:,}", f"{usage.opens:,}", format_size(usage.size))
        self._before = dict(usages)
        self._at = now
        self._table.update(table)

    def _list_calls(self) -> Text:
        """Return the last calls of the scheduler, the newest first."""
        text = Text("\nSCHEDULER", "bold")
        calls = list(self._calls())[-_MAX_CALLS:]
        if not calls:
            return text.append("  not asked", Style.null())
        for call in reversed(calls):
            at = time.strftime("%H:%M:%S", time.localtime(call.at))
            line = f"\n{at}  {call.seconds:5.1f} s  {clean(call.result)}: {clean(call.command)}"
            text.append(line[:_MAX_CALL], Style.null())
        return text
