"""The filesystem that a path is on."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from statustui.monitor.fs.mounts import (
    Mount,
    Reach,
    mount_of,
    parse_mount,
    parse_mountinfo,
    reach_of,
    read_mounts,
)

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /scratch rw - lustre 10.0.0.1@tcp:/scratch rw
31 22 0:41 / /home rw - nfs4 server:/home rw,vers=4.2
32 31 0:42 / /home/me/my\040data rw - fuse.sshfs host:/data rw
33 22 0:43 / /mnt rw - ext4 /dev/sdb rw
34 22 0:44 / /mnt rw - nfs server:/mnt rw
35 22 0:45 / /homework rw - xfs /dev/sdc rw
damaged line
"""


@pytest.mark.parametrize(
    ("path", "kind", "reach"),
    [
        ("/var/runs", "ext4", Reach.LOCAL),
        ("/", "ext4", Reach.LOCAL),
        ("/scratch/runs", "lustre", Reach.COHERENT),
        ("/home", "nfs4", Reach.REMOTE),
        ("/home/you", "nfs4", Reach.REMOTE),
        ("/home/me/my data/runs", "fuse.sshfs", Reach.REMOTE),
        ("/mnt/x", "nfs", Reach.REMOTE),
        ("/homework/x", "xfs", Reach.LOCAL),
    ],
)
def test_the_longest_mount_point_counts_and_of_equal_ones_the_last(
    path: str, kind: str, reach: Reach
) -> None:
    """As the kernel resolves a path; octal escapes are decoded."""
    mount = mount_of(path, parse_mountinfo(MOUNTINFO))
    assert (mount.type, mount.reach) == (kind, reach)


def test_an_unknown_filesystem_is_remote() -> None:
    """Every FUSE filesystem too, and everything if no mounts are known."""
    assert reach_of("fuse.bindfs") is Reach.REMOTE
    assert reach_of("ext5") is Reach.REMOTE
    assert mount_of("/x", []).reach is Reach.REMOTE


def test_mounts_as_macos_prints_them() -> None:
    """The flag `local` decides the reach."""
    mounts = parse_mount(
        "/dev/disk3s1 on / (apfs, sealed, local, read-only)\n"
        "server:/export on /Volumes/my data (nfs, nodev)\n"
    )
    assert mount_of("/Users", mounts).reach is Reach.LOCAL
    assert mount_of("/Volumes/my data/x", mounts).type == "nfs"


def test_the_mounts_of_this_machine() -> None:
    """One of them is above every path."""
    assert mount_of("/", read_mounts()).type != "unknown"


def test_on_macos_the_mounts_are_what_mount_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """MacOS has no file that lists them."""
    printed = {"/sbin/mount": "/dev/disk3s1 on / (apfs, sealed, local, read-only)\n"}
    monkeypatch.setattr("statustui.monitor.fs.mounts.sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr(
        "statustui.monitor.fs.mounts.os.popen", lambda command: io.StringIO(printed[command])
    )
    assert read_mounts() == [Mount("/", "apfs", Reach.LOCAL)]


def test_without_a_list_of_mounts_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything then counts as remote."""

    def fail(path: str, **_options: str) -> None:
        raise FileNotFoundError(path)

    monkeypatch.setattr("statustui.monitor.fs.mounts.open", fail, raising=False)
    assert read_mounts() == []
