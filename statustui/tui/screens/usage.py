"""What the program has asked of each filesystem."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from statustui.core.text import clean, format_size
from statustui.monitor.usage import RootUsage, Usage
from statustui.tui.model.root_states import RootStates

_REMARK = (
    "A look is a stat of a run or a directory, or an open where stat may be out of date. All files "
    "are opened for reading only. Not counted: the logs and other files of a run that you open."
)


class UsageScreen(ModalScreen[None]):
    """Looks, opened files and bytes, so far and a second, for each root; updated every second.

    Args:
        usage: Returns what has been asked so far.
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
        roots: RootStates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._usage = usage
        self._roots = roots
        self._clock = clock
        self._before: dict[str, Usage] = {}
        self._at = 0.0
        self._table = Static()

    def compose(self) -> ComposeResult:
        """Make the table, and a remark on what is counted."""
        with VerticalScroll(id="usage"):
            yield self._table
            yield Static(Text(f"\n{_REMARK}", "dim"))

    def on_mount(self) -> None:
        """Begin to measure."""
        self.update_table()
        self.set_interval(1.0, self.update_table)

    def update_table(self) -> None:
        """Show what has been asked, and the rate since the last call."""
        now, usages = self._clock(), self._usage()
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
