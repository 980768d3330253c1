"""Opening files of a watched tree, and telling whether they are still the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statustui.core.reading import (
    Bookmark,
    NotRegularError,
    is_missing,
    open_regular,
    opened,
    pack_signature,
    packed_signature_of,
    signature_of,
    size_in,
    unpack_signature,
    written_in,
)


@pytest.mark.parametrize("kind", ["fifo", "directory", "socket", "device", "link"])
def test_what_is_no_regular_file_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A FIFO's other end would notice, and opening a device may do anything."""
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, 0o140644)
    elif kind == "link":
        path.symlink_to("elsewhere")
    else:
        path = Path("/dev/null")
    calls: list[object] = []
    monkeypatch.setattr("statustui.core.reading.os.open", lambda *call: calls.append(call))
    with pytest.raises(
        NotRegularError, match=f"not a regular file but a {kind}".replace("fifo", "FIFO")
    ):
        open_regular(str(path))
    assert calls == []


def test_a_file_that_takes_the_place_of_another_is_opened_anew(tmp_path: Path) -> None:
    """What is open is what was looked at."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    new.write_text("new")
    looked = os.lstat(old)
    new.replace(old)
    descriptor, state = open_regular(str(old), state=looked)
    assert os.read(descriptor, 9) == b"new"
    assert state.st_ino == os.lstat(old).st_ino
    os.close(descriptor)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What may be behind one is opened by other means."""
    (tmp_path / "log").write_text("x")
    (tmp_path / "link").symlink_to("log")
    with pytest.raises(NotRegularError, match="a link"), opened(str(tmp_path / "link")):
        pass


def test_a_change_that_leaves_size_and_time_is_a_change(tmp_path: Path) -> None:
    """The time of change of the inode tells of it."""
    path = tmp_path / "x"
    path.write_text("one")
    before = os.stat(path)
    while True:
        path.write_text("two")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        if os.stat(path).st_ctime_ns != before.st_ctime_ns:
            break
    assert signature_of(before) != signature_of(os.stat(path))
    assert signature_of(before)[:3] == signature_of(os.stat(path))[:3]


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (b"a" * 500 + b"end\nmore", True),
        (b"a" * 500 + b"end\n", False),
        (b"a" * 500 + b"eNd\nmore", False),
        (b"b" + b"a" * 499 + b"end\nmore", False),
        (b"", False),
    ],
)
def test_a_bookmark_holds_where_only_something_was_appended(
    tmp_path: Path, content: bytes, *, holds: bool
) -> None:
    """A rewritten file is another one though its inode is the same."""
    path = tmp_path / "x"
    path.write_bytes(b"a" * 500 + b"end\n")
    with opened(str(path)) as (descriptor, state):
        mark = Bookmark.at(descriptor, state, state.st_size)
    path.write_bytes(content)
    with opened(str(path)) as (descriptor, state):
        assert mark.holds(descriptor, state) is holds


def test_a_signature_can_be_packed_and_unpacked() -> None:
    """Times that 64 bits cannot hold, which a filesystem may have, become the nearest they can."""
    signature = (1 << 63, 0, -1, 1_795_467_106_571_458_000)
    assert unpack_signature(pack_signature(signature)) == signature
    assert written_in(pack_signature(signature)) == signature[2]
    assert size_in(pack_signature((3, (1 << 48) - 1, 5, 7))) == (1 << 48) - 1
    beyond = unpack_signature(pack_signature((1, 2, 1 << 70, -(1 << 70))))
    assert beyond == (1, 2, (1 << 63) - 1, -(1 << 63))


def test_a_file_packs_as_its_signature_does(tmp_path: Path) -> None:
    """Also with a time that 64 bits cannot hold."""
    path = tmp_path / "status"
    path.touch()
    state = os.stat(path)
    assert packed_signature_of(state) == pack_signature(signature_of(state))
    beyond = os.stat_result(list(state), {"st_mtime_ns": 1 << 70, "st_ctime_ns": 5})
    assert unpack_signature(packed_signature_of(beyond))[2:] == ((1 << 63) - 1, 5)


def test_what_is_missing_is_told_where_the_system_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link to nothing is not missing; where the call is refused nothing is."""
    (tmp_path / "link").symlink_to("nowhere")
    assert not is_missing(str(tmp_path / "link"))
    assert is_missing(str(tmp_path / "none"))
    monkeypatch.setattr("statustui.core.reading._CAN_TELL_MISSING", False)
    assert not is_missing(str(tmp_path / "none"))
