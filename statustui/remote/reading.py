"""Read trees of this and of other hosts once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from statustui.core.address import is_remote, split_roots
from statustui.monitor.fs.deadline import PATIENCE, Question
from statustui.monitor.once import Picture, read_once
from statustui.monitor.read_options import DEFAULT_OPTIONS, ReadOptions

if TYPE_CHECKING:
    from statustui.monitor.run.tree_files import FilesPart
    from statustui.monitor.run.whole_run import RunFiles
    from statustui.remote.far_reading import FarReading
    from statustui.remote.logins import Logins


class Trees:
    """What was found in some trees, with the connections to the hosts that they are on.

    Args:
        picture: What was found.
        local: The roots on this host.
        far: The other hosts; None if there are none.
    """

    def __init__(self, picture: Picture, local: Sequence[str], far: FarReading | None) -> None:
        self.picture = picture
        self._local = local
        self._far = far

    def parts(self, patience: float) -> list[FilesPart]:
        """Return what reads further files of the runs, until the connections are closed.

        Args:
            patience: Seconds without an answer after which a filesystem is given up.
        """
        from statustui.monitor.run.tree_files import FilesPart, LocalTreeFiles  # noqa: PLC0415 - `list` needs none

        far = [] if self._far is None else self._far.parts(patience)
        return [FilesPart(self._local, LocalTreeFiles(patience)), *far]

    def close(self) -> None:
        """End the connections."""
        if self._far is not None:
            self._far.close()


def read_trees(  # noqa: PLR0913 - all but the first three by keyword
    roots: Sequence[str],
    now: float,
    options: ReadOptions = DEFAULT_OPTIONS,
    *,
    on_wait: Callable[[int], object] = lambda _read: None,
    tell: Callable[[str], object] = lambda _words: None,
    logins: Logins | None = None,
) -> Trees:
    """Find and read every run below `roots` once, each host by its own monitor.

    What has to do with a host that cannot be reached is `Picture.incomplete`. The caller closes
    the result.

    Args:
        roots: Directories and addresses.
        now: The time in seconds since 1970; on other hosts it is what their clocks say.
        options: How to read them; the scheduler of another host is asked there.
        on_wait: Called with the number of runs read so far, a few times a second.
        tell: Called with a line of ssh, or of a scheduler that has not answered.
        logins: What connections may go through; None if no others are made to these hosts.

    Raises:
        OSError: No thread can be started.
        ValueError: The address of a root is not valid.
    """
    local, servers = split_roots(roots)
    far = None
    with contextlib.ExitStack() as stack:
        if servers:
            from statustui.remote.far_reading import FarReading  # noqa: PLC0415 - for other hosts alone
            from statustui.remote.messages import ReadRequest  # noqa: PLC0415 - as above

            request = ReadRequest.of(options)
            far = stack.enter_context(
                contextlib.closing(FarReading(servers, request, tell, logins))
            )
            far.begin()
        picture = read_once(
            local,
            now,
            options,
            lambda read: on_wait(read + (0 if far is None else far.read)),
        )
        if far is None:
            return Trees(picture, local, None)
        counted = len(picture.runs) + picture.counted.total()
        pictures = far.pictures(lambda: on_wait(counted + far.read))
        # The result keeps the connections.
        stack.pop_all()
    return Trees(_merged([picture, *pictures]), local, far)


def _merged(pictures: Sequence[Picture]) -> Picture:
    first, *others = pictures
    for other in others:
        first.runs.extend(other.runs)
        first.counted.update(other.counted)
        first.incomplete.extend(other.incomplete)
        first.unfollowed.update(other.unfollowed)
        # Nothing is kept of other hosts: their pictures have no memories.
    return first


def read_any_run(
    root: str,
    patience: float = PATIENCE,
    *,
    in_full: bool = False,
    on_wait: Callable[[], object] = lambda: None,
    tell: Callable[[str], object] = lambda _words: None,
) -> RunFiles:
    """Read everything about the run at `root`, which may be the address of one.

    Args:
        root: The run directory, or its status file.
        patience: Seconds without an answer after which reading is given up.
        in_full: Whether to read every status, and no log.
        on_wait: Called a few times a second while waiting.
        tell: Called with each line of ssh.

    Raises:
        OSError: The status file cannot be read, or does not answer.
        ValueError: The address is not valid.
    """
    if not is_remote(root):
        from statustui.monitor.run.whole_run import read_run  # noqa: PLC0415 - `list` needs none

        return read_run(root, patience, in_full=in_full, on_wait=on_wait)
    from statustui.remote.connections import Connections  # noqa: PLC0415 - for other hosts alone
    from statustui.remote.requests import read_far_run  # noqa: PLC0415 - as above

    with contextlib.closing(Connections([[root]])) as connections:
        connections.settle(patience, tell=tell)
        [(_place, outcome)] = connections.links
        if isinstance(outcome, OSError):
            raise outcome
        link = outcome
        return Question(
            lambda heartbeat: read_far_run(link, patience, heartbeat, in_full=in_full)
        ).answer(patience, on_wait)
