"""What commands ask an agent once: whether roots can be read, all runs, or one whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from statustui.core.run import Run
from statustui.monitor.fs.deadline import Heartbeat
from statustui.monitor.once import Picture
from statustui.monitor.run.whole_run import RunFiles
from statustui.monitor.unread import Unread
from statustui.remote.codec import CodecError, decode, encode, read_integer
from statustui.remote.link import Link
from statustui.remote.messages import Failed, ReadRequest, ReadSummary, WholeRun
from statustui.remote.run_codec import MAX_ROOT_RUNS, decode_runs
from statustui.remote.ssh_process import ConnectionFailed


class FarPicture(NamedTuple):
    """What was found below the roots of one host."""

    picture: Picture
    unanswered: str
    """Why the scheduler there has not answered; empty if it has, or was not asked."""


def check_far_roots(link: Link, patience: float) -> list[OSError]:
    """Return an error for each root that cannot be read; one that does not answer may come back.

    Raises:
        ConnectionFailed: The connection has ended.
    """
    link.send({"check": patience})
    while True:
        message = link.receive()
        if "checked" in message:
            try:
                found = decode(list[Failed | None], message["checked"], link.place.paths)
            except ValueError as error:
                raise ConnectionFailed(f"the agent has sent {error}") from None
            return [one.error() for one in found if one is not None]


def read_far_once(
    link: Link, request: ReadRequest, on_read: Callable[[int], object], beat: Heartbeat
) -> FarPicture:
    """Find and read every run below the roots of a host once.

    Args:
        link: The connection.
        request: How to read them.
        on_read: Called with the number of runs read so far.
        beat: Called whenever the other host has answered.

    Raises:
        ConnectionFailed: The connection has ended.
    """
    paths = link.place.paths
    link.send({"once": encode(ReadRequest, request, paths)})
    runs: list[Run] = []
    try:
        while True:
            message = link.receive()
            beat()
            if "read_so_far" in message:
                on_read(read_integer(message["read_so_far"]))
            if "runs" in message:
                runs += decode_runs(message["runs"], paths)
                if len(runs) > MAX_ROOT_RUNS * len(paths.roots):
                    raise CodecError("more runs than roots can have")
            if "looked" in message:
                looked = decode(ReadSummary, message["looked"], paths)
                return FarPicture(_picture(runs, looked, link), looked.unanswered)
    except ValueError as error:
        raise ConnectionFailed(f"the agent has sent {error}") from None


def _picture(runs: list[Run], looked: ReadSummary, link: Link) -> Picture:
    roots = link.place.roots
    if any(not 0 <= number < len(roots) for number, _links in looked.unfollowed):
        raise CodecError("the links of no root")
    return Picture(
        runs=runs,
        counted=Counter(dict(looked.counted)),
        incomplete=[Unread(*one) for one in looked.incomplete],
        unfollowed={roots[number]: links for number, links in looked.unfollowed},
        memories=[],
    )


def read_far_run(link: Link, patience: float, beat: Heartbeat, *, in_full: bool) -> RunFiles:
    """Read everything about the run that is the only root of a connection.

    Args:
        link: The connection.
        patience: Seconds without an answer of the filesystem after which reading is given up.
        beat: Called whenever the other host has answered.
        in_full: Whether to read every status, and no log.

    Raises:
        OSError: The run cannot be read, or the connection has ended.
    """
    paths = link.place.paths
    [root] = link.place.roots
    link.send({"read": paths.encode(root), "patience": patience, "in_full": in_full})
    try:
        while True:
            message = link.receive()
            beat()
            if "failed" in message:
                raise decode(Failed, message["failed"], paths).error()
            if "whole" in message:
                [run] = decode_runs(message.get("runs"), paths)
                whole = decode(WholeRun, message["whole"], paths)
                statuses = list(whole.statuses)
                return RunFiles(run, whole.history, statuses, whole.logs, whole.is_status_file)
    except ValueError as error:
        raise ConnectionFailed(f"the agent has sent {error}") from None
