"""The commands on roots of other hosts, through the real command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.monitor.poll_policy import Settings
from statustui.remote.link import Link
from statustui.remote.protocol import Message
from tests.cli.test_compare import add_run, two_nights
from tests.cli.test_compare import run as run_here
from tests.cli.test_jobs import calls, fake, queue
from tests.monitor.test_jobs import write_job
from tests.remote.server import Server
from tests.remote.watched import Watched
from tests.terminal import STATUSTUI
from tests.trees import DATA, append, write_run
from tests.waiting import wait_until

SHELLS = ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh"]
PASSED = "COMPLETE The test completed with result: PASS"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, run to its end."""
    return subprocess.run(
        [*STATUSTUI, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def listed(*roots: str) -> list[dict[str, object]]:
    """What `list --jsonl` says of some roots."""
    done = run("list", "--jsonl", *roots)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_list_of_two_hosts_is_that_of_their_trees(server: Server, tmp_path: Path) -> None:
    """Apart from the names of the roots; also behind a banner and a shell that prints."""
    assert server
    trees = {"quiet": tmp_path / "one", "noisy": tmp_path / "two"}
    for host, tree in trees.items():
        shutil.copytree(DATA / "pavilion-2.4", tree, symlinks=True)
        write_run(tree / "test_runs" / "99", "RUNNING on " + host)
    local = write_run(tmp_path / "three" / "x", "RUN_ERROR no\\nspace").parent
    roots = [f"{host}:{tree}" for host, tree in trees.items()]
    found = {str(one["path"]): one for one in listed(*roots, str(local))}
    expected = {}
    for host, tree in trees.items():
        for one in listed(str(tree)):
            text = json.dumps(one).replace(f'"path": "{tree}', f'"path": "{host}:{tree}')
            changed = json.loads(text)
            expected[changed["path"]] = changed
    expected.update({str(one["path"]): one for one in listed(str(local))})
    for one in (*found.values(), *expected.values()):
        # The zone is that of this host; times without one are compared as instants.
        one.pop("time")
    assert found == expected
    picture = json.loads(run("list", "--json", "--summary", *roots).stdout)
    assert picture["roots"] == roots
    assert picture["total"] == len(expected) - 1 - sum(
        one["kind"] == "series" for one in expected.values()
    )
    wait_until(lambda: not server.agents(), "the agents to end")


@pytest.mark.slow
def test_history_of_a_run_elsewhere(server: Server, tmp_path: Path) -> None:
    """The same lines, also of a status file, and the same errors."""
    assert server
    tree = write_run(tmp_path / "7", "CREATED a", "RUNNING b", "RUN_ERROR c\\nd")
    (tree / "run.log").write_text("last \x1b[2Jwords\n", encoding="utf-8")
    local, far = run("history", str(tree)), run("history", f"quiet:{tree}")
    assert (far.returncode, far.stderr) == (0, "")
    assert [line for line in far.stdout.splitlines() if "for" not in line] == [
        line for line in local.stdout.splitlines() if "for" not in line
    ]
    assert "words" in far.stdout
    far_json = json.loads(run("history", "--json", f"quiet:{tree}/status").stdout)
    assert far_json.pop("path") == f"quiet:{tree}/status"
    local_json = json.loads(run("history", "--json", str(tree)).stdout)
    assert far_json["history"] == local_json["history"]
    gone = run("history", f"quiet:{tmp_path}/gone")
    assert gone.returncode == 2
    assert gone.stderr == f"statustui: quiet:{tmp_path}/gone: No such file or directory\n"


def as_there(text: str, tree: Path) -> str:
    """What a command says of a remote tree, with the names that its runs have on that host."""
    return re.sub(r'"generated": "[^"]*"', "", text.replace(f"quiet:{tree}", str(tree)))


@pytest.mark.slow
def test_trees_elsewhere_are_compared_and_reported_on_like_local_ones(
    server: Server, tmp_path: Path
) -> None:
    """By their times and results, with the logs that explain failures."""
    tree = tmp_path / "tree"
    paths = two_nights(tree)
    for night, bandwidth in enumerate((100, 100, 50)):
        add_run(tree, 900 + night, "suite.bandwidth", days=3 - night, bw=bandwidth)
    (Path(paths["suite.broke"]) / "run.log").write_text("residual is NaN\n", encoding="utf-8")
    for words in (["compare", "--json"], ["report", "--format", "json"]):
        local, far = run(*words, str(tree)), run(*words, f"quiet:{tree}")
        assert (far.returncode, far.stderr) == (local.returncode, "")
        assert as_there(far.stdout, tree) == as_there(local.stdout, tree)
    report = run("report", "--format", "json", f"quiet:{tree}").stdout
    found = json.loads(report)
    assert [item["cause"] for item in found["slower"]] == [
        "bw 50, before 100 (-50 %)",
        "1m30s, before 1m00s (+50 %)",
    ]
    assert "residual is NaN" in report
    wait_until(lambda: not server.agents(), "the agents to end")


@pytest.mark.slow
def test_results_that_cannot_be_fetched_are_named(
    ssh: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit status 2, after what is known without them."""
    ssh()
    two_nights(tmp_path)
    root = f"host:{tmp_path}"
    assert "slower" in run_here("compare", root, status=1).stdout

    send = Link.send

    def end(link: Link, message: Message) -> None:
        if "files" in message:
            link.end()
        send(link, message)

    monkeypatch.setattr(Link, "send", end)
    for command, words in (("compare", "new failures:"), ("report", "# Report on ")):
        done = run_here(command, root, status=2)
        assert words in done.stdout
        assert done.stderr.startswith(f"statustui: {root}: ")


@pytest.mark.slow
def test_hosts_that_cannot_be_reached_are_named(server: Server, tmp_path: Path) -> None:
    """In the words of ssh; what can be read is printed, and the exit status is 2."""
    assert server
    write_run(tmp_path / "7", PASSED)
    done = run("list", f"quiet:{tmp_path}", "closed:wd", "keyless:wd", "quiet:/no/such/place")
    assert done.returncode == 2
    assert "COMPLETE" in done.stdout
    errors = sorted(done.stderr.splitlines())
    assert len(errors) == 3
    assert errors[0].startswith("statustui: closed:wd: ssh: connect to host 127.0.0.1 port ")
    assert errors[0].endswith("Connection refused")
    assert errors[1].startswith("statustui: keyless:wd: ")
    assert "Permission denied" in errors[1]
    assert errors[2] == "statustui: quiet:/no/such/place: No such file or directory"
    for command in ("wait", "list --follow"):
        done = run(*command.split(), "closed:wd", "quiet:/no/such/place")
        assert done.returncode == 2
        assert "Connection refused" in done.stderr
        assert "quiet:/no/such/place: No such file or directory" in done.stderr


@pytest.mark.slow
def test_changes_elsewhere_are_followed_across_a_cut(server: Server, tmp_path: Path) -> None:
    """A lost connection is made again; `wait` has the exit status that it has here."""
    good = write_run(tmp_path / "1", "RUNNING a", start=time.time())
    bad = write_run(tmp_path / "2", "RUNNING a", start=time.time())
    process = subprocess.Popen(
        [*STATUSTUI, "list", "--follow", "--jsonl", f"quiet:{tmp_path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = {json.loads(process.stdout.readline())["id"] for _ in range(2)}
    assert first == {"1", "2"}
    append(good, PASSED)
    assert json.loads(process.stdout.readline())["state"] == "COMPLETE"
    server.cut()
    append(bad, "RUN_ERROR x")
    # The new connection brings all runs again; only what is new is printed.
    assert json.loads(process.stdout.readline())["state"] == "RUN_ERROR"
    process.send_signal(signal.SIGINT)
    _out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "closed by remote host" in errors
    done = run("wait", f"quiet:{tmp_path}")
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "2 runs: 1 error, 1 passed")
    wait_until(lambda: not server.agents(), "the agents to end")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.slow
def test_the_agent_starts_from_any_login_shell(
    shell: str, ssh: Callable[..., None], tmp_path: Path
) -> None:
    """Whatever quotes and exclamation marks mean to it."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    ssh(shell=shell)
    write_run(tmp_path / "wd" / "7", PASSED)
    assert [one["path"] for one in listed(f"host:{tmp_path}/wd")] == [f"host:{tmp_path}/wd/7"]


def test_without_python_it_says_so(
    ssh: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python that is too old is none."""
    ssh()
    old = tmp_path / "old"
    for name in ("python3", *(f"python3.{minor}" for minor in range(10, 17))):
        path = old / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
        path.chmod(0o755)
    # The stand-in for ssh comes first, and no real Python.
    monkeypatch.setenv("PATH", f"{tmp_path}/stand_in:{old}:/bin:/usr/bin")
    done = run("list", "host:wd")
    assert done.returncode == 2
    assert done.stderr == "statustui: host:wd: no Python 3.10 or newer there\n"


@pytest.mark.slow
def test_paths_are_taken_as_they_stand(ssh: Callable[..., None], tmp_path: Path) -> None:
    """No shell sees them; a URL may have them in its own form."""
    ssh()
    write_run(tmp_path / "a b'c\"d" / "$x !1" / "7", PASSED)
    for root in (f"host:{tmp_path}/a b'c\"d", f"ssh://me@[::1]:22{tmp_path}/a%20b%27c%22d"):
        assert [one["path"] for one in listed(root)] == [f"{root}/$x !1/7"]


@pytest.mark.slow
def test_the_scheduler_is_asked_on_that_host(
    ssh: Callable[..., None],
    watch: Callable[..., Watched],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By `list` and by what watches; the one of this host is not."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, reason in ((here, "HERE"), (there, "BadConstraints")):
        folder.mkdir()
        fake(folder, "sacct", "")
        queue(folder, f"22|22|PENDING|N/A|N/A|{{user}}||{reason}")
    monkeypatch.setenv("PATH", f"{here}:{os.environ['PATH']}")
    ssh(
        "import os, sys\n"
        f"os.environ['PATH'] = {str(there)!r} + ':' + os.environ['PATH']\n"
        "os.execvp('sh', ['sh', '-c', sys.argv[-1]])\n"
    )
    run_dir = write_run(tmp_path / "wd" / "test_runs" / "1", "SCHEDULED x", start=time.time() - 9)
    write_job(tmp_path / "wd", run_dir)
    root = f"host:{tmp_path}/wd"
    job = json.loads(run("list", "--json", "--ask", root).stdout)["runs"][0]["job"]
    assert (job["id"], job["state"], job["reason"]) == ("22", "PENDING", "BadConstraints")
    assert len(calls(there)) == 1
    watched = watch(root, Settings(scheduler="auto"))

    def reasons() -> list[str]:
        jobs = [one.job for one in list(watched.runs.values())]
        return [job.status.reason for job in jobs if job is not None and job.status is not None]

    wait_until(lambda: reasons() == ["BadConstraints"], "the reason")
    assert not calls(here)


def test_addresses_are_checked_and_roots_have_a_default(tmp_path: Path) -> None:
    """A root of the configuration stands for none on the command line."""
    done = run("list", "me@-oProxyCommand=x:wd")
    assert done.returncode == 2
    assert "would be an option" in done.stderr
    tree = write_run(tmp_path / "wd" / "7", PASSED).parent
    config = tmp_path / "config.toml"
    config.write_text(f'roots = ["{tree}"]\n', encoding="utf-8")
    done = run("list", "--config", str(config), "--jsonl")
    assert [json.loads(line)["path"] for line in done.stdout.splitlines()] == [f"{tree}/7"]
    config.write_text('roots = "wd"\n', encoding="utf-8")
    done = run("list", "--config", str(config), str(tree))
    assert "roots: must be a list" in done.stderr


def test_hosts_of_the_ssh_configuration_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without patterns, also those of files that it includes."""
    folder = tmp_path / ".ssh"
    folder.mkdir()
    text = "Include more/*\nHost login1 login2 !bad *.x\n  HostName a\nhost=other\n"
    (folder / "config").write_text(text, encoding="ascii")
    (folder / "more").mkdir()
    (folder / "more" / "a").write_text("Host login3\nInclude ../config\n", encoding="ascii")
    monkeypatch.setenv("HOME", str(tmp_path))
    environment = os.environ | {
        "_STATUSTUI_COMPLETE": "bash_complete",
        "COMP_WORDS": "statustui list me@log",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(STATUSTUI, env=environment, capture_output=True, text=True, check=False)
    assert (
        sorted(done.stdout.splitlines())[:-1]
        == [f"plain,me@login{number}:" for number in (1, 2, 3)]
        or "plain,me@login1:" in done.stdout
    ), done
