"""The command line, through real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from statustui.core.categories import Category
from tests.commands import run_command
from tests.terminal import STATUSTUI, terminal
from tests.trees import CORPORA, DATA, append, write_run
from tests.waiting import DEADLINE


def run(
    *arguments: str, status: int = 0, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run statustui and expect this exit status, and never a traceback."""
    done = run_command(*arguments, cwd=cwd, **env)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def listed(*arguments: str) -> dict[str, dict[str, Any]]:
    """Path -> run object of ``list --json``."""
    answer = json.loads(run("list", "--json", *arguments).stdout)
    assert set(answer) == {"version", "roots", "generated", "incomplete", "runs"}
    assert datetime.fromisoformat(answer["generated"]).tzinfo is not None
    return {run["path"]: run for run in answer["runs"]}


def test_a_filter_chooses_what_is_listed() -> None:
    """`list -F` uses the language of the monitor, and marks a mistake at its position."""
    root = str(DATA / "pavilion-2.4")
    states = {one["state"] for one in listed("-F", "state=*ERROR", root).values()}
    assert states == {"ERROR", "BUILD_ERROR", "RESULTS_ERROR"}
    hidden = listed("--filter", "has=BUILD_FAILED !state=BUILD_FAILED", root)
    assert [one["id"] for one in hidden.values()] == ["13"]
    refused = run("list", "-F", "a (b", root, status=2)
    assert refused.stderr.splitlines()[-3:] == [
        "Error: Invalid value for '--filter': this parenthesis is not closed",
        "  a (b",
        "    ^",
    ]


@pytest.mark.parametrize("corpus", CORPORA)
def test_list_agrees_with_what_pavilion_reads(corpus: str) -> None:
    """State, note, time and number of statuses of every run."""
    root = DATA / corpus
    runs = listed(str(root))
    oracle = json.loads((DATA / f"{corpus}.oracle.json").read_text())
    for directory, expected in oracle.items():
        found = runs[f"{root}/{directory}"]
        assert [found["state"], found["note"], round(found["timestamp"], 6)] == expected["current"]
        assert found["updates"] == len(expected["history"])
        assert datetime.fromisoformat(found["time"]).timestamp() == pytest.approx(
            found["timestamp"]
        )


def test_hidden_failures_are_problems() -> None:
    """A run whose last status says nothing of its failure still counts as a problem."""
    root = DATA / "pavilion-2.4"
    runs = listed(str(root))
    found = {number: runs[f"{root}/test_runs/{number}"] for number in (1, 12, 13, 14)}
    assert {number: run["category"] for number, run in found.items()} == {
        1: "passed",
        12: "failed",
        13: "failed",
        14: "failed",
    }
    assert found[1]["problem"] is None
    assert found[13]["state"] == found[14]["state"] == "BUILD_CREATED"
    assert found[12]["problem"]["state"] == "ENV_FAILED"
    assert found[13]["problem"]["state"] == "BUILD_FAILED"
    assert found[14]["problem"] == {
        "state": "BUILD_TIMEOUT",
        "note": "Build timed out after 2 seconds.",
        "timestamp": 1795468411.264574,
    }


def test_a_run_object_has_the_documented_keys(tmp_path: Path) -> None:
    """Also that of a run that has no status file."""
    root = Path(shutil.copytree(DATA / "pavilion-2.4", tmp_path / "tree"))
    os.utime(root / "test_runs" / "20", (1000, 1000))
    runs = listed(str(root))
    keys = {"path", "id", "name", "kind", "state", "category", "note", "time", "timestamp"}
    keys |= {"user", "series", "problem", "result", "stalled", "updates", "error"}
    keys |= {"recovered", "results_file", "members", "job", "past", "system"}
    assert all(set(run) == keys for run in runs.values())
    empty = runs[f"{root}/test_runs/20"]
    assert (empty["state"], empty["category"], empty["updates"]) == ("UNKNOWN", "error", 0)
    assert empty["error"]
    assert (empty["time"], empty["timestamp"]) == (None, None)


def test_jsonl_is_an_object_a_line(tmp_path: Path) -> None:
    """Sorting and limits apply, and text is escaped so that it cannot act on a terminal."""
    write_run(tmp_path / "a", "RUNNING \x1b[2J")
    write_run(tmp_path / "b", "RUN_ERROR x")
    write_run(tmp_path / "c", "COMPLETE x")
    lines = run("list", "--jsonl", "-s", "-id", "-l", "2", str(tmp_path)).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["c", "b"]
    everything = run("list", "--jsonl", str(tmp_path)).stdout
    assert "\x1b" not in everything
    assert json.loads(everything.splitlines()[0])["note"] == "\x1b[2J"


def test_the_table_never_cuts_a_state(tmp_path: Path) -> None:
    """Without a terminal no column is cut, and control characters are escaped."""
    state = "A_STATE_OF_A_VERY_LONG_NAME_INDEED"
    write_run(tmp_path / "a", f"{state} {'x' * 300}\x1b")
    output = run("list", str(tmp_path), COLUMNS="20").stdout
    assert state in output
    assert "x" * 300 + r"\x1b" in output
    assert "\x1b" not in output
    with terminal([*STATUSTUI, "list", str(tmp_path)], columns=60) as screen:
        assert screen.wait_for_end() == 0
        assert any(state in line for line in screen.lines)
        assert b"x" * 60 not in screen.output


def test_without_a_terminal_the_monitor_lists(tmp_path: Path) -> None:
    """The default command on the default root, the current directory."""
    write_run(tmp_path / "a", "RUNNING here")
    assert "RUNNING here" not in run("-h").stdout
    for arguments in ([], ["."], [str(tmp_path)]):
        assert "here" in run(*arguments, cwd=tmp_path).stdout


def test_exit_status_tells_problems_when_asked(tmp_path: Path) -> None:
    """`--exit-status` gives 0, or 1 if a listed run has a problem."""
    write_run(tmp_path / "a", "RUNNING x")
    run("list", "--exit-status", str(tmp_path))
    write_run(tmp_path / "b", "BUILD_FAILED x", "BUILD_CREATED x")
    run("list", "--exit-status", str(tmp_path), status=1)
    run("list", str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["/no/such/root"], "statustui: /no/such/root: No such file or directory"),
        (["list", "/no/such/root"], "statustui: /no/such/root: No such file or directory"),
        (["list", __file__], "Not a directory"),
        (["list", "--sort", "colour"], "not one of category"),
        (["list", "--nonsense"], "No such option"),
        (["history", "/no/such/run"], "statustui: /no/such/run: No such file"),
        (["history", "/dev/null"], "statustui: /dev/null: not a regular file"),
        (["set", "/dev/null/run", "RUNNING"], "statustui: /dev/null/run: "),
        (["set", "run"], "Missing argument"),
        (["demo", str(DATA)], "the directory is not empty"),
        (["demo"], "not a terminal"),
    ],
)
def test_bad_input_gets_a_clear_message(arguments: list[str], reason: str) -> None:
    """The exit status is 2, the message is on standard error, and nothing is created."""
    done = run(*arguments, status=2)
    assert reason in done.stderr
    assert done.stdout == ""
    assert not Path("/no").exists()


def test_history_prints_every_status_with_its_whole_note(tmp_path: Path) -> None:
    """Times, time since the status before, and the lines of a note."""
    path = write_run(tmp_path / "a", "CREATED made", "RUN_USER one\\ntwo", "COMPLETE x")
    (path / "run.log").write_text("step 1\nmesh is broken\n")
    lines = run("history", str(path)).stdout.splitlines()
    assert [line.split()[2:] for line in lines[:4]] == [
        ["CREATED", "made"],
        ["+1.00s", "RUN_USER", "one"],
        [],
        ["+1.00s", "COMPLETE", "x"],
    ]
    assert lines[2].strip() == "two"
    assert lines[5].startswith("= passed: a a, COMPLETE for ")
    assert lines[6] == "time in states: CREATED 1.00s, RUN_USER 1.00s"
    assert len(lines) == 7
    answer = json.loads(run("history", "--json", str(path / "status")).stdout)
    assert answer["path"] == str(path / "status")
    assert answer["history"][1]["note"] == "one\ntwo"
    assert set(answer["history"][0]) == {"state", "note", "time", "timestamp"}


def test_history_says_why_a_run_failed_and_folds_what_repeats(tmp_path: Path) -> None:
    """With the end of the log; damaged lines have their number."""
    path = write_run(
        tmp_path / "test_runs" / "7",
        *["BUILD_DEFERRED waits"] * 3,
        "BUILD_FAILED no \x1b[2J\\nluck",
        "BUILD_CREATED x",
    )
    with (path / "status").open("a") as file:
        file.write("garbage\n")
    (path / "build.log").write_text("\n\x1b[31mcc: error\x1b[0m\n")
    lines = [line.strip() for line in run("history", str(path)).stdout.splitlines()]
    assert lines[1] == "(set 3 times in 2.00s)"
    assert lines[5].split() == ["line", "6", "garbage"]
    assert lines[7].startswith("F failed: 7")
    assert lines[8:] == [
        "time in states: BUILD_DEFERRED 3.00s, BUILD_FAILED 1.00s",
        "why: BUILD_FAILED",
        "no \\x1b[2J",
        "luck",
        "end of build log:",
        "cc: error",
    ]
    answer = json.loads(run("history", "--json", str(path)).stdout)
    assert answer["seconds"] == {"BUILD_DEFERRED": 3.0, "BUILD_FAILED": 1.0, "BUILD_CREATED": 0.0}


def test_history_creates_nothing(tmp_path: Path) -> None:
    """Although opening a `StatusFile` would."""
    (tmp_path / "a").mkdir()
    run("history", str(tmp_path / "a"), status=2)
    assert list((tmp_path / "a").iterdir()) == []


def test_set_writes_a_status_that_list_reads(tmp_path: Path) -> None:
    """The run directory is created."""
    path = tmp_path / "new" / "run"
    run("set", str(path), "RUNNING", "phase 1\nof 2")
    history = json.loads(run("history", "--json", str(path)).stdout)["history"]
    assert [(entry["state"], entry["note"]) for entry in history] == [
        ("CREATED", "Created status file."),
        ("RUNNING", "phase 1\nof 2"),
    ]


@pytest.mark.parametrize(
    ("state", "note", "reason"),
    [
        ("BOGUS", "x", "BOGUS: unknown state"),
        ("running", "x", "running: unknown state"),
        ("B\x1b[2J", "x", "B\\x1b[2J: unknown state"),
        ("RUNNING", "ä" * 2027, "the note has 4,054 bytes; at most 4,052 can be stored"),
        ("RUNNING", "\n" * 2027, "the note has 4,054 bytes"),
        ("RUNNING", b"caf\xe9", "the note is not valid UTF-8"),
    ],
)
def test_set_refuses_what_it_cannot_store_as_it_is_given(
    tmp_path: Path, state: str, note: str | bytes, reason: str
) -> None:
    """Nothing is created or written."""
    text = os.fsdecode(note)
    assert reason in run("set", str(tmp_path / "new"), state, text, status=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_the_longest_note_is_stored_whole(tmp_path: Path) -> None:
    """It fills a line of 4096 bytes."""
    note = "ä" * 2026
    run("set", str(tmp_path / "a"), "RUNNING", note)
    history = json.loads(run("history", "--json", str(tmp_path / "a")).stdout)["history"]
    assert history[-1]["note"] == note


def test_a_summary_counts_the_categories(tmp_path: Path) -> None:
    """In one line or as JSON, for the runs that match the filter."""
    write_run(tmp_path / "a", "RUNNING x")
    write_run(tmp_path / "b", "RUN_TIMEOUT x")
    write_run(tmp_path / "c", "RUN_TIMEOUT x")
    tree = str(tmp_path)
    assert run("list", "--summary", tree).stdout == "3 runs: 2 failed, 1 running\n"
    assert run("list", "--summary", "-F", "id=a", tree).stdout == "1 run: 1 running\n"
    assert run("list", "--summary", "-F", "id=z", tree).stdout == "0 runs\n"
    answer = json.loads(run("list", "--summary", "--json", tree).stdout)
    keys = {"version", "roots", "generated", "incomplete", "total", "categories", "stalled"}
    assert set(answer) == keys
    assert answer["version"] == 1
    assert answer["total"] == sum(answer["categories"].values()) == 3
    assert answer["categories"]["failed"] == 2


def test_states_lists_what_each_state_means() -> None:
    """The documented states and those of later versions."""
    assert "BUILD_FAILED     failed" in run("states").stdout
    answer = json.loads(run("states", "--json").stdout)
    assert answer["RUN_ERROR"]["category"] == "error"
    assert "SKIPPED" in answer


@pytest.mark.parametrize(
    "command", [[], ["monitor"], ["list"], ["history"], ["set"], ["states"], ["demo"]]
)
def test_every_command_has_help(command: list[str]) -> None:
    """With -h and --help alike."""
    short, long = run(*command, "-h").stdout, run(*command, "--help").stdout
    assert short == long
    assert short.startswith("Usage: statustui")


def test_the_version() -> None:
    """`--version` prints the version of the package."""
    assert run("--version").stdout.startswith("statustui 0.")


def test_an_unreadable_directory_is_told_and_the_rest_listed(tmp_path: Path) -> None:
    """Standard error names its path and the reason."""
    write_run(tmp_path / "a", "RUNNING x")
    (tmp_path / "secret").mkdir(mode=0)
    done = run("list", str(tmp_path))
    assert "RUNNING" in done.stdout
    if os.geteuid():
        assert "secret: Permission denied" in done.stderr


def test_following_prints_what_matches_and_what_has_matched(tmp_path: Path) -> None:
    """A run that no longer matches is printed once more."""
    one, other = write_run(tmp_path / "a", "RUNNING x"), write_run(tmp_path / "b", "RUN_ERROR x")
    command = [*STATUSTUI, "list", "--follow", "-F", "state=RUNNING", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[3] == "RUNNING"
        append(other, "INFO unheard of")
        append(one, "RUN_TIMEOUT late")
        assert process.stdout.readline().split()[3] == "RUN_TIMEOUT"
        append(one, "INFO unheard of")
        append(other, "RUNNING again", time.time())
        assert process.stdout.readline().split()[1:4] == ["b", "b", "RUNNING"]
        shutil.rmtree(one)
        shutil.rmtree(other)
        assert process.stdout.readline() == f"   {other} is gone\n"
        process.kill()


def test_following_prints_changes_and_removals_until_interrupted(tmp_path: Path) -> None:
    """As text; the tests of the monitor read the JSON form."""
    path = write_run(tmp_path / "a", "RUNNING", "RUN_USER phase 1", start=time.time())
    command = [*STATUSTUI, "list", "--follow", str(tmp_path)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == [">", "a", "a", "RUN_USER", "-", "phase", "1"]
        append(path, "RUN_TIMEOUT late")
        assert process.stdout.readline().split() == ["F", "a", "a", "RUN_TIMEOUT", "-", "late"]
        shutil.rmtree(path)
        assert process.stdout.readline() == f"   {path} is gone\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130


def test_what_has_stalled_is_listed_by_the_configuration_or_the_option(tmp_path: Path) -> None:
    """The option overrides the file; wrong entries are reported, and the others apply."""
    now = time.time()
    write_run(tmp_path / "runs" / "a", "RUNNING", start=now - 3000)
    write_run(tmp_path / "runs" / "b", "RUNNING", start=now - 1000)
    config = tmp_path / "config.toml"
    config.write_text('sort = 3\nstale = "10m"\n', encoding="utf-8")

    def stalled(*options: str) -> list[str]:
        done = run("list", "-F", "stalled", "--jsonl", *options, str(tmp_path / "runs"))
        return [json.loads(line)["id"] for line in done.stdout.splitlines()]

    assert stalled() == ["a"]
    assert stalled("--config", str(config)) == ["a", "b"]
    assert stalled("--config", str(config), "--stale", "2h") == []
    told = run("list", "--config", str(config), str(tmp_path / "runs"))
    assert told.stderr == f"statustui: {config} line 1: sort: must be a string in quotes\n"
    assert "RUNNING ~50m" in told.stdout


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """If `--config` names it; a wrong duration is reported likewise."""
    missing = run("list", "--config", str(tmp_path / "none.toml"), str(tmp_path), status=2)
    assert missing.stderr == f"statustui: {tmp_path}/none.toml: No such file or directory\n"
    wrong = run("list", "--stale", "soon", str(tmp_path), status=2)
    assert "soon: a time is a number and s, m, h or d" in wrong.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--follow"]])
def test_a_reader_that_goes_away_ends_the_output_quietly(
    tmp_path: Path, options: list[str]
) -> None:
    """Also if nothing more would be printed; the exit status is 141, as of other programs."""
    for number in range(2000 if not options else 1):
        write_run(tmp_path / str(number), "RUNNING " + 300 * "x")
    command = [*STATUSTUI, "list", *options, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(DEADLINE) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("option", ["--json", "--limit=3", "--exit-status"])
def test_following_goes_with_nothing_that_waits_for_an_end(tmp_path: Path, option: str) -> None:
    """`--follow` refuses options that need a complete list."""
    assert (
        "--follow cannot be used with"
        in run("list", "--follow", option, str(tmp_path), status=2).stderr
    )


NULL = type(None)
SCHEMA: dict[str, tuple[type, ...]] = {
    "path": (str,),
    "id": (str,),
    "name": (str,),
    "kind": (str,),
    "user": (str,),
    "series": (str, NULL),
    "state": (str,),
    "category": (str,),
    "note": (str,),
    "time": (str, NULL),
    "timestamp": (float, NULL),
    "problem": (dict, NULL),
    "result": (str, NULL),
    "recovered": (dict, NULL),
    "results_file": (str, NULL),
    "stalled": (dict, NULL),
    "members": (dict, NULL),
    "job": (dict, NULL),
    "updates": (int,),
    "error": (str, NULL),
}
"""Key of a run object -> types of its values. Keys may be added, never taken away or renamed."""


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_run_objects_keep_their_schema(corpus: str, form: str) -> None:
    """For every run of the real working directories; times have a zone."""
    out = run("list", form, str(DATA / corpus)).stdout
    if form == "--json":
        answer = json.loads(out)
        assert set(answer) == {"version", "roots", "generated", "incomplete", "runs"}
        assert datetime.fromisoformat(answer["generated"]).tzinfo is not None
        runs = answer["runs"]
    else:
        runs = [json.loads(line) for line in out.splitlines()]
    assert runs
    categories = {category.value for category in Category}
    for one in runs:
        assert SCHEMA.keys() <= one.keys()
        assert all(isinstance(one[key], types) for key, types in SCHEMA.items()), one
        assert one["kind"] in {"test", "series", "plain"}
        assert one["category"] in categories
        assert one["result"] in {None, "PASS", "FAIL", "ERROR"}
        assert one["time"] is None or datetime.fromisoformat(one["time"]).tzinfo is not None
        assert one["problem"] is None or set(one["problem"]) == {"state", "note", "timestamp"}


@pytest.mark.slow
def test_completion_offers_commands_options_and_directories() -> None:
    """As a shell asks for it."""

    def complete(words: str) -> str:
        place = str(len(words.split(" ")) - 1)
        return run(_STATUSTUI_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place).stdout

    assert complete("statustui wa").splitlines()[:2] == ["plain,wait", "dir,wa"]
    assert "plain,--summary" in complete("statustui list --su")
    assert "dir,wo" in complete("statustui list wo")
    assert "plain,--colorblind" in complete("statustui --color")
    assert complete("statustui list -s ti").splitlines() == ["plain,time"]
    assert "plain,RUN_USER" in complete("statustui set run RUN_")
    assert "plain,stalled" in complete("statustui list -F sta")
    assert "plain,node=" in complete("statustui list -F no")
    for shell in ("bash", "zsh", "fish"):
        assert "_STATUSTUI_COMPLETE" in run(_STATUSTUI_COMPLETE=f"{shell}_source").stdout


def test_history_says_what_a_run_has_recovered_from(tmp_path: Path) -> None:
    """So does `list --json`; a contradicted result is printed with both values."""
    path = write_run(tmp_path / "a", "SCHED_ERROR Could not find job 6", "RUNNING on")
    lines = run("history", str(path)).stdout.splitlines()
    assert "recovered from: SCHED_ERROR" in lines
    assert "     Could not find job 6" in lines
    one = listed(str(tmp_path))[str(path)]
    assert (one["category"], one["problem"]) == ("running", None)
    assert one["recovered"]["note"] == "Could not find job 6"
    done = write_run(tmp_path / "b", "COMPLETE result: PASS")
    (done / "results.json").write_text('{"result": "FAIL"}')
    os.utime(done / "status", (1000, 1000))
    assert "result: PASS, results.json says FAIL" in run("history", str(done)).stdout
    two = listed(str(tmp_path))[str(done)]
    assert (two["result"], two["results_file"], two["category"]) == ("FAIL", "FAIL", "failed")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "1e400", "soon", "", "9" * 400])
@pytest.mark.parametrize(
    "words",
    [
        ["list", "--follow", "--interval"],
        ["list", "--follow", "--max-checks"],
        ["list", "--stale"],
        ["list", "--patience"],
        ["history", "--patience"],
        ["wait", "--timeout"],
        ["demo", "--once", "--speed"],
        ["--interval"],
    ],
)
def test_what_is_no_number_is_refused(tmp_path: Path, words: list[str], value: str) -> None:
    """By every option that takes a number, before any file is read."""
    done = run(*words, value, str(tmp_path / "none"), status=2)
    assert "Invalid value for" in done.stderr
    assert "must be" in done.stderr or "a time is a number" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--follow", "-s", "id"],
        ["--follow", "--sort", "-time"],
        ["--follow", "--summary"],
        ["--follow", "--limit", "0"],
        ["--interval", "5"],
        ["--watch", "poll"],
        ["--max-checks", "5"],
        ["--summary", "-s", "time"],
    ],
)
def test_what_would_have_no_effect_is_refused(tmp_path: Path, options: list[str]) -> None:
    """A script that passes such an option has a mistake."""
    assert "Error: --" in run("list", *options, str(tmp_path), status=2).stderr


def test_a_default_configuration_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    """For example in the home of another user; the command continues without it."""
    write_run(tmp_path / "tree" / "a", "COMPLETE result: PASS")
    home = tmp_path / "home"
    home.touch()
    for command in (["list"], ["wait"], []):
        done = run(*command, str(tmp_path / "tree"), XDG_CONFIG_HOME=str(home))
        assert done.stderr == f"statustui: {home}/statustui/config.toml: Not a directory\n"
        assert "1 passed" in done.stdout or "PASS" in done.stdout
    named = run("list", "--config", str(home / "c.toml"), str(tmp_path / "tree"), status=2)
    assert (named.stdout, named.stderr.count("\n")) == ("", 1)


def test_roots_that_cannot_be_read_are_told_and_the_others_listed(tmp_path: Path) -> None:
    """In the given order; overlapping or equal roots share their runs."""
    write_run(tmp_path / "a" / "1", "RUNNING x")
    write_run(tmp_path / "b" / "2", "RUNNING x")
    (tmp_path / "c").symlink_to("b")
    roots = [str(tmp_path / name) for name in ("a", "none", ".", "b", "c")]
    done = run("list", "--json", *roots, status=2)
    answer = json.loads(done.stdout)
    assert [one["path"] for one in answer["runs"]] == [f"{roots[0]}/1", f"{roots[3]}/2"]
    assert answer["incomplete"] == [{"path": roots[1], "error": "No such file or directory"}]
    assert f"statustui: {roots[1]}: No such file or directory\n" in done.stderr


def test_no_text_widens_every_line(tmp_path: Path) -> None:
    """Every column but the last has a maximum width, also in a pipe."""
    for number in range(20):
        write_run(tmp_path / "test_runs" / str(number), f"RUNNING {'n' * 5000}")
    long = {"name": "x" * 1_000_000}
    (tmp_path / "test_runs" / "3" / "attributes").write_text(json.dumps(long))
    lines = run("list", str(tmp_path)).stdout.splitlines()
    assert len(lines) == 21
    assert max(map(len, lines)) < 5200
    with subprocess.Popen(
        [*STATUSTUI, "list", "--follow", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert max(len(process.stdout.readline()) for _ in range(20)) < 5200
        process.kill()
    with subprocess.Popen(
        [*STATUSTUI, "wait", "--timeout=0.5", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert max(map(len, process.communicate()[0].splitlines())) < 5200


def test_columns_stand_below_each_other_whatever_is_in_them(tmp_path: Path) -> None:
    """Widths are in terminal cells, and no line is wider than the terminal."""
    write_run(tmp_path / "plain", "RUNNING ok")
    write_run(tmp_path / "\u8ba1\u7b97", "RUN_FAILED " + "\u8ba1\u7b97" * 40)
    write_run(tmp_path / "e\u0301e\u0301", "RUN_FAILED ok")
    for command in (["list"], ["list", "--follow"], ["wait", "--timeout=1"]):
        with terminal([*STATUSTUI, *command, str(tmp_path)], columns=60) as screen:
            screen.wait_until(lambda: sum("RUN" in line for line in screen.lines) >= 3, "the runs")
            runs = [line for line in screen.lines if "RUN" in line]
            assert len(runs) == 3
            assert len({cell_len(line.partition("RUN")[0]) for line in runs}) == 1
            assert all(line[:1] in {" ", "F", ">", "3", ""} for line in screen.lines)
    with terminal([*STATUSTUI, "history", str(tmp_path / "\u8ba1\u7b97")], columns=60) as screen:
        assert screen.wait_for_end() == 0
        assert screen.lines[0].rstrip().endswith("…")
        assert screen.lines[1] == ""


def set_under_a_limit(path: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """Set a status with a limit on the size of files, in bytes."""
    command = ["/bin/bash", "-c", 'ulimit -f "$1"; shift; exec "$@"', "bash", str(limit)]
    # What counts the branches that are taken would need room for its own files.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        [*command, *STATUSTUI, "set", str(path), "RUN_USER", "n" * 700],
        env=env,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def test_a_status_that_has_no_room_is_told_and_the_next_one_is_whole(tmp_path: Path) -> None:
    """After a torn line, the next status starts on a line of its own."""
    path = write_run(tmp_path / "a", "RUNNING x")
    (path / "status").write_text(f"1795000000.0 RUNNING {'x' * 470}\n")
    # A block of bash has 1024 bytes: of the second status a part is written.
    assert set_under_a_limit(path, 2).returncode == 0
    torn = set_under_a_limit(path, 2)
    assert torn.returncode == 0 or "no space left" in torn.stderr
    while set_under_a_limit(path, 2).returncode == 0:
        pass
    refused = set_under_a_limit(path, 2)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert not (path / "status").read_bytes().endswith(b"\n")
    run("set", str(path), "RUN_ERROR", "there is room again")
    data = (path / "status").read_bytes()
    assert data.splitlines()[-1].endswith(b"RUN_ERROR there is room again")
    assert data.endswith(b"\n")
    assert listed(str(path))[str(path)]["state"] == "RUN_ERROR"


def test_nothing_is_set_in_what_is_no_file(tmp_path: Path) -> None:
    """A status written to a FIFO or a device would be lost."""
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "status")
    done = run("set", str(tmp_path / "a"), "RUNNING", status=2)
    assert "not a regular file" in done.stderr
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "status").symlink_to("/dev/null")
    assert "not a regular file" in run("set", str(tmp_path / "b"), "RUNNING", status=2).stderr


def test_links_that_were_not_followed_are_told_where_there_is_nothing_else(tmp_path: Path) -> None:
    """Every command that searches for runs reports them; the exit status is 0."""
    write_run(tmp_path / "elsewhere" / "1", "RUNNING")
    root = tmp_path / "root"
    root.mkdir()
    (root / "runs").symlink_to("../elsewhere")
    said = f"statustui: {root}: no runs; 1 link is not followed\n"
    assert run("list", str(root)).stderr == said
    assert said in run("wait", str(root)).stderr


def test_runs_are_exported_for_spreadsheets_and_tickets() -> None:
    """In the columns that are named, in the order of the list; wrong names are refused."""
    root = str(DATA / "pavilion-2.4")
    only = ("-F", "id=13 | id=6", "--sort", "-id")
    lines = run("list", root, *only, "--format", "csv", "--columns", "id,state").stdout
    assert lines.splitlines()[0] == "ID,STATE"
    assert [line.partition(",")[0] for line in lines.splitlines()[1:]] == ["13", "6"]
    markdown = run("list", root, *only, "--format", "md", LC_ALL="C").stdout.splitlines()
    assert markdown[0].startswith("2 runs: ")
    assert markdown[2] == "| CATEGORY | ID | NAME | USER | STATE | RESULT | TIME | NOTE |"
    assert markdown[4].startswith("| failed | 13 |")
    table = run("list", root, *only, "--format", "table", "--columns", "path,age").stdout
    assert table.splitlines()[0].split() == ["PATH", "AGE"]
    refused = run("list", root, "--columns", "id,colour", status=2)
    assert "'colour' is not one of age, root, id" in refused.stderr
    for options in (["--json", "--columns", "id"], ["--format", "md", "--summary"]):
        run("list", root, *options, status=2)
