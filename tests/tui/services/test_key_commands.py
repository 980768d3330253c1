"""Commands of the user on keys, as real processes."""

from __future__ import annotations

import queue
import sys
from io import FileIO
from pathlib import Path

import pytest

from statustui.core.run import Run
from statustui.settings.key_command import KeyCommand
from statustui.tui.services.key_commands import FetchLog, KeyCommands, find_log
from tests.runs import make
from tests.trees import read_runs, write_run
from tests.waiting import DEADLINE

PRINT = "import sys; print('\\n'.join(sys.argv[1:]))"


class Calls:
    """`KeyCommands` whose messages come in a queue."""

    def __init__(self, log: str | None = None, fetch: FetchLog = lambda _run, _path: None) -> None:
        """Find this log for every run of this host."""
        self._said: queue.Queue[tuple[str, object]] = queue.Queue()
        self._commands = KeyCommands(
            lambda _run: log,
            fetch_log=fetch,
            start=lambda _command, words, _files: self._said.put(("start", words)),
            tell=lambda text: self._said.put(("tell", text)),
            warn=lambda text: self._said.put(("warn", text)),
        )

    def call(
        self, *words: str, runs: list[Run], in_background: bool = True, log: str | None = None
    ) -> tuple[str, object]:
        """Call a command; return the message that comes."""
        command = KeyCommand("X", words, "mine", in_background=in_background)
        self._commands.call(command, runs, log)
        return self.next()

    def next(self) -> tuple[str, object]:
        """Return the next message."""
        return self._said.get(timeout=DEADLINE)

    def begin(self, *words: str) -> None:
        """Call a command, and wait for nothing."""
        self._commands.call(KeyCommand("X", words, "mine", in_background=True), [make("r/1", "X")])


def test_a_command_for_the_foreground_is_handed_over_with_absolute_paths() -> None:
    """Runs without a log are left out of a command that needs one."""
    runs = [make("r/1", "RUNNING x"), make("r/2", "RUNNING x")]
    kind, words = Calls().call("ls", "{path}", "{id}", runs=runs, in_background=False)
    assert kind == "start"
    assert words == ["ls", str(Path("r/1").absolute()), str(Path("r/2").absolute()), "1", "2"]
    kind, words = Calls("r/1/run.log").call("less", "{log}", runs=runs[:1], in_background=False)
    assert words == ["less", str(Path("r/1/run.log").absolute())]
    _kind, words = Calls().call("less", "{log}", runs=runs[:1], in_background=False, log="/a.log")
    assert words == ["less", "/a.log"]
    assert Calls().call("less", "{log}", runs=runs) == ("warn", "mine: there is no log")
    assert Calls().call("ls", "{path}", runs=[]) == ("warn", "mine: there is no run")


def test_a_command_in_the_background_tells_the_last_line_that_it_has_said() -> None:
    """Cleaned and cut, or how it has failed."""
    runs = [make("r/1", "RUNNING x")]
    said = Calls().call(sys.executable, "-c", PRINT, "first", "la\x1b[2Jst", "", runs=runs)
    assert said == ("tell", "mine: la\\x1b[2Jst")
    assert Calls().call("true", runs=runs) == ("tell", "mine: done")
    fail = "import sys; print('x' * 100_000); sys.exit('no' * 500)"
    kind, text = Calls().call(sys.executable, "-c", fail, runs=runs)
    assert kind == "warn"
    assert str(text).startswith("mine: exit status 1: nono")
    assert len(str(text)) < 250
    assert Calls().call("false", runs=runs) == ("warn", "mine: exit status 1")
    missing = Calls().call("/no/such/program", runs=runs)
    assert missing == ("warn", "mine: No such file or directory")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("-rf", "the id -rf would be an option"), ("a\x1b[2Jb", "has control characters")],
)
def test_no_name_in_the_tree_acts_as_an_option_or_on_the_terminal(name: str, reason: str) -> None:
    """The command is not called; other users give runs their names."""
    kind, text = Calls().call("rm", "{id}", runs=[make(f"r/{name}", "RUNNING x")])
    assert kind == "warn"
    assert reason in str(text)
    assert "\x1b" not in str(text)


def test_logs_of_other_hosts_are_fetched_for_the_command(tmp_path: Path) -> None:
    """It opens each as a file that it inherits; there are at most twenty."""
    log = tmp_path / "log"
    log.write_text("first\nlast\n", encoding="utf-8")
    asked: list[tuple[str, str | None]] = []
    opened: list[FileIO] = []

    def fetch(run: Run, path: str | None) -> FileIO | None:
        asked.append((run.id, path))
        if run.id == "none":
            return None
        opened.append(FileIO(log))
        return opened[-1]

    def far(number: object) -> Run:
        return make(f"host:wd/{number}", "RUNNING x")._replace(root="host:wd")

    calls = Calls("r/1/run.log", fetch)
    said = calls.call("cat", "{log}", runs=[far(1), far("none"), far(2)])
    assert said == ("tell", "mine: last")
    assert asked == [("1", None), ("none", None), ("2", None)]
    assert [file.closed for file in opened] == [True, True]
    kind, words = calls.call("less", "{log}", runs=[far(1)], in_background=False, log="host:wd/x")
    assert (kind, words) == ("start", ["less", f"/dev/fd/{opened[-1].fileno()}"])
    assert asked[-1] == ("1", "host:wd/x")
    opened.pop().close()
    said = calls.call("cat", "{log}", runs=[far(number) for number in range(21)])
    assert said == ("warn", "mine: more than 20 logs are on other hosts")
    assert all(file.closed for file in opened)


def test_ten_commands_run_at_a_time(tmp_path: Path) -> None:
    """One more is refused, until one of them has ended."""
    calls, gate = Calls(), tmp_path / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    for _ in range(11):
        calls.begin(sys.executable, "-c", wait)
    assert calls.next() == ("warn", "mine: 10 commands are running already")
    gate.touch()
    assert {calls.next() for _ in range(10)} == {("tell", "mine: done")}


def test_the_log_of_a_run_is_the_one_that_its_screen_quotes(tmp_path: Path) -> None:
    """None if it has none that says anything."""
    place = write_run(tmp_path / "one", "RUNNING x")
    [run] = read_runs(tmp_path)
    assert find_log(run, 10.0) is None
    (place / "run.log").write_text("step 1\n")
    assert find_log(run, 10.0) == str(place / "run.log")
