"""What is opened behind the links of a run, and what is refused."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.core.access import Access, LeadsOutError
from statustui.core.reading import NotRegularError
from statustui.core.run import RunDir
from tests.monitor.surroundings import namespace

OTHER, THIRD = 12345, 12346
"""Users, by number."""


def access_of(run: Path, root: Path | None = None, kind: str = "test") -> Access:
    """Opens the files of a run of Pavilion's, or of a plain one."""
    root = run.parents[1] if root is None else root
    return Access(RunDir(str(root), str(run), run.name, "plain" if kind == "plain" else "test"))


def text_of(access: Access, path: Path) -> str:
    """What is read at `path`."""
    with access.opened(str(path)) as (descriptor, state):
        return os.pread(descriptor, state.st_size, 0).decode()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The directory of a run in a working directory."""
    path = tmp_path / "wd" / "test_runs" / "66"
    path.mkdir(parents=True)
    return path


def give(path: Path, owner: int) -> Path:
    """Have a file, a directory or a link belong to somebody else; skips where that is refused."""
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.lchown(path, owner, owner)
    return path


def test_what_pavilion_links_in_from_the_working_directory_is_read(run: Path) -> None:
    """Whoever it belongs to."""
    job = run.parents[1] / "jobs" / "x"
    job.mkdir(parents=True)
    (job / "kickoff.log").write_text("submitted")
    (run / "job").symlink_to("../../jobs/x")
    assert text_of(access_of(run), run / "job" / "kickoff.log") == "submitted"
    give(job / "kickoff.log", OTHER)
    assert text_of(access_of(run), run / "job" / "kickoff.log") == "submitted"


@pytest.mark.parametrize("name", ["test_runs", "builds", "jobs"])
def test_a_place_of_the_working_directory_may_be_elsewhere(tmp_path: Path, name: str) -> None:
    """On scratch, say; also where the root is that place itself."""
    wd, scratch = tmp_path / "wd", tmp_path / "scratch" / name
    (wd / "test_runs" / "66").mkdir(parents=True)
    scratch.parent.mkdir()
    if name == "test_runs":
        (wd / name).rename(scratch)
    else:
        scratch.mkdir()
    (wd / name).symlink_to(scratch)
    run = wd / "test_runs" / "66"
    target = scratch / "log"
    target.write_text("x")
    give(target, OTHER)
    (run / "run.log").symlink_to(wd / name / "log")
    assert text_of(access_of(run), run / "run.log") == "x"
    assert text_of(access_of(run, wd / "test_runs"), run / "run.log") == "x"


def test_a_private_file_of_somebody_else_is_named_and_not_opened(run: Path, tmp_path: Path) -> None:
    """Though whoever looks can read it; through a directory, too."""
    secret = tmp_path / "home" / "secret"
    secret.parent.mkdir()
    secret.write_text("secret")
    (run / "run.log").symlink_to(secret)
    (run / "job").symlink_to(secret.parent)
    for path in (run, run / "run.log", run / "job"):
        give(path, OTHER)
    for path in (run / "run.log", run / "job" / "secret"):
        with pytest.raises(LeadsOutError) as refused:
            text_of(access_of(run), path)
        assert (
            refused.value.strerror == f"leads out of the tree to a file of somebody else: {secret}"
        )


def test_what_belongs_to_the_owner_of_the_run_is_read(run: Path, tmp_path: Path) -> None:
    """As long as he, and nobody else, has set the link."""
    log = tmp_path / "scratch.log"
    log.write_text("mine")
    (run / "run.log").symlink_to(log)
    assert text_of(access_of(run), run / "run.log") == "mine"
    for path in (log, run, run / "run.log"):
        give(path, OTHER)
    assert text_of(access_of(run), run / "run.log") == "mine"
    give(run / "run.log", THIRD)
    with pytest.raises(LeadsOutError):
        text_of(access_of(run), run / "run.log")


def test_in_a_plain_tree_everything_inside_the_root_is_read(tmp_path: Path) -> None:
    """And nothing beside it that is somebody else's."""
    root = tmp_path / "tree"
    run = root / "a" / "b"
    run.mkdir(parents=True)
    inside, outside = root / "x", tmp_path / "tree-2"
    for path, link in ((inside, "in.log"), (outside, "out.log")):
        path.write_text("x")
        give(path, OTHER)
        (run / link).symlink_to(path)
    access = access_of(run, root, "plain")
    assert text_of(access, run / "in.log") == "x"
    with pytest.raises(LeadsOutError):
        text_of(access, run / "out.log")


def test_a_directory_that_has_become_a_link_is_not_followed_out(run: Path, tmp_path: Path) -> None:
    """Neither that of the run, nor one above it: no owner of what is there counts."""
    home = tmp_path / "home" / "66"
    home.mkdir(parents=True)
    (home / "run.log").write_text("secret")
    for path in (home, home / "run.log", home.parent):
        give(path, OTHER)
    access = access_of(run, tmp_path / "wd")
    run.rmdir()
    run.symlink_to(home)
    give(run, THIRD)
    with pytest.raises(LeadsOutError):
        text_of(access, run / "run.log")
    run.unlink()
    run.parent.rmdir()
    run.parent.symlink_to(home.parent)
    plain = Access(RunDir(str(tmp_path / "wd"), str(run), "66", "plain"))
    with pytest.raises(LeadsOutError):
        text_of(plain, run / "run.log")


def test_what_is_no_regular_file_is_not_opened(run: Path, tmp_path: Path) -> None:
    """Nor what is not there, nor a link in a circle."""
    os.mkfifo(tmp_path / "fifo")
    (run / "fifo.log").symlink_to(tmp_path / "fifo")
    (run / "null.log").symlink_to("/dev/null")
    (run / "gone.log").symlink_to("gone")
    (run / "circle.log").symlink_to("circle.log")
    access = access_of(run)
    for name in ("fifo", "null"):
        with pytest.raises(NotRegularError):
            text_of(access, run / f"{name}.log")
    with pytest.raises(FileNotFoundError):
        text_of(access, run / "gone.log")
    with pytest.raises(OSError, match="symbolic links"):
        text_of(access, run / "circle.log")


@contextlib.contextmanager
def swapping(path: Path, *targets: Path) -> Iterator[None]:
    """Have a link lead to one target and the other in turn, as fast as can be."""
    script = (
        "import os, sys\n"
        "path, *targets = sys.argv[1:]\n"
        "while True:\n"
        "    for target in targets:\n"
        "        os.symlink(target, path + '~')\n"
        "        os.replace(path + '~', path)\n"
    )
    arguments = [sys.executable, "-c", script, str(path), *map(str, targets)]
    process = subprocess.Popen(arguments)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("how", ["the log", "a directory on the way"])
def test_a_link_that_is_swapped_all_the_time_gives_nothing_away(
    run: Path, tmp_path: Path, how: str
) -> None:
    """Both answers come, and never the text of the private file."""
    mine, home = run / "mine", tmp_path / "home"
    for folder, text in ((mine, "mine"), (home, "secret")):
        folder.mkdir()
        (folder / "log").write_text(text)
    for path in (home, home / "log"):
        give(path, OTHER)
    link, path, ends = (
        (run / "run.log", run / "run.log", ("log",))
        if how == "the log"
        else (run / "job", run / "job" / "log", ())
    )
    targets = [folder.joinpath(*ends) for folder in (mine, home)]
    link.symlink_to(targets[0])
    access = access_of(run)
    refused, read = 0, 0
    with swapping(link, *targets):
        for _ in range(100_000):
            try:
                assert text_of(access, path) == "mine"
                read += 1
            except OSError:
                refused += 1
            if min(read, refused) >= 300:
                break
    assert min(read, refused) >= 300


@contextlib.contextmanager
def another_namespace(place: Path, hidden: Path) -> Iterator[int]:
    """A process that has `hidden` mounted at `place`, which nobody else sees; gives its id."""
    start = namespace(shlex.join(["mount", "--bind", str(hidden), str(place)]), flags="-m")
    words = [*start, "sh", "-c", "echo ready; exec sleep 600"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process.pid
        finally:
            process.kill()


def test_what_another_process_has_mounted_inside_the_tree_is_not_inside(
    run: Path, tmp_path: Path
) -> None:
    """A path in its namespace may read as one of the tree, and lead anywhere."""
    home, place = tmp_path / "home", run.parents[1] / "jobs"
    home.mkdir()
    place.mkdir()
    (home / "secret").write_text("secret")
    for path in (home, home / "secret"):
        give(path, OTHER)
    with another_namespace(place, home) as process:
        assert Path(f"/proc/{process}/root{place}/secret").read_text() == "secret"
        (run / "job").symlink_to(f"/proc/{process}/root{place}")
        with pytest.raises(OSError, match=r"No such file|leads out"):
            text_of(access_of(run), run / "job" / "secret")
