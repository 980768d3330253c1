"""Standard output and error that are closed or full, and what any locale can be sent."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from rich.cells import cell_len

from statustui.presentation.spelling import spell
from tests.slow import slow
from tests.terminal import STATUSTUI, terminal
from tests.trees import write_run

ALL = (
    "list",
    "history",
    "--version",
    *map(slow, ("list --json", "list --follow", "wait", "states", "-h")),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of one run with a problem and a note that is not ASCII."""
    write_run(tmp_path / "tree" / "a", f"RUN_FAILED é 测 … {'x' * 200}")
    return tmp_path / "tree"


def shell(script: str, tree: Path, command: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command of statustui, ``"$@"``, in a script."""
    words = command.split()
    if words[0] in {"list", "wait", "history"}:
        words.append(str(tree / "a" if words[0] == "history" else tree))
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", *STATUSTUI, *words],
        capture_output=True,
        timeout=40,
        env={"PATH": os.environ["PATH"], "HOME": str(tree.parent), **env},
        check=False,
    )


@pytest.mark.parametrize("command", ALL)
def test_a_full_disk_is_told_in_one_line(tree: Path, command: str) -> None:
    """The exit status is 2."""
    done = shell('"$@" > /dev/full', tree, command)
    assert (done.returncode, done.stderr) == (
        2,
        b"statustui: standard output: No space left on device\n",
    )


@pytest.mark.parametrize(
    "command", ["list --exit-status", *map(slow, ("list", "history", "wait", "--version"))]
)
@pytest.mark.parametrize(
    "closed", [">&-", "2>&-", slow(">&- 2>&-"), slow("<&- >&- 2>&-"), slow("2>/dev/full")]
)
def test_a_closed_output_changes_nothing(tree: Path, command: str, closed: str) -> None:
    """Nor does a full standard error."""
    expected = shell('"$@"', tree, command)
    done = shell(f'"$@" {closed}', tree, command)
    assert done.returncode == expected.returncode == (command in {"wait", "list --exit-status"})
    assert done.stderr == b""
    assert done.stdout == (b"" if ">&-" in closed.split() else expected.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", ">&- 2>&-"])
def test_a_mistake_that_cannot_be_told_keeps_its_status(tree: Path, closed: str) -> None:
    """It is 2, although the message cannot be printed."""
    assert shell(f'"$@" none {closed}', tree, "states").returncode == 2
    assert shell(f'"$@" /none {closed}', tree, "list").returncode == 2


@pytest.mark.parametrize(
    "command", ["list", "-h", *map(slow, ("list --json", "history", "--version", "states"))]
)
def test_nobody_who_reads_is_no_mistake(tree: Path, command: str) -> None:
    """A closed pipe gives exit status 141 and no message."""
    script = '{ "$@"; echo $? >&2; } | true'
    done = shell(f"sleep 0.01; {script}", tree, command)
    assert done.stderr.split() in ([b"141"], [b"0"])


@pytest.mark.parametrize(
    "command", ["list", "-h", *map(slow, ("history", "wait", "list --follow --limit=é"))]
)
@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, slow({"LC_ALL": "POSIX"}), slow({"LANG": "C"})]
)
def test_the_c_locale_is_sent_ascii(tree: Path, command: str, locale: dict[str, str]) -> None:
    """By every command, on both outputs."""
    done = shell('"$@"', tree, command, **locale)
    assert done.returncode in {0, 1, 2}
    assert (done.stdout + done.stderr).isascii()
    if command in {"list", "wait"}:
        assert rb"\xe9 \u6d4b ... xxx" in done.stdout


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("iso8859-1", b"\xe9 \\u6d4b ... xxx"),
        ("euc_jp", b"\x8f\xab\xb1 \\u6d4b"),
        ("utf-8", "é 测 … xxx".encode()),
    ],
)
@pytest.mark.parametrize("command", ["list", slow("history"), slow("wait")])
def test_what_a_character_set_lacks_is_escaped(
    tree: Path, command: str, encoding: str, shown: bytes
) -> None:
    """Characters that it has are sent unchanged."""
    done = shell('"$@"', tree, command, PYTHONIOENCODING=encoding, LC_ALL="C.UTF-8")
    assert done.returncode == (command == "wait")
    assert shown in done.stdout
    assert done.stderr == b""


@pytest.mark.slow
def test_a_terminal_in_another_character_set_is_cut_to_its_width(tree: Path) -> None:
    """Escapes count with their full width."""
    for encoding in ("iso8859-1", "ascii", "utf-8"):
        for command in (["list", str(tree)], ["history", str(tree / "a")]):
            with terminal([*STATUSTUI, *command], 60, 24, PYTHONIOENCODING=encoding) as screen:
                assert screen.wait_for_end() == 0
                lines = screen.output.decode(encoding).split("\r\n")
                lines = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
                assert max(map(cell_len, lines[:2])) <= 60


@pytest.mark.slow
@pytest.mark.parametrize("root", [[], ["."], ["../x"]])
def test_a_working_directory_that_is_gone_is_told(tmp_path: Path, root: list[str]) -> None:
    """In one line; a root that exists is listed all the same."""
    write_run(tmp_path / "tree" / "a", "RUNNING x")
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'

    def listed(*roots: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", script, "sh", *STATUSTUI, "list", *roots],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=40,
            check=False,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )

    done = listed(*root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"statustui: {root[0] if root else '.'}: No such file or directory\n"
    assert listed(str(tmp_path / "tree")).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--limit", "\x1b[2J"],
        ["list", "--\x1b[2J"],
        ["list", "/\x1b[2J"],
        ["list", "-F", "(\x1b"],
    ],
)
def test_what_the_user_has_typed_is_cleaned(arguments: list[str]) -> None:
    """Before it is printed in any message."""
    done = subprocess.run(
        [*STATUSTUI, *arguments], capture_output=True, text=True, timeout=40, check=False
    )
    assert done.returncode == 2
    assert "\\x1b" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_text_is_spelled_in_what_a_character_set_has() -> None:
    """Including lone surrogates."""
    assert spell("a", "ascii") == "a"
    assert spell("é…", "ascii") == "\\xe9..."
    assert spell("é…", "utf-8") == "é…"
    assert spell("\udcff", "utf-8") == "\\udcff"
