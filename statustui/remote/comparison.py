"""Two runs of another host compared, for as long as that is displayed."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.run import Run
from statustui.core.run_comparison import RunComparison
from statustui.monitor.run.comparison import ComparisonRead
from statustui.monitor.run.run_logs import Unreadable
from statustui.remote.comparison_codec import decode_comparison
from statustui.remote.opened import Line
from statustui.remote.protocol import Message
from statustui.remote.run_codec import encode_runs


class RemoteComparison:
    """Has the agent compare two runs by their files.

    Args:
        run: The one run.
        other: The other run.
        deliver: Called with each result.
        line: The connection.
    """

    def __init__(
        self, run: Run, other: Run, deliver: Callable[[ComparisonRead], object], line: Line
    ) -> None:
        self._runs = run, other
        self._deliver = deliver
        self._line = line
        self._found = ComparisonRead(RunComparison(), ())

    # Called by the source.

    def open(self) -> None:
        """Have an agent begin, or another one begin anew after a new connection."""
        self._line.open("comparison", runs=encode_runs(self._runs, self._line.paths))

    def receive(self, message: Message) -> None:
        """Deliver what the agent has found.

        Raises:
            ValueError: The message is not as it should be.
        """
        if "found" in message:
            self._found = decode_comparison(message["found"], self._line.paths)
            self._tell(self._found)

    def lose(self, reason: str) -> None:
        """Say that the files cannot be read now; what was found before stays."""
        unread = tuple(Unreadable(run.path, reason) for run in self._runs)
        self._tell(self._found._replace(unread=unread))

    def _tell(self, found: ComparisonRead) -> None:
        if not self._line.is_closed:
            self._deliver(found)

    # Called by the screen.

    def check(self) -> None:
        """Check the files now, because one of the runs has changed."""
        self._line.call("check")

    def stop(self) -> None:
        """Stop comparing."""
        self._line.close()
