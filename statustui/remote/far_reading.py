"""Read the trees of other hosts once, all hosts at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from statustui.monitor.fs.deadline import Heartbeat, Question
from statustui.monitor.once import Picture
from statustui.monitor.unread import Unread
from statustui.remote.connections import Connections
from statustui.remote.link import Link
from statustui.remote.messages import ReadRequest
from statustui.remote.requests import FarPicture, read_far_once

if TYPE_CHECKING:
    from statustui.monitor.run.tree_files import FilesPart
    from statustui.remote.logins import Logins


class FarReading:
    """Has the agents of other hosts read their trees.

    Args:
        servers: The remote roots of each server.
        request: How to read them.
        tell: Called with a line of ssh, or of a scheduler that has not answered.
        logins: What the connections may go through.

    Raises:
        ValueError: The address of a root is not valid.
    """

    def __init__(
        self,
        servers: Sequence[Sequence[str]],
        request: ReadRequest,
        tell: Callable[[str], object],
        logins: Logins | None,
    ) -> None:
        self._request = request
        self._tell = tell
        self._reads: dict[int, int] = {}
        self._connections = Connections(servers, logins)
        self._answers: list[tuple[Sequence[str], Question[FarPicture] | OSError]] = []

    def begin(self) -> None:
        """Wait for the connections, and have each host begin."""
        self._connections.settle(self._request.patience, tell=self._tell)
        self._answers = [
            (place.roots, outcome if isinstance(outcome, OSError) else self._ask(number, outcome))
            for number, (place, outcome) in enumerate(self._connections.links)
        ]

    def _ask(self, number: int, link: Link) -> Question[FarPicture]:
        """Have one host begin, on a thread of its own."""

        def work(heartbeat: Heartbeat) -> FarPicture:
            on_read = partial(self._reads.__setitem__, number)
            return read_far_once(link, self._request, on_read, heartbeat)

        return Question(work, f"read {link.place.address.host}")

    @property
    def read(self) -> int:
        """Number of runs read so far."""
        return sum(list(self._reads.values()))

    def pictures(self, on_wait: Callable[[], object]) -> list[Picture]:
        """Return what each host has found; for one without an answer that it is missing."""
        pictures = []
        for roots, answer in self._answers:
            try:
                if isinstance(answer, OSError):
                    raise answer
                found = answer.answer(self._request.patience, on_wait)
            except OSError as error:
                missing = [Unread(root, error.strerror or str(error)) for root in roots]
                pictures.append(Picture([], Counter(), missing, {}, []))
                continue
            pictures.append(found.picture)
            if found.unanswered:
                self._tell(found.unanswered)
        return pictures

    def parts(self, patience: float) -> list[FilesPart]:
        """Return what reads further files of the runs of each host that there is a connection to.

        Args:
            patience: Seconds that a filesystem there may take to answer.
        """
        from statustui.monitor.run.tree_files import FilesPart  # noqa: PLC0415 - `list` needs none
        from statustui.remote.tree_files import RemoteTreeFiles  # noqa: PLC0415 - as above

        return [
            FilesPart(place.roots, RemoteTreeFiles(outcome, patience))
            for place, outcome in self._connections.links
            if not isinstance(outcome, OSError)
        ]

    def close(self) -> None:
        """End the connections."""
        self._connections.close()
