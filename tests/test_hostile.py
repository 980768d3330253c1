"""What other users can put into a tree, before the running monitor: the rest of it goes on."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.core.working_dir import root_folder, survey
from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import append, write_run

MEBI = 1 << 20
IS_ROOT = os.geteuid() == 0
EVIL = "\x1b]0;PWNED\x07\x1b[2J\x9b31m\u202e\u200b[/x][@click=app.quit]click[/]"
"""What would set a title, clear the screen, colour it, turn the writing round, or be markup."""


def memory_of(screen: Terminal) -> int:
    """Bytes of memory that the program holds."""
    fields = Path(f"/proc/{screen.pid}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def stays_well(
    tree: Path, *texts: str, keys: str = "\t\t\t", check: Callable[[Terminal], None] | None = None
) -> bytes:
    """Watch a tree until all `texts` are on screen, open its first run, see a good run change.

    Returns:
        All that has been sent to the terminal.
    """
    good = write_run(tree / "zzz_good", "RUNNING at peace")
    with terminal([*STATUSTUI, str(tree)], 200, 50) as screen:
        screen.wait_for("at peace")
        for text in texts:
            screen.wait_for(text)
        if check is not None:
            check(screen)
        screen.press("\r")
        screen.wait_for("History")
        screen.press(keys)
        screen.wait_for("Results")
        screen.press("q")
        screen.wait_for("Filter")
        append(good, "RUN_USER still at peace", time.time())
        screen.wait_for("still at peace")
        assert memory_of(screen) < 250 * MEBI
        screen.press("\x11")
        assert screen.wait_for_end() == 0
        return screen.output


@pytest.mark.slow
def test_what_is_called_status_and_is_no_regular_file(tmp_path: Path) -> None:
    """Each is a run whose status cannot be read. Nothing is waited for."""
    kinds = ["fifo", "socket", "directory", "link", "loop", *(["device"] if IS_ROOT else [])]
    for kind in kinds:
        # In Pavilion's own tree a directory with a number is a run even without a status.
        place = tmp_path / "test_runs" / str(kinds.index(kind))
        place.mkdir(parents=True)
        status = place / "status"
        if kind == "fifo":
            os.mkfifo(status)
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(os.path.relpath(status))
        elif kind == "device":
            os.mknod(status, 0o644 | 0o020000, os.makedev(1, 5))
        elif kind == "directory":
            status.mkdir()
        else:
            status.symlink_to({"link": "/dev/zero", "loop": "status"}[kind])

    def look(screen: Terminal) -> None:
        reason = "not a regular file"
        screen.wait_until(
            lambda: sum(reason in line[:110] for line in screen.lines) == len(kinds), reason
        )

    stays_well(tmp_path, f"{len(kinds) + 1} runs", check=look)


@pytest.mark.slow
def test_links_that_lead_in_circles(tmp_path: Path) -> None:
    """Are not followed: each run is there once."""
    write_run(tmp_path / "a" / "run", "RUN_ERROR found once")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "b").symlink_to("a")
    stays_well(tmp_path, "found once", "2 runs")


@pytest.mark.slow
def test_a_status_file_of_ten_gigabytes_in_one_hole(tmp_path: Path) -> None:
    """Of it the end is read; the row says what is there."""
    run = write_run(tmp_path / "aaa", "CREATED x")
    with (run / "status").open("r+b") as file:
        file.truncate(10 << 30)
    stays_well(tmp_path, "There is no status in what can be read")


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes(tmp_path: Path) -> None:
    """No status can be told from the end of it; the row says so."""
    run = write_run(tmp_path / "aaa", "CREATED x")
    with (run / "status").open("ab") as file:
        file.write(b"1795000001.0 RUN_ERROR " + b"x" * (100 * MEBI // 10))
        for _ in range(9):
            file.write(b"y" * (100 * MEBI // 10))
    stays_well(tmp_path, "There is no status in what can be read")


@pytest.mark.slow
def test_a_million_statuses(tmp_path: Path) -> None:
    """The history shows the last ones, and how many are left out."""
    run = tmp_path / "aaa"
    run.mkdir()
    with (run / "status").open("w") as file:
        for start in range(0, 1_000_000, 10_000):
            file.writelines(
                f"{1_795_000_000 + number}.0 RUN_USER step {number}\n"
                for number in range(start, start + 10_000)
            )
        file.write("1796000001.0 RUN_ERROR after a million\n")

    def look(screen: Terminal) -> None:
        screen.press("\r")
        screen.wait_for("1,000,001 statuses  following")
        screen.press("g")
        screen.wait_for("earlier entries are not shown")
        screen.press("q")
        screen.wait_for("Filter")

    stays_well(tmp_path, "after a million", check=look)


@pytest.mark.slow
def test_names_and_texts_that_attack_the_terminal(tmp_path: Path) -> None:
    """In directories, states, notes, logs and JSON: shown as escapes, and no markup."""
    name = EVIL.replace("/", "|") + "\n\r..\\"
    run = write_run(
        tmp_path / name, f"RUN_ERROR note {EVIL}", f"{EVIL.split(maxsplit=1)[0]}_FAILED x"
    )
    os.rename(run, os.fsencode(tmp_path) + b"/" + os.fsencode(name) + b"\xff\xfe")
    run = next(path for path in tmp_path.iterdir() if path.name.startswith("\x1b"))
    (run / "run.log").write_text(f"log {EVIL}\n" * 3)
    (run / f"{EVIL.replace('/', '|')}.log").write_text(f"other {EVIL}\n")
    (run / "results.json").write_text('{"%s": ["%s"]}' % (("[/x]\\u001b]0;PWNED\\u0007",) * 2))

    def look(screen: Terminal) -> None:
        screen.press("\r")
        screen.wait_for("why: ")
        for keys, text in (
            ("\t", "First error"),
            ("}", "other \\x1b"),
            ("!Y\t", "results.json"),
            ("y?", "Everywhere"),
            ("\x1b", "results.json"),
            ("q", "Filter"),
            ("yt", "by failure"),
            ("ttttttt", "STATE"),
            (":", "Type to narrow"),
            ("PWNED", "_FAILED"),
            ("\x1b", "Filter"),
        ):
            screen.press(keys)
            if keys == "\x1b":
                screen.wait_until(lambda: not any("┌─" in line for line in screen.lines), "no help")
            screen.wait_for(text)

    output = stays_well(tmp_path, "\\x1b]0;PWNED", check=look)
    # What is copied goes to the terminal as base64.
    output = re.sub(rb"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", b"", output)
    for forbidden in (b"\x1b]0;", b"\x1b[2J\xc2", b"\xc2\x9b", b"\xe2\x80\xae", b"\xe2\x80\x8b"):
        assert forbidden not in output
    for command in (["list"], ["list", "--summary"], ["history"]):
        target = run if command == ["history"] else tmp_path
        done = subprocess.run(
            [*STATUSTUI, *command, str(target)], capture_output=True, timeout=60, check=True
        )
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae", done.stdout)
    failed = subprocess.run(
        [*STATUSTUI, "history", f"{run}{EVIL}"], capture_output=True, timeout=60, check=False
    )
    assert (failed.returncode, failed.stderr.count(b"\x1b")) == (2, 0)


BAD_JSON = {
    "deep": "[" * 1_000_000,
    "deep but whole": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "odd": '{"result": "PASS", "result": "FAIL", "x": NaN, "y": 1e999, "z": -Infinity}',
    "long number": '{"big": ' + "9" * 5000 + "}",
    "no result": '{"result": {"a": 1}}',
    "binary": "\x00\xff not json",
}


@pytest.mark.slow
def test_results_that_are_no_good_json(tmp_path: Path) -> None:
    """They are named, or shown as far as they can be read; going from run to run shows each."""
    for number, text in enumerate(BAD_JSON.values(), 1):
        run = write_run(tmp_path / "test_runs" / str(number), "RUN_ERROR done")
        (run / "results.json").write_text(text)
    with (write_run(tmp_path / "test_runs" / "9", "RUN_ERROR x") / "results.json").open(
        "w"
    ) as file:
        file.truncate(5 << 30)

    def look(screen: Terminal) -> None:
        screen.press("\r")
        screen.wait_for("History")
        screen.press("\t\t")
        screen.wait_for("results.json")
        for _ in range(len(BAD_JSON)):
            screen.press("e")
        screen.wait_for("5.4 GB are too much")
        screen.press("E" * len(BAD_JSON))
        screen.wait_for("nested too deeply")
        screen.press("q")
        screen.wait_for("Filter")

    stays_well(tmp_path, "8 runs", check=look)


TIMES = (
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.999999",
    "0000-00-00T00:00:00",
    "999999999999.9",
    "0",
    "0.0",
    "253402300799.0",
    "4000000000.0",
)


@pytest.mark.slow
def test_times_from_any_year(tmp_path: Path) -> None:
    """In the past, in the future, or none at all; clocks that disagree."""
    for number, when in enumerate(TIMES):
        run = tmp_path / f"aaa{number}"
        run.mkdir()
        (run / "status").write_text(
            f"{when} CREATED early\n1795000000.0 RUNNING now\n{when} RUN_ERROR what time is it\n"
        )
    stays_well(tmp_path, "9 runs", keys="TTTgGe" * len(TIMES) + "\t\t\t")


@pytest.mark.slow
def test_runs_that_come_and_go_while_they_are_read(tmp_path: Path) -> None:
    """Deleted, made again, truncated and replaced by directories, by a process that never rests."""
    write_run(tmp_path / "stays", "RUN_ERROR always here")
    stop = threading.Event()

    def trouble() -> None:
        dice = random.Random(1)  # noqa: S311 - nothing secret
        while not stop.is_set():
            place = tmp_path / f"run{dice.randrange(30)}"
            what = dice.randrange(4)
            if what == 0:
                shutil.rmtree(place, ignore_errors=True)
            elif what == 1 and not (place / "status").is_dir():
                write_run(place, "RUNNING x", "RUN_ERROR y")
            elif what == 2 and (place / "status").is_file():
                (place / "status").write_bytes(dice.randbytes(40))
            elif place.is_dir() and not (place / "status").exists():
                (place / "status").mkdir()

    troublemaker = threading.Thread(target=trouble)
    troublemaker.start()
    try:
        stays_well(tmp_path, "always here")
    finally:
        stop.set()
        troublemaker.join()


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    """And is read once it may be."""
    run = write_run(tmp_path / "aaa", "RUNNING secret")
    (run / "status").chmod(0)
    stays_well(tmp_path, "Permission denied")


@pytest.mark.slow
def test_a_directory_of_very_many_files_that_are_no_runs(tmp_path: Path) -> None:
    """None of them is kept in memory."""
    for number in range(50_000):
        os.mknod(tmp_path / f"file{number}")
    tracemalloc.start()
    found = survey(root_folder(str(tmp_path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not found.folders
    assert peak < MEBI
    stays_well(tmp_path, "1 run")


FEED = """
import os, random, sys, time
dice, end = random.Random(int(sys.argv[2])), time.time() + float(sys.argv[3])
pieces = [b"\\x1b]0;PWNED\\x07", b"\\x1b[2J", b"\\x9b", "\\u202e".encode(), b"\\n", b" RUN_ERROR ",
          b" RUNNING ", b"1795000000.0", b"[/x]", b"\\0" * 50]
names = ["status", "run.log", "results.json", "attributes"]
while time.time() < end:
    place = os.path.join(sys.argv[1], "test_runs", str(dice.randrange(20)))
    os.makedirs(place, exist_ok=True)
    noise = dice.randbytes(dice.randrange(200))
    for piece in dice.choices(pieces, k=4):
        at = dice.randrange(len(noise) + 1)
        noise = noise[:at] + piece + noise[at:]
    mode = dice.choice(["ab", "ab", "ab", "wb"])
    with open(os.path.join(place, dice.choice(names)), mode) as file:
        file.write(noise + dice.choice([b"", b"\\n"]))
    time.sleep(0.01)
"""

SENT = re.compile(
    rb"\x1b(?:\[\?(?:1049|7|25|1000|1003|1015|1006|1004|2004|2026|2048)[hl]|\[\?20(?:26|48)\$p"
    rb"|\[\?[0-9;]*[$u]p?|\[[<>=][0-9;]*u|\[[0-9;]*[HmJK]|\[[0-9]* ?q|\[c|\[[0-9]*[ABCD]|\(B"
    rb"|\]22;[a-z]+\x07|\]11;\?\x07|\]52;c;[A-Za-z0-9+/=]*\x07|_Gi=[^\x1b]*\x1b\\|\[1?[46]t)"
)
"""Every control sequence that Textual sends, and those that copy and ask for the background."""


@pytest.mark.slow
def test_random_bytes_in_all_files_reach_no_terminal(tmp_path: Path) -> None:
    """A process feeds them while somebody looks around; nothing but Textual's own sequences comes.

    For a minute or for as many seconds as STATUSTUI_FEED says.
    """
    seconds = os.environ.get("STATUSTUI_FEED", "8")
    write_run(tmp_path / "test_runs" / "99", "RUN_ERROR here")
    command = [sys.executable, "-c", FEED, str(tmp_path), "1", seconds]
    with (
        terminal([*STATUSTUI, str(tmp_path)], 160, 40) as screen,
        subprocess.Popen(command) as feeder,
    ):
        screen.wait_for("here")
        while feeder.poll() is None:
            for keys in (
                "j\r",
                "\t!",
                "}",
                "\tlj",
                "]",
                "h",
                "hh",
                "k",
                "t",
                "t",
                "yY",
                "/x\r\x1b",
            ):
                screen.press(keys)
                end = time.monotonic() + 0.15
                screen.wait_until(lambda end=end: time.monotonic() > end, "a moment")  # type: ignore[misc]
        screen.press("\x11")
        assert screen.wait_for_end() == 0
    rest = SENT.sub(b"", screen.output).decode()
    strange = re.findall(r"[^\r\n\x20-\x7e\xa0-\U0010ffff].{,20}", rest)
    assert strange == []
    assert "\u202e" not in rest
