"""What kind of filesystem a path is on, which decides how it can be watched."""

from __future__ import annotations

import enum
import os
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple


class Reach(enum.Enum):
    """Who can change files behind this host's back, and whether `stat` tells."""

    LOCAL = "local"
    """This host alone writes: change events arrive, `stat` is true."""
    COHERENT = "cluster"
    """Other hosts write, no event tells, `stat` is true."""
    REMOTE = "network"
    """Other hosts write, no event tells, and `stat` may be a minute old until a file is opened."""


class Mount(NamedTuple):
    """A mounted filesystem."""

    point: str
    type: str
    reach: Reach


_LOCAL = re.compile(r"ext[234]|xfs|btrfs|zfs|tmpfs|f2fs|overlay|apfs|hfs")
_COHERENT = re.compile(r"lustre|gpfs|beegfs|ceph")
_OCTAL = re.compile(r"\\([0-7]{3})")


def reach_of(filesystem: str) -> Reach:
    """The reach of a type of filesystem; one that is not known to be more is `REMOTE`."""
    if _LOCAL.fullmatch(filesystem):
        return Reach.LOCAL
    return Reach.COHERENT if _COHERENT.fullmatch(filesystem) else Reach.REMOTE


def parse_mountinfo(text: str) -> list[Mount]:
    """Read the text of ``/proc/self/mountinfo``, whose form proc(5) describes."""
    mounts = []
    for line in text.splitlines():
        before, _, behind = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and behind:  # noqa: PLR2004 - the fifth field is the mount point
            filesystem = behind.split(" ")[0]
            point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4])
            mounts.append(Mount(point, filesystem, reach_of(filesystem)))
    return mounts


def parse_mount(text: str) -> list[Mount]:
    """Read what mount(8) prints on macOS: ``/dev/disk1 on / (apfs, local, journaled)``."""
    found = re.findall(r"^.* on (.*) \(([^,)]+)(.*)\)$", text, re.MULTILINE)
    return [
        Mount(point, kind, Reach.LOCAL if ", local" in flags else Reach.REMOTE)
        for point, kind, flags in found
    ]


def read_mounts() -> list[Mount]:
    """The mounted filesystems; an empty list where the platform does not tell."""
    try:
        if sys.platform == "darwin":
            with os.popen("/sbin/mount") as output:  # noqa: S605 - nothing of it comes from outside
                return parse_mount(output.read())
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return parse_mountinfo(file.read())
    except OSError:
        return []


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount:
    """The filesystem that the absolute `path` is on.

    The longest mount point above it counts; of several mounts on one point, the last.
    """
    best = Mount("", "unknown", Reach.REMOTE)
    for mount in mounts:
        prefix = mount.point.rstrip(os.sep) + os.sep
        if f"{path}{os.sep}".startswith(prefix) and len(mount.point) >= len(best.point):
            best = mount
    return best


class Devices:
    """What the devices below one root are; each is looked up once.

    Args:
        root: The root as it is to be shown.
        real_root: Its real path.
    """

    def __init__(self, root: str, real_root: str) -> None:
        """Start with the filesystem of the root."""
        self._root = root
        self._real_root = real_root
        self._mounts: dict[int, Mount] = {}
        self.root_mount = mount_of(real_root, read_mounts())

    def __contains__(self, device: int) -> bool:
        """Whether the filesystem with the number `device` has been looked up."""
        return device in self._mounts

    def reach(self, device: int, path: str) -> Reach:
        """The reach of the filesystem with the number `device`, on which `path` is."""
        mount = self._mounts.get(device)
        if mount is None:
            mount = mount_of(self._real_root + path[len(self._root) :], read_mounts())
            self._mounts[device] = mount
        return mount.reach

    @property
    def slowest(self) -> Reach:
        """The reach that asks for most patience of all that have been met."""
        reaches = {self.root_mount.reach, *(mount.reach for mount in self._mounts.values())}
        return max(reaches, key=list(Reach).index)
