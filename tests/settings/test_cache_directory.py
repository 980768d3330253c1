"""The files in which caches of roots are kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from statustui.monitor.cache_store import RootIdentity
from statustui.settings.cache_directory import CacheDirectory, cache_directory

ROOT = RootIdentity("/scratch/wd", 42, 7)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """The last of it, byte by byte, by the user alone."""
    store = CacheDirectory(str(tmp_path / "cache"))
    assert store.load(ROOT) is None
    store.save(ROOT, b"first")
    store.save(ROOT, b"sec\nond\0")
    assert store.load(ROOT) == b"sec\nond\0"
    [path] = (tmp_path / "cache").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "other",
    [ROOT._replace(inode=8), ROOT._replace(device=43), ROOT._replace(real_path="/elsewhere")],
)
def test_another_root_has_another_cache(tmp_path: Path, other: RootIdentity) -> None:
    """Also one that has taken the place of the first."""
    store = CacheDirectory(str(tmp_path))
    store.save(ROOT, b"data")
    assert store.load(other) is None


@pytest.mark.parametrize("at", range(0, 50, 6))
def test_a_damaged_file_counts_as_none(tmp_path: Path, at: int) -> None:
    """Wherever it is damaged, and wherever it was cut."""
    store = CacheDirectory(str(tmp_path))
    store.save(ROOT, b"data")
    [path] = tmp_path.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert store.load(ROOT) is None
    path.write_bytes(content[:at])
    assert store.load(ROOT) is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    """Silently, and nothing is left behind."""
    (tmp_path / "file").touch()
    store = CacheDirectory(str(tmp_path / "file" / "cache"))
    store.save(ROOT, b"data")
    assert store.load(ROOT) is None
    (tmp_path / "cache").mkdir()
    store = CacheDirectory(str(tmp_path / "cache"))
    store.save(ROOT, b"data")
    [path] = (tmp_path / "cache").iterdir()
    path.unlink()
    path.mkdir()
    store.save(ROOT, b"data")
    assert os.listdir(tmp_path / "cache") == [path.name]


def test_what_has_not_been_used_for_long_is_deleted(tmp_path: Path) -> None:
    """And what an interrupted save has left; other files are left alone."""
    store = CacheDirectory(str(tmp_path))
    store.save(ROOT, b"data")
    [path] = tmp_path.iterdir()
    long_ago, hours_ago = time.time() - 100 * 86400, time.time() - 7200
    for name in ("other.txt", "0.cache", "1.cache.4711", "2.cache", "3.cache.1"):
        (tmp_path / name).touch()
        age = hours_ago if name == "2.cache" else long_ago
        os.utime(tmp_path / name, (age, age))
    os.utime(tmp_path / "1.cache.4711", (hours_ago, hours_ago))
    (tmp_path / "4.cache").mkdir()
    os.utime(tmp_path / "4.cache", (long_ago, long_ago))
    os.utime(path, (long_ago, long_ago))
    assert store.load(ROOT) == b"data"
    store.save(ROOT._replace(real_path="/b"), b"data")
    names = set(os.listdir(tmp_path))
    assert path.name in names
    assert {"other.txt", "2.cache", "4.cache"} <= names
    assert not names & {"0.cache", "1.cache.4711", "3.cache.1"}


def test_the_directory_is_that_of_the_xdg_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a default in the home."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_directory() == "/x/statustui"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/mia")
    assert cache_directory() == "/home/mia/.cache/statustui"
