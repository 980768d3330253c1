"""The whole program in a real pseudo-terminal, on a tree that another process writes to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.slow import slow
from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import write_run
from tests.waiting import wait_until


def set_status(path: Path, state: str, note: str) -> None:
    """Append a status from another process."""
    subprocess.run([*STATUSTUI, "set", str(path), state, note], check=True, timeout=60)


def test_what_another_process_appends_is_read_off_the_screen(tmp_path: Path) -> None:
    """New runs, new states, and a history that grows while it is open."""
    run = write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for("RUNNING")
        set_status(run, "RUN_TIMEOUT", "the solver diverged")
        screen.wait_for("the solver diverged")
        screen.wait_for("1 failed")
        set_status(tmp_path / "two", "SCHEDULED", "in the queue")
        screen.wait_for("in the queue")
        screen.press("\r")
        screen.wait_for("why: RUN_TIMEOUT")
        set_status(run, "INFO", "looked into it")
        screen.wait_for("looked into it")
        screen.press("q")
        screen.wait_for("in the queue")
        screen.press("\x11")
        assert screen.wait_for_end() == 0


def test_a_lone_escape_is_a_key(tmp_path: Path) -> None:
    """Although every control sequence begins with one: nothing needs to come after it."""
    write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(1)
        screen.press("/nosuch")
        screen.wait_until_gone("on a node")
        screen.press("\x1b")
        screen.wait_for("on a node")
        screen.press("q")
        assert screen.wait_for_end() == 0


WRITER = """
import sys, time
run = sys.argv[1]
for step in range(1, 41):
    with open(run + "/run.log", "a") as log:
        log.write(f"step {step} of 40\\n")
    with open(run + "/status", "a") as status:
        status.write(f"{time.time():.6f} RUN_USER did step {step}\\n")
    time.sleep(0.05)
with open(run + "/run.log", "a") as log:
    log.write("\\x1b[31mFATAL: mesh is broken\\x1b[0m\\x1b]0;title\\x07\\n")
with open(run + "/status", "a") as status:
    status.write(f"{time.time():.6f} RUN_TIMEOUT silent\\n")
"""


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), slow(160, 45)])
def test_a_run_that_goes_wrong_is_watched_until_its_log_says_why(
    tmp_path: Path, columns: int, lines: int
) -> None:
    """History and log are followed while another process writes both."""
    run = write_run(tmp_path / "test_runs" / "1", "CREATED a", "RUNNING b")
    with terminal([*STATUSTUI, str(tmp_path)], columns, lines) as screen:
        screen.wait_for_runs(1)
        screen.press("\r")
        screen.wait_for("History")
        with subprocess.Popen([sys.executable, "-c", WRITER, str(run)]):
            screen.wait_until(
                lambda: any(re.search(r"did step (9|\d\d)", line) for line in screen.lines),
                "the ninth step, or a later one",
            )
            screen.press("\r")
            screen.wait_for("step 40 of 40")
        screen.wait_for("FATAL: mesh is broken\\x1b]0;title\\x07")
        assert b"\x1b]0;title" not in screen.output
        screen.press("g")
        screen.wait_for("step 1 of 40")
        screen.press("!")
        screen.wait_for("▸FATAL")
        screen.press("h")
        screen.wait_for("why: RUN_TIMEOUT")
        screen.press("q")
        screen.wait_for("Filter")
        screen.press("\x11")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
def test_the_preview_shows_the_selected_run_where_there_is_room(tmp_path: Path) -> None:
    """Live, and another one when the cursor moves on."""
    for name in ("one", "two"):
        write_run(tmp_path / name, f"RUNNING on node {name}", f"RUN_ERROR no {name}\\nat all")
        (tmp_path / name / "solver.log").write_text(f"the end of {name}\n")
    with terminal([*STATUSTUI, str(tmp_path)], 160, 40) as screen:
        screen.wait_for("on node one")
        screen.wait_for("the end of one")
        screen.press("j")
        screen.wait_for("on node two")
        screen.wait_for("the end of two")
        set_status(tmp_path / "two", "INFO", "looked into it")
        screen.wait_for("looked into it")
        screen.press("q")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "lines", "env"),
    [
        slow(80, 24, {"TERM": "screen-256color"}),
        slow(200, 50, {}),
        (80, 24, {"NO_COLOR": "1"}),
        (40, 12, {"TERM": "xterm"}),
    ],
)
def test_a_real_working_directory_in_various_terminals(
    corpora: Path, columns: int, lines: int, env: dict[str, str]
) -> None:
    """Problems first, wherever it runs; without colours glyph and word are left."""
    with terminal([*STATUSTUI, str(corpora / "pavilion-2.4")], columns, lines, **env) as screen:
        screen.wait_for("RESULTS_ERROR")
        if columns > 40:
            screen.wait_for_runs(20)
        screen.wait_until(lambda: screen.lines[0].startswith(" ▲ 3 error"), "the counts")
        screen.press("q")
        assert screen.wait_for_end() == 0
        if "NO_COLOR" in env:
            rendition = b";".join(re.findall(rb"\x1b\[([0-9;]*)m", screen.output)).split(b";")
            # Reset, bold, dim, underlined, reversed, and the terminal's own two colours.
            assert set(rendition) <= {b"", b"0", b"1", b"2", b"4", b"7", b"39", b"49"}


@pytest.mark.slow
def test_a_new_problem_rings_and_runs_a_command(tmp_path: Path) -> None:
    """Not the problems that are there already; the program ends while the command goes on."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    run = write_run(tree / "one", "RUNNING on a node")
    write_run(tree / "old", "RUN_ERROR long ago")
    command = f"""sh -c 'echo "$STATUSTUI_ID $STATUSTUI_NOTE" >> {out}; sleep 60'"""
    with terminal([*STATUSTUI, "--bell", "--on-problem", command, str(tree)]) as screen:
        screen.wait_for_runs(2)
        assert b"\x1b]9;" not in screen.output
        set_status(run, "RUN_TIMEOUT", "$(date) late")
        screen.wait_until(lambda: b"\x07\x1b]9;statustui: one one" in screen.output, "the bell")
        wait_until(lambda: out.exists() and out.read_text() == "one $(date) late\n", "the command")
        screen.wait_until(lambda: b"all runs have finished\x07" in screen.output, "the whole call")
        screen.press("q")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
def test_the_end_of_all_runs_is_one_call_also_when_the_program_ends_before_it(
    tmp_path: Path,
) -> None:
    """With the runs that have finished meanwhile, and with problems gathered."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    runs = [write_run(tree / name, "RUNNING on a node") for name in ("one", "two")]
    write_run(tree / "old", "COMPLETE result: PASS")
    tell = f"""sh -c 'echo $0 $STATUSTUI_COUNT $STATUSTUI_PROBLEMS $(wc -l) >> {out}'"""
    options = ["--gather", "1h", "--on-problem", f"{tell} problems", "--on-end", f"{tell} end"]
    with terminal([*STATUSTUI, *options, str(tree)]) as screen:
        screen.wait_for_runs(3)
        set_status(runs[0], "RUN_TIMEOUT", "late")
        set_status(runs[1], "RUN_ERROR", "lost")
        screen.wait_for("lost")
        screen.wait_for("late")
        assert not out.exists()
        screen.press("q")
        assert screen.wait_for_end() == 0
    wait_until(lambda: out.exists() and len(out.read_text().splitlines()) == 2, "both calls")
    assert sorted(out.read_text().splitlines()) == ["end 2 2 2", "problems 2 2 2"]


def test_a_wrong_command_is_refused(tmp_path: Path) -> None:
    """Before anything is watched."""
    command = [*STATUSTUI, "--on-problem", "mail 'me", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "mail 'me: No closing quotation" in done.stderr


@pytest.mark.slow
def test_keys_that_come_at_once_go_where_they_would_one_by_one(tmp_path: Path) -> None:
    """A slow line delivers what was typed, or pasted, in one piece; no key gets lost on its way."""
    for number in range(1, 41):
        write_run(tmp_path / f"{number:02}", f"RUN_TIMEOUT after {number} min")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(40)
        screen.press("/aft\x1b[200~er 1\x1b[201~\rj")
        screen.wait_for("13 of 40 listed")
        screen.press("\r")
        screen.wait_for("why: RUN_TIMEOUT")
        screen.wait_for("after 10 min")
        screen.press("qj\r")
        screen.wait_for("after 11 min")
        screen.press("q:keep fil\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7fcopy pat\r")
        screen.wait_for("Copied: paths of 11")
        screen.press("\rqk" * 5 + "\rqj" * 8)
        screen.press("\r")
        screen.wait_for("after 14 min")
        screen.press("qg\r")
        screen.wait_for("after 1 min")
        screen.press("q")
        screen.press("??\r\t/min\r")
        screen.wait_for("no logs")
        screen.press("q\x11")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
def test_the_palette_takes_keys_at_any_moment(tmp_path: Path) -> None:
    """Also while its list is not drawn yet, and when nothing is found."""
    write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(1)
        for delay in range(0, 50, 5):
            screen.press(":")
            screen.read_for(delay / 1000)
            screen.press("\x1b[5~\x1b[6~")
            screen.wait_for("Type to narrow")
            screen.press("\x1b")
            screen.wait_until_gone("┌──")
            screen.wait_until_gone("Type to narrow")
        screen.press(":no such thing")
        screen.wait_for("Nothing found.")
        screen.press("\x1b[5~\x1b[6~\x1b")
        screen.wait_until_gone("┌──")
        screen.press("q")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
def test_the_mouse_is_left_to_the_terminal_on_request(tmp_path: Path) -> None:
    """Only without `--no-mouse` is it asked for."""
    write_run(tmp_path / "one", "RUNNING on a node")
    for options, is_asked_for in (([], True), (["--no-mouse"], False)):
        with terminal([*STATUSTUI, *options, str(tmp_path)]) as screen:
            screen.wait_for("RUNNING")
            assert (b"\x1b[?1000h" in screen.output) is is_asked_for
            screen.press("q")
            assert screen.wait_for_end() == 0


def _ids(screen: Terminal) -> list[str]:
    """The ids of the first rows of the list, where they are drawn."""
    return re.findall(r"^ \S +\S+ (\d\d) ", "\n".join(screen.lines[3:20]), re.MULTILINE)


@pytest.mark.slow
def test_the_wheel_scrolls_and_a_click_selects(tmp_path: Path) -> None:
    """As a terminal sends them."""
    for number in range(1, 61):
        write_run(tmp_path / f"{number:02}", f"RUN_TIMEOUT after {number} min")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        before = [f"{number:02}" for number in range(1, 18)]
        screen.wait_until(lambda: _ids(screen) == before, "the list in its order")
        screen.press("\x1b[<65;10;10M")
        screen.wait_until(
            lambda: _ids(screen)[:14] == before[3:],
            "the list scrolled by three rows, on all lines",
        )
        chosen = _ids(screen)[4]
        screen.press("\x1b[<0;10;8M\x1b[<0;10;8m")
        screen.press("\r")
        screen.wait_for("why: RUN_TIMEOUT")
        assert chosen in screen.lines[0]


AUDIT = """
import os, sys
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
root = sys.argv[1]
CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod",
            "os.chown", "os.utime", "os.truncate", "os.setxattr", "os.removexattr", "os.lockf",
            "fcntl.flock", "fcntl.lockf", "shutil.rmtree", "shutil.move"}
def audit(event, arguments):
    if event != "open" and event not in CHANGING:
        return
    if not any(root in os.fsdecode(argument) for argument in arguments
               if isinstance(argument, (str, bytes))):
        return
    writes = event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.write(log, f"{'WRITE' if writes else 'read'} {event} {arguments}\\n".encode())
sys.addaudithook(audit)
from statustui.cli.main import main
main()
"""


@pytest.mark.slow
def test_a_monitoring_session_opens_nothing_in_the_tree_for_writing(tmp_path: Path) -> None:
    """An audit of every file call of the program, from start to end, with a drill-down."""
    tree = tmp_path / "tree"
    run = write_run(tree / "test_runs" / "1", "RUNNING x")
    (tree / "test_runs" / "2").mkdir()
    (run / "run.log").write_text("step 1\nmpi error: no more nodes\n")
    (run / "results.json").write_text('{"gflops": 12.5}')
    log = tmp_path / "audit"
    with terminal([sys.executable, "-c", AUDIT, str(log), str(tree)]) as screen:
        screen.wait_for("RUNNING")
        set_status(run, "RUN_TIMEOUT", "now")
        screen.wait_for("RUN_TIMEOUT")
        screen.press("\r")
        screen.wait_for("why: RUN_TIMEOUT")
        screen.wait_for("no more nodes")
        screen.press("\r!")
        screen.wait_for("▸mpi error")
        screen.press("\t")
        screen.wait_for("gflops  12.5")
        screen.press("qsS!r")
        screen.wait_for("1 failed")
        screen.press("\x11")
        assert screen.wait_for_end() == 0
    events = log.read_text().splitlines()
    for name in ("status", "run.log", "results.json"):
        assert any(event.startswith("read open") and name in event for event in events)
    assert [event for event in events if event.startswith("WRITE")] == []


def test_the_audit_finds_a_write(tmp_path: Path) -> None:
    """The check above can fail."""
    log = tmp_path / "audit"
    tree = tmp_path / "tree"
    arguments = [sys.executable, "-c", AUDIT, str(log), str(tree)]
    program = AUDIT.replace("main()", "sys.argv[1:] = ['set', root, 'RUNNING']; main()")
    arguments[2] = program
    subprocess.run(arguments, check=True, timeout=60)
    assert "WRITE open" in log.read_text()


def test_the_demo_shows_a_living_cluster_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its temporary directory and its process are gone when the monitor is left."""
    with terminal(
        [*STATUSTUI, "demo", "--runs", "60", "--speed", "20"], TMPDIR=str(tmp_path)
    ) as screen:
        screen.wait_for("events")
        (directory,) = tmp_path.iterdir()
        statuses = list((directory / "test_runs").glob("*/status"))
        assert statuses
        before = screen.lines
        screen.wait_until(lambda: screen.lines[0] != before[0], "another count")
        screen.press("q")
        assert screen.wait_for_end() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_demo_ends_with_a_monitor_that_is_killed(tmp_path: Path) -> None:
    """Its second process deletes the temporary directory by itself."""
    with terminal([*STATUSTUI, "demo", "--runs", "10"], TMPDIR=str(tmp_path)) as screen:
        screen.wait_for("events")
        assert list(tmp_path.iterdir())
        os.kill(screen.pid, 9)
        wait_until(lambda: not list(tmp_path.iterdir()), "the temporary directory to go")
