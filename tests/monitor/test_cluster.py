"""Difficult surroundings: many writers, limits, filesystems that hide changes or hang."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.monitor.follower import Follower, follower
from tests.monitor.surroundings import mirror, namespace
from tests.slow import slow
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until

WRITER = """
import sys
import time
from statustui.core.status_file import StatusFile
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
file = StatusFile(path)
for number in range(count):
    file.set("RUN_USER", f"{name} {number}")
"""

CREATOR = """
import os, sys, time
root = sys.argv[1]
for number in range(int(sys.argv[2])):
    os.mkdir(f"{root}/{number}")
    with open(f"{root}/{number}/status", "w") as file:
        file.write(f"{time.time()} RUNNING x\\n")
"""

RECREATOR = """
import os, shutil, sys, time
root = sys.argv[1]
for life in range(60):
    for number in range(5):
        path = f"{root}/{number}"
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        with open(f"{path}/status", "w") as file:
            file.write(f"{time.time()} {'RUN_FAILED' if life % 2 == 0 else 'SCHEDULED'} {life}\\n")
"""


def start_python(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start a Python process."""
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])


def wait_for_notes(following: Follower, notes: set[str]) -> None:
    """Wait until these are the notes of all runs."""
    wait_until(lambda: {run["note"] for run in following.runs.values()} == notes)


@pytest.mark.parametrize("watch", ["events", "poll"])
def test_every_append_of_many_writers_is_seen_in_order_and_none_is_lost(
    tmp_path: Path, watch: str
) -> None:
    """Several appends may fall between two checks; the history has every line."""
    runs = [write_run(tmp_path / str(number), "CREATED") for number in range(4)]
    with follower(tmp_path, "--watch", watch, "--interval", "0.1", "--stale", "9999d") as following:
        wait_until(lambda: len(following.runs) == 4)
        writers = [
            start_python(WRITER, run / "status", name, 150) for run in runs for name in ("a", "b")
        ]
        assert [writer.wait(60) for writer in writers] == [0] * 8
        wait_until(lambda: all(run["updates"] == 301 for run in following.runs.values()))
    for run in runs:
        updates = [picture["updates"] for picture in following.seen[run.name]]
        assert updates == sorted(set(updates))
        for name in ("a", "b"):
            notes = [picture["note"] for picture in following.seen[run.name]]
            numbers = [int(note.split()[1]) for note in notes if note.startswith(f"{name} ")]
            assert numbers == sorted(numbers)


@pytest.mark.parametrize("watch", ["events", slow("poll")])
def test_a_thousand_runs_made_within_a_second_are_all_seen(tmp_path: Path, watch: str) -> None:
    """Each directory is followed at once by its first line; the next line is seen too."""
    with follower(tmp_path, "--watch", watch, "--interval", "0.2") as following:
        assert start_python(CREATOR, tmp_path, 1000).wait(60) == 0
        wait_until(lambda: len(following.states()) == 1000)
        for number in range(1000):
            append(tmp_path / str(number), "RUN_TIMEOUT")
        wait_until(lambda: set(following.states().values()) == {"RUN_TIMEOUT"})


@pytest.mark.parametrize("watch", ["events", "poll"])
def test_of_runs_that_reuse_an_id_the_last_one_is_shown(tmp_path: Path, watch: str) -> None:
    """Also if its status file has the inode and the size of an earlier one."""
    root = tmp_path / "test_runs"
    root.mkdir()
    with follower(tmp_path, "--watch", watch, "--interval", "0.1") as following:
        assert start_python(RECREATOR, root).wait(60) == 0
        wait_until(lambda: [run["note"] for run in following.runs.values()] == ["59"] * 5)
        assert [run["problem"] for run in following.runs.values()] == [None] * 5
        shutil.rmtree(root)
        wait_until(lambda: not following.runs)


@pytest.mark.parametrize("watch", ["events", "poll"])
def test_appends_within_the_same_second_are_each_seen(tmp_path: Path, watch: str) -> None:
    """Also when the time of the file does not change at all."""
    run = write_run(tmp_path / "1", "RUNNING")
    os.utime(run / "status", (1_795_000_000, 1_795_000_000))
    with follower(tmp_path, "--watch", watch, "--interval", "0.1") as following:
        wait_until(lambda: following.runs)
        for number in range(5):
            append(run, f"RUN_USER {number}")
            os.utime(run / "status", (1_795_000_000, 1_795_000_000))
            wait_for_notes(following, {str(number)})


def test_changes_while_the_process_is_stopped_are_seen_when_it_continues(
    tmp_path: Path,
) -> None:
    """More appends than the queue of events has room for."""
    runs = [write_run(tmp_path / str(number), "CREATED") for number in range(30)]
    with follower(tmp_path) as following:
        wait_until(lambda: len(following.runs) == 30)
        following.process.send_signal(signal.SIGSTOP)
        for number in range(300):
            for run in runs:
                append(run, f"RUN_USER {number}")
        following.process.send_signal(signal.SIGCONT)
        wait_until(lambda: all(run["updates"] == 301 for run in following.runs.values()))


def check_without_events(following: Follower, tmp_path: Path, reason: str) -> None:
    """Check that changes of 60 runs are seen, and that the reason for polling is given."""
    wait_until(lambda: any(reason in line for line in following.errors))
    wait_until(lambda: len(following.runs) == 60)
    for number in range(60):
        append(tmp_path / str(number), "RUN_TIMEOUT")
    wait_until(lambda: set(following.states().values()) == {"RUN_TIMEOUT"})


def test_parts_without_permission_are_reported_and_the_rest_is_shown(tmp_path: Path) -> None:
    """A status file, a run and a directory."""
    for name in ("file", "fine", "test_runs/7", "deep/run"):
        write_run(tmp_path / name, "RUNNING")
    closed = [tmp_path / "file" / "status", tmp_path / "test_runs" / "7", tmp_path / "deep"]
    for path in closed:
        path.chmod(0)
    with follower(tmp_path, inside=namespace(flags="-U")) as following:
        wait_until(lambda: len(following.runs) == 3)
        wait_until(lambda: f"{tmp_path}/deep: Permission denied" in "".join(following.errors))
        errors = {name: run["error"] for name, run in following.runs.items()}
        reason = "The status file cannot be read: Permission denied."
        assert errors == {"file": reason, "fine": None, "7": reason}
        for path in closed:
            path.chmod(0o755)
        wait_until(lambda: list(following.states().values()) == ["RUNNING"] * 4)


def test_a_low_limit_of_watches_means_polling(tmp_path: Path) -> None:
    """At most half of them are used, and the reason is given."""
    for number in range(60):
        write_run(tmp_path / str(number), "RUNNING")
    inside = namespace(
        "echo 50 > /proc/sys/user/max_inotify_watches",
        "echo 50 > /proc/sys/user/max_inotify_instances",
    )
    with follower(tmp_path, inside=inside) as following:
        check_without_events(following, tmp_path, "no events: 61 directories, 25 may be watched")


def test_no_watcher_allowed_means_polling(tmp_path: Path) -> None:
    """The reason of the operating system is given."""
    for number in range(60):
        write_run(tmp_path / str(number), "RUNNING")
    inside = namespace("echo 0 > /proc/sys/user/max_inotify_instances")
    with follower(tmp_path, inside=inside) as following:
        check_without_events(following, tmp_path, "no events: ")


def write_until_events_are_given_up(following: Follower, runs: list[Path]) -> None:
    """Write where no event arrives; check that every change is seen, and polling starts."""
    end = time.monotonic() + 2 * DEADLINE
    while not any("changes came without events" in line for line in following.errors):
        assert time.monotonic() < end
        note = f"at {time.monotonic()}"
        for run in runs:
            append(run, f"RUN_USER {note}")
        wait_for_notes(following, {note})


@pytest.mark.slow
def test_an_overlay_whose_lower_layer_is_written_to_is_polled(tmp_path: Path) -> None:
    """It looks like a local disk, but no event arrives; this is detected and reported."""
    for number in range(4):
        write_run(tmp_path / "lower" / str(number), "RUNNING")
    for name in ("upper", "work", "merged"):
        (tmp_path / name).mkdir()
    # What is made in the lower layer does not touch the directory: it counts as new all the time.
    os.utime(tmp_path / "upper", (time.time() + 3600,) * 2)
    inside = namespace(
        f"cd {tmp_path}",
        "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged",
        "cd /",
        flags="-Urm",
    )
    with follower(tmp_path / "merged", inside=inside) as following:
        wait_until(lambda: len(following.runs) == 4)
        for number in range(4):
            append(tmp_path / "lower" / str(number), "RUN_TIMEOUT")
        wait_until(lambda: set(following.states().values()) == {"RUN_TIMEOUT"})
        write_run(tmp_path / "lower" / "9", "SCHEDULED")
        wait_until(lambda: following.states().get("9") == "SCHEDULED")
        lower = [tmp_path / "lower" / str(number) for number in (0, 1, 2, 3, 9)]
        write_until_events_are_given_up(following, lower)


@pytest.mark.slow
def test_events_that_never_arrive_are_given_up(tmp_path: Path) -> None:
    """On a mirror, even if the user asked for events."""
    with mirror(tmp_path) as mirrored:
        runs = [write_run(mirrored.behind / str(number), "RUNNING") for number in range(5)]
        with follower(mirrored.place, "--watch", "events") as following:
            wait_until(lambda: len(following.runs) == 5)
            write_until_events_are_given_up(following, runs)


def test_changes_behind_a_mount_are_seen(tmp_path: Path) -> None:
    """A FUSE filesystem counts as a network: every check opens the file."""
    with mirror(tmp_path) as mirrored:
        run = write_run(mirrored.behind / "1", "RUNNING")
        with follower(mirrored.place) as following:
            wait_until(lambda: following.states() == {"1": "RUNNING"})
            append(run, "RUN_TIMEOUT")
            wait_until(lambda: following.states() == {"1": "RUN_TIMEOUT"})
            write_run(mirrored.behind / "2", "SCHEDULED")
            wait_until(lambda: following.states().get("2") == "SCHEDULED")
            shutil.rmtree(run)
            wait_until(lambda: following.states() == {"2": "SCHEDULED"})


def test_a_mount_that_breaks_down_and_comes_back_is_followed_again(tmp_path: Path) -> None:
    """Meanwhile its runs stay as they were."""
    with mirror(tmp_path) as mirrored:
        run = write_run(mirrored.behind / "1", "RUNNING")
        with follower(mirrored.place, "--stale", "9999d") as following:
            wait_until(lambda: following.states() == {"1": "RUNNING"})
            mirrored.break_down()
            wait_until(lambda: any("not connected" in line for line in following.errors))
            mirrored.unmount()
            wait_until(lambda: any("nothing is mounted" in line for line in following.errors))
            assert following.states() == {"1": "RUNNING"}
            append(run, "RUN_TIMEOUT")
            mirrored.mount()
            wait_until(lambda: following.states() == {"1": "RUN_TIMEOUT"})
            assert [picture["state"] for picture in following.seen["1"]] == [
                "RUNNING",
                "RUN_TIMEOUT",
            ]


@pytest.mark.parametrize("from_the_start", [False, True])
def test_a_filesystem_that_hangs_leaves_everything_else_alive(
    tmp_path: Path,
    from_the_start: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The duration is shown, another root is watched, and `q` ends at once."""
    other = write_run(tmp_path / "other" / "here", "RUNNING")
    with mirror(tmp_path) as mirrored:
        write_run(mirrored.behind / "far", "RUNNING")
        if from_the_start:
            mirrored.hang()
        with terminal([*STATUSTUI, str(mirrored.place), str(tmp_path / "other")], 120) as screen:
            screen.wait_for("here")
            if not from_the_start:
                screen.wait_for("far")
                mirrored.hang()
            screen.wait_for("not answering for")
            append(other, "RUN_TIMEOUT lost")
            screen.wait_for("lost")
            screen.press("!")
            screen.wait_until(
                lambda: sum("here" in line or "far" in line for line in screen.lines[2:-3]) == 1,
                "problems only",
            )
            screen.press("q")
            assert screen.wait_for_end() == 0
        mirrored.go_on()


@pytest.mark.slow
def test_a_filesystem_that_answers_again_is_shown_again(tmp_path: Path) -> None:
    """With everything that has happened meanwhile."""
    with mirror(tmp_path) as mirrored:
        run = write_run(mirrored.behind / "far", "RUNNING")
        with terminal([*STATUSTUI, str(mirrored.place)], 120) as screen:
            screen.wait_for("RUNNING")
            mirrored.hang()
            screen.wait_for("not answering for")
            append(run, "RUN_TIMEOUT late")
            mirrored.go_on()
            screen.wait_for("late")
            screen.wait_for("polling every 2 s")
            screen.press("q")
            assert screen.wait_for_end() == 0
