"""Histories that the screen of the other side displays: they are read on this host."""

from __future__ import annotations

from collections.abc import Callable

from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.histories import HistoriesRead, HistoryReader
from statustui.remote.codec import encode
from statustui.remote.comparison_codec import newest
from statustui.remote.histories import SentHistories, SentTimeline
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message
from statustui.remote.run_codec import decode_runs


class FarHistories:
    """A reader of histories.

    Args:
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.
        stuck: The calls that hang; shared by all that read files of runs.
    """

    silent = 0.0
    """What does not answer is named as unread."""

    def __init__(self, paths: Paths, answer: Callable[[Message], object], stuck: Stuck) -> None:
        self._paths = paths
        self._answer = answer
        self._reader = HistoryReader(self._deliver, stuck)

    def _deliver(self, found: HistoriesRead) -> None:
        sent = SentHistories(
            tuple(SentTimeline(run.path, newest(timeline)) for run, timeline in found.timelines),
            found.unread,
        )
        self._answer({"found": encode(SentHistories, sent, self._paths)})

    def call(self, name: str, message: Message) -> None:
        """Read the histories of some runs, if that is what is wanted.

        Raises:
            ValueError: The message is not as it should be.
        """
        if name == "want":
            self._reader.want(decode_runs(message.get("runs"), self._paths))

    def stop(self) -> None:
        """Stop reading."""
        self._reader.stop()
