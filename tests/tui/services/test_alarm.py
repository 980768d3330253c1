"""A call when it matters."""

from __future__ import annotations

import json
import os
import queue
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.run import Run, RunMetadata
from statustui.monitor.batch import Batch
from statustui.tui.model.store import RunStore
from statustui.tui.services.alarm import Alarm, ProblemCommand, run_command
from tests.monitor.surroundings import mirror
from tests.runs import make
from tests.tui.stand_in import Clock
from tests.waiting import DEADLINE

HOSTILE = "RUN_FAILED $(touch /tmp/x) `id` ; rm -rf ~ \x1b[2J"
TELL = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"

COUNT = """
import os, sys, time
from statustui.tui.services.alarm import ProblemCommand
from tests.runs import make
ProblemCommand(sys.argv[1:], print).queue_runs([make("r/1", "RUN_ERROR x")])
beats, end = 0, time.monotonic() + 1
while time.monotonic() < end:
    time.sleep(0.01)
    beats += 1
print(beats, flush=True)
os._exit(0)
"""


def batch_of(*runs: Run) -> Batch:
    """A batch of changes."""
    return Batch(runs)


def test_a_problem_is_called_for_once_and_many_together() -> None:
    """Those that come soon after wait for the next call."""
    clock = Clock(100.0)
    alarm = Alarm(is_on=True, clock=clock)
    assert alarm.pop_text() is None
    alarm.add([make("r/1", "RUN_ERROR lost\x1b[2J", name="a.b")], has_finished=False)
    assert alarm.pop_text() == "statustui: 1 a.b lost\\x1b[2J"
    assert alarm.pop_text() is None
    alarm.add([make("r/2", "RUN_ERROR x")], has_finished=False)
    alarm.add([make("r/3", "RUN_ERROR x")], has_finished=True)
    assert alarm.pop_text() is None
    clock.now += 5
    said = "statustui: 2 new problems, first 2 suite.test x; all runs have finished"
    assert alarm.pop_text() == said
    assert alarm.pop_text() is None


def test_an_alarm_that_is_off_says_nothing_also_later() -> None:
    """What happened before it was switched on is over."""
    alarm = Alarm(is_on=False, clock=Clock(100.0))
    alarm.add([make("r/1", "RUN_ERROR x")], has_finished=True)
    alarm.toggle()
    assert alarm.pop_text() is None
    alarm.add([], has_finished=True)
    assert alarm.pop_text() == "statustui: all runs have finished"


def test_a_command_learns_of_the_run_from_its_environment(tmp_path: Path) -> None:
    """What stands in a note is text, and nothing that a shell or a terminal would act on."""
    out = tmp_path / "out"
    run = make("r/1", HOSTILE, user="mia")
    assert run_command([sys.executable, "-c", TELL, str(out)], run) is None
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
    assert run_command(["/nonexistent/cmd"], run) == "/nonexistent/cmd: No such file or directory"
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    assert run_command(failing, run) == f"{sys.executable}: exit status 3"


def test_commands_run_one_after_the_other_and_too_many_are_left_out(tmp_path: Path) -> None:
    """And that is told; what puts them never waits."""
    troubles: queue.Queue[str] = queue.Queue()
    order = "import os, sys; print(os.environ['STATUSTUI_ID'], file=open(sys.argv[1], 'a'))"
    out = tmp_path / "out"
    runner = ProblemCommand([sys.executable, "-c", f"{order}; sys.exit(1)", str(out)], troubles.put)
    runner.queue_runs(make(f"r/{number}", "RUN_ERROR x") for number in range(3))
    for _ in range(3):
        assert troubles.get(timeout=DEADLINE).endswith("exit status 1")
    assert out.read_text().split() == ["0", "1", "2"]
    idle = ProblemCommand([sys.executable, "-c", "import time; time.sleep(60)"], troubles.put)
    idle.queue_runs(make(f"r/{number}", "RUN_ERROR x") for number in range(300))
    assert "100 runs are waiting already" in troubles.get(timeout=DEADLINE)


def test_the_store_counts_the_listed_runs_that_are_under_way() -> None:
    """They wait, build or run."""
    store = RunStore("id")
    store.apply(
        batch_of(make("r/1", "RUNNING x"), make("r/2", "RUN_ERROR x"), make("r/3", "SCHEDULED x"))
    )
    assert store.under_way == 2
    store.apply(batch_of(make("r/1", "RUNNING x", "RUN_TIMEOUT x"), make("r/4", "RUNNING x")))
    store.apply(batch_of(make("r/1", "RUN_TIMEOUT x", "INFO y")))
    store.set_filter(lambda run: run.id == "3", narrows=False)
    assert store.under_way == 1
    store.apply(batch_of(make("r/3", "SCHEDULED x", "COMPLETE result: PASS")))
    assert store.under_way == 0
    store.set_filter(None, narrows=False)
    assert store.under_way == 1


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
    assert run_command([sys.executable, "-c", TELL, str(out)], run) is None
    told = json.loads(out.read_text())
    for key in ("NAME", "USER"):
        assert len(told[f"STATUSTUI_{key}"].encode()) <= 4096
        assert told[f"STATUSTUI_{key}"].endswith("…")


def test_what_is_said_of_a_run_is_short() -> None:
    """A notification is a line, whatever stands in the note."""
    alarm = Alarm(is_on=True, clock=Clock(100.0))
    alarm.add([make("r/1", "RUN_ERROR " + "a\u0301\U000e0101" * 1000)], has_finished=False)
    said = alarm.pop_text()
    assert said is not None
    assert len(said.encode()) < 300


def test_a_command_runs_though_the_working_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is told as it was given then."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run_command([sys.executable, "-c", "pass"], make("r/1", "RUN_ERROR x")) is None


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
        assert (
            run_command(shlex.split(command), make("r/1", "RUN_ERROR a\x1b[2J \\033[31m %s"))
            is None
        )
    assert (tmp_path / "mailed").read_text() == "a\\x1b[2J \\033[31m %s\n"
