"""The kind of filesystem that a path is on, which decides how it can be watched."""

from __future__ import annotations

import enum
import os
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple


class Reach(enum.Enum):
    """Whether other hosts write to a filesystem, and whether `stat` shows that at once."""

    LOCAL = "local"
    """Only this host writes: every change raises an event, and `stat` is current."""
    COHERENT = "cluster"
    """Other hosts write without raising events here; `stat` is current."""
    REMOTE = "network"
    """Other hosts write without raising events here; `stat` may be a minute old for a file that is
    not opened."""


class Mount(NamedTuple):
    """A mounted filesystem."""

    point: str
    type: str
    reach: Reach


_LOCAL = re.compile(r"ext[234]|xfs|btrfs|zfs|tmpfs|f2fs|overlay|apfs|hfs")
_COHERENT = re.compile(r"lustre|gpfs|beegfs|ceph")
_OCTAL = re.compile(r"\\([0-7]{3})")


def reach_of(filesystem: str) -> Reach:
    """Return the reach of a type of filesystem; an unknown type is `REMOTE`."""
    if _LOCAL.fullmatch(filesystem):
        return Reach.LOCAL
    return Reach.COHERENT if _COHERENT.fullmatch(filesystem) else Reach.REMOTE


def parse_mountinfo(text: str) -> list[Mount]:
    """Parse the text of ``/proc/self/mountinfo``; proc(5) describes its format."""
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
    """Parse the output of mount(8) on macOS: ``/dev/disk1 on / (apfs, local, journaled)``."""
    found = re.findall(r"^.* on (.*) \(([^,)]+)(.*)\)$", text, re.MULTILINE)
    return [
        Mount(point, kind, Reach.LOCAL if ", local" in flags else Reach.REMOTE)
        for point, kind, flags in found
    ]


def read_mounts() -> list[Mount]:
    """Return the mounted filesystems; an empty list if the platform does not list them."""
    try:
        if sys.platform == "darwin":
            with os.popen("/sbin/mount") as output:  # noqa: S605 - a constant command
                return parse_mount(output.read())
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return parse_mountinfo(file.read())
    except OSError:
        return []


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount:
    """Return the filesystem that the absolute `path` is on.

    That is the one with the longest mount point above `path`; of several on the same mount point,
    the last.
    """
    best = Mount("", "unknown", Reach.REMOTE)
    for mount in mounts:
        prefix = mount.point.rstrip(os.sep) + os.sep
        if f"{path}{os.sep}".startswith(prefix) and len(mount.point) >= len(best.point):
            best = mount
    return best


class Devices:
    """The filesystems of the devices below one root; each device is looked up once.

    Args:
        root: The root, as the user gave it.
        real_root: Its real path.
    """

    def __init__(self, root: str, real_root: str) -> None:
        self._root = root
        self._real_root = real_root
        self._mounts: dict[int, Mount] = {}
        self.root_mount = mount_of(real_root, read_mounts())

    def __contains__(self, device: int) -> bool:
        """Return whether the device with this number has been looked up."""
        return device in self._mounts

    def reach(self, device: int, path: str) -> Reach:
        """Return the reach of the filesystem on `device`, to which the file at `path` belongs."""
        mount = self._mounts.get(device)
        if mount is None:
            mount = mount_of(self._real_root + path[len(self._root) :], read_mounts())
            self._mounts[device] = mount
        return mount.reach

    @property
    def slowest(self) -> Reach:
        """The slowest reach of the root and all devices that have been looked up."""
        reaches = {self.root_mount.reach, *(mount.reach for mount in self._mounts.values())}
        return max(reaches, key=list(Reach).index)
