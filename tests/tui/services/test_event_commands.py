"""The commands for problems and for the end, as real processes."""

from __future__ import annotations

import json
import os
import queue
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from statustui.core.categories import Category
from statustui.core.run import Run, RunMetadata
from statustui.tui.services.event_commands import EndCommand, ProblemCommand
from statustui.tui.services.runs_command import call_command, describe_run
from tests.monitor.surroundings import mirror
from tests.runs import make
from tests.tui.stand_in import Clock
from tests.waiting import DEADLINE, wait_until

HOSTILE = "RUN_FAILED $(touch /tmp/x) `id` ; rm -rf ~ \x1b[2J"
TELL = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
RECORD = """
import json, os, sys
about = {key: value for key, value in os.environ.items() if key.startswith("STATUSTUI_")}
about["runs"] = [json.loads(line) for line in sys.stdin]
with open(sys.argv[1], "a") as file:
    print(json.dumps(about), file=file)
"""
"""Appends what it is given to a file, as one line."""

COUNT = """
import os, sys, time
from statustui.tui.services.event_commands import ProblemCommand
from tests.runs import make
command = ProblemCommand(sys.argv[1:], print, gather=0, clock=time.monotonic)
command.add([make("r/1", "RUN_ERROR x")])
beats, end = 0, time.monotonic() + 1
while time.monotonic() < end:
    time.sleep(0.01)
    beats += 1
print(beats, flush=True)
os._exit(0)
"""


def call(command: Sequence[str], run: Run) -> str | None:
    """Call a command for a run with a problem."""
    return call_command(command, [run], describe_run(run))


def problem_command(
    command: Sequence[str],
    troubles: queue.Queue[str],
    gather: float = 0.0,
    clock: Clock | None = None,
) -> ProblemCommand:
    """A command for problems that tells its troubles to a queue."""
    return ProblemCommand(command, troubles.put, gather=gather, clock=clock or Clock(100.0))


def calls(path: Path, number: int) -> list[dict[str, Any]]:
    """What `RECORD` has been given, once it has been called so often."""
    wait_until(lambda: path.exists() and path.read_text().count("\n") == number, "the calls")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_command_learns_of_the_run_from_its_environment(tmp_path: Path) -> None:
    """What stands in a note is text, and nothing that a shell or a terminal would act on."""
    out = tmp_path / "out"
    run = make("r/1", HOSTILE, user="mia")
    assert call([sys.executable, "-c", TELL, str(out)], run) is None
    told = json.loads(out.read_text())
    assert told["STATUSTUI_NOTE"] == "$(touch /tmp/x) `id` ; rm -rf ~ \\x1b[2J"
    assert told["STATUSTUI_PATH"] == str(Path("r/1").absolute())
    assert [told[f"STATUSTUI_{key}"] for key in ("ID", "NAME", "USER", "STATE", "CATEGORY")] == [
        "1",
        "suite.test",
        "mia",
        "RUN_FAILED",
        Category.FAILED.value,
    ]


def test_what_is_wrong_with_a_command_is_told() -> None:
    """It cannot be run, or it fails."""
    run = make("r/1", "RUN_ERROR x")
    assert call(["/nonexistent/cmd"], run) == "/nonexistent/cmd: No such file or directory"
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    assert call(failing, run) == f"{sys.executable}: exit status 3"


def test_commands_run_one_after_the_other_and_too_many_are_left_out(tmp_path: Path) -> None:
    """And that is told; what puts them never waits."""
    troubles: queue.Queue[str] = queue.Queue()
    order = "import os, sys; print(os.environ['STATUSTUI_ID'], file=open(sys.argv[1], 'a'))"
    out = tmp_path / "out"
    runner = problem_command([sys.executable, "-c", f"{order}; sys.exit(1)", str(out)], troubles)
    runner.add(make(f"r/{number}", "RUN_ERROR x") for number in range(3))
    for _ in range(3):
        assert troubles.get(timeout=DEADLINE).endswith("exit status 1")
    assert out.read_text().split() == ["0", "1", "2"]
    go, ended = tmp_path / "go", tmp_path / "ended"
    script = f"until [ -e {go} ]; do sleep 0.05; done; echo >> {ended}"
    idle = problem_command(["sh", "-c", script], troubles)
    idle.add(make(f"r/{number}", "RUN_ERROR x") for number in range(300))
    assert "100 calls are waiting already" in troubles.get(timeout=DEADLINE)
    # No process is left to start later, beside another test.
    go.touch()
    wait_until(lambda: ended.exists() and len(ended.read_text()) >= 100)


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="Python 3.10 lets no thread run while it starts a process"
)
def test_a_command_on_a_filesystem_that_hangs_stops_no_other_thread(tmp_path: Path) -> None:
    """Not even while its process is being started."""
    with mirror(tmp_path) as place:
        command = place.behind / "mail"
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
        place.hang()
        arguments = [sys.executable, "-c", COUNT, str(place.place / "mail")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            try:
                printed, _errors = process.communicate(timeout=20)
            finally:
                place.go_on()
                process.kill()
    assert int(printed) > 10


def test_no_note_is_too_large_for_the_command_of_its_run(tmp_path: Path) -> None:
    """Nor a name, whatever it is made of; each is cut to 4 KiB, and says so."""
    out = tmp_path / "out"
    run = make("r/1", "RUN_ERROR x")._replace(
        metadata=RunMetadata("\u0301" * 200_000, "n" * 200_000)
    )
    assert call([sys.executable, "-c", TELL, str(out)], run) is None
    told = json.loads(out.read_text())
    for key in ("NAME", "USER"):
        assert len(told[f"STATUSTUI_{key}"].encode()) <= 4096
        assert told[f"STATUSTUI_{key}"].endswith("…")


def test_a_command_runs_though_the_working_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is told as it was given then."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert call([sys.executable, "-c", "pass"], make("r/1", "RUN_ERROR x")) is None


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "zsh", "ksh", "busybox"])
def test_the_example_of_the_readme_undoes_no_cleaning(tmp_path: Path, shell: str) -> None:
    """Whatever shell is called sh: some make control characters of escapes by themselves."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not there")
    readme = Path(__file__).parents[3] / "docs" / "notifications.md"
    (line,) = re.findall("^statustui --on-problem (.*)$", readme.read_text("utf-8"), re.MULTILINE)
    (command,) = shlex.split(line)
    (tmp_path / "sh").symlink_to(path)
    (tmp_path / "mail").write_text(f"#!/bin/sh\ncat > {tmp_path}/mailed\n")
    (tmp_path / "mail").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert call(shlex.split(command), make("r/1", "RUN_ERROR a\x1b[2J \\033[31m %s")) is None
    assert (tmp_path / "mailed").read_text() == "a\\x1b[2J \\033[31m %s\n"


def test_a_command_reads_its_runs_as_json_whether_or_not_it_has_gathered_them(
    tmp_path: Path,
) -> None:
    """As `list --jsonl` prints them, with an absolute path; the number is in the environment."""
    out, troubles = tmp_path / "out", queue.Queue[str]()
    command = problem_command([sys.executable, "-c", RECORD, str(out)], troubles)
    command.add([make("r/1", "RUN_ERROR lost")])
    [told] = calls(out, 1)
    [run] = told["runs"]
    assert (told["STATUSTUI_COUNT"], told["STATUSTUI_ID"]) == ("1", "1")
    assert (run["path"], run["state"]) == (str(Path("r/1").absolute()), "RUN_ERROR")


def test_many_problems_are_one_call_when_they_have_been_gathered_for_long_enough(
    tmp_path: Path,
) -> None:
    """Each run once, as it was last; the variables describe the first."""
    out, troubles, clock = tmp_path / "out", queue.Queue[str](), Clock(100.0)
    command = problem_command([sys.executable, "-c", RECORD, str(out)], troubles, 60.0, clock)
    command.add(make(f"r/{number}", "RUN_ERROR x") for number in range(300))
    clock.now += 59
    command.add(make(f"r/{number}", "RUN_ERROR y") for number in range(200, 400))
    command.call_if_due()
    clock.now += 1
    command.call_if_due()
    command.call_if_due()
    [told] = calls(out, 1)
    assert (told["STATUSTUI_COUNT"], told["STATUSTUI_ID"]) == ("400", "0")
    assert [run["note"] for run in told["runs"]] == ["x"] * 200 + ["y"] * 200
    command.add([make("r/9", "RUN_ERROR again")])
    command.close()
    assert calls(out, 2)[1]["STATUSTUI_COUNT"] == "1"
    assert troubles.empty()


def test_a_call_is_given_ten_thousand_runs_at_most_and_the_number_of_all(tmp_path: Path) -> None:
    """So that nothing that a tree does takes more and more memory."""
    out, troubles, clock = tmp_path / "out", queue.Queue[str](), Clock(100.0)
    command = problem_command([sys.executable, "-c", RECORD, str(out)], troubles, 60.0, clock)
    run = make("r/0", "RUN_ERROR x")
    command.add(run._replace(path=f"r/{number}") for number in range(10_005))
    clock.now += 60
    command.call_if_due()
    [told] = calls(out, 1)
    assert (told["STATUSTUI_COUNT"], len(told["runs"])) == ("10005", 10_000)


def test_a_command_that_reads_nothing_is_not_held_up() -> None:
    """However much there is to read."""
    runs = [make("r/1", "RUN_ERROR " + "x" * 4000)] * 100
    assert call_command([sys.executable, "-c", "pass"], runs, {}) is None


def test_the_end_is_told_with_what_has_finished_since_the_last_end(tmp_path: Path) -> None:
    """And how many of these have a problem; nothing while runs are under way."""
    out, clock = tmp_path / "out", Clock(100.0)
    command = EndCommand([sys.executable, "-c", RECORD, str(out)], print, gather=0, clock=clock)
    passed = make("r/1", "RUNNING x", "COMPLETE result: PASS")
    command.add([passed], under_way=1, has_finished=False)
    command.add([make("r/2", "RUN_ERROR x")], under_way=0, has_finished=True)
    [told] = calls(out, 1)
    assert (told["STATUSTUI_COUNT"], told["STATUSTUI_PROBLEMS"]) == ("2", "1")
    assert "STATUSTUI_ID" not in told
    assert [run["id"] for run in told["runs"]] == ["1", "2"]
    command.add([], under_way=0, has_finished=False)
    command.add([passed], under_way=0, has_finished=True)
    assert calls(out, 2)[1]["STATUSTUI_COUNT"] == "1"


def test_an_end_that_does_not_last_is_no_end(tmp_path: Path) -> None:
    """With --gather: the next runs of a series begin a moment after the last have finished."""
    out, clock = tmp_path / "out", Clock(100.0)
    command = EndCommand([sys.executable, "-c", RECORD, str(out)], print, gather=60, clock=clock)
    one, two = (make(f"r/{number}", "COMPLETE result: PASS") for number in "12")
    command.add([one], under_way=0, has_finished=True)
    clock.now += 59
    command.add([], under_way=3, has_finished=False)
    clock.now += 10
    command.call_if_due()
    command.close()
    assert not out.exists()
    command.add([two], under_way=0, has_finished=True)
    command.close()
    [told] = calls(out, 1)
    assert told["STATUSTUI_COUNT"] == "2"
