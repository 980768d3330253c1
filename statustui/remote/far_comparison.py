"""Two runs that the screen of the other side compares: their files are read on this host."""

from __future__ import annotations

from collections.abc import Callable

from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.comparison import ComparisonRead, FileComparison
from statustui.remote.codec import CodecError
from statustui.remote.comparison_codec import encode_comparison
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message
from statustui.remote.run_codec import decode_runs

_PAIR = 2
"""Runs that are compared."""


class FarComparison:
    """The comparison of two runs.

    Args:
        message: The runs.
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.
        stuck: The calls that hang; shared by all that read files of runs.

    Raises:
        ValueError: The message is not as it should be.
    """

    silent = 0.0
    """A comparison names what does not answer."""

    def __init__(
        self,
        message: Message,
        paths: Paths,
        answer: Callable[[Message], object],
        stuck: Stuck,
    ) -> None:
        runs = decode_runs(message.get("runs"), paths)
        if len(runs) != _PAIR:
            raise CodecError("a comparison of other than two runs")
        run, other = runs

        def deliver(found: ComparisonRead) -> None:
            answer({"found": encode_comparison(found, paths)})

        self._comparison = FileComparison(run, other, deliver, stuck)

    def call(self, name: str, _message: Message) -> None:
        """Check the files now, if that is what is wanted."""
        if name == "check":
            self._comparison.check()

    def stop(self) -> None:
        """Stop comparing."""
        self._comparison.stop()
