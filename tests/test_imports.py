"""What is imported when: the core and the monitor know no screen, and help needs none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click import Context

import statustui
from statustui.cli.main import cli
from statustui.cli.registry import SCREENLESS, WITH_SCREEN
from tests.trees import DATA

PACKAGE = Path(statustui.__file__).parent


def modules(*packages: str) -> list[str]:
    """The names of all modules of these packages, and of the packages inside them."""
    return [
        ".".join(("statustui", *path.relative_to(PACKAGE).with_suffix("").parts))
        for package in packages
        for path in sorted((PACKAGE / package).rglob("*.py"))
        if path.stem != "__init__"
    ]


IMPORT_EACH = """
import importlib, os, sys
for module in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(module)
        print(module, *sys.modules, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, module
"""


def imported_by_each(modules: list[str]) -> dict[str, set[str]]:
    """Module -> the packages that it has imported, each in a fork of a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, *modules],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == modules
    return {line[0]: {name.partition(".")[0] for name in line[1:]} for line in lines}


def imported_by(program: str, *arguments: str) -> set[str]:
    """The packages that a fresh interpreter has imported after `program`."""
    report = "import sys\n" + program + "\nprint('\\nMODULES', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", report, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("MODULES")[2].split())


@pytest.mark.slow
def test_core_and_monitor_import_no_screen() -> None:
    """Nor the command line."""
    for module, packages in imported_by_each(
        modules("core", "presentation", "scheduler", "monitor", "remote")
    ).items():
        assert "statustui" in packages
        assert not packages & {"textual", "rich", "click"}, module


@pytest.mark.slow
def test_the_core_is_standard_library() -> None:
    """And starts no threads."""
    ours = {"statustui", "__main__"}
    for module, packages in imported_by_each(modules("core")).items():
        assert packages - ours <= sys.stdlib_module_names | {"sitecustomize", "usercustomize"} | {
            name for name in packages if name.startswith(("_", "editable"))
        }, module


@pytest.mark.parametrize(
    "arguments", [["-h"], ["--version"], ["list"], ["list", "--json"], ["report", "--format=html"]]
)
def test_plain_commands_do_not_import_textual(arguments: list[str]) -> None:
    """They answer at once; only reports need templates."""
    if not arguments[0].startswith("-"):
        arguments = [*arguments, str(DATA / "pavilion-2.1.1")]
    program = (
        "from statustui.cli.main import cli\n"
        "try: cli(prog_name='statustui')\n"
        "except SystemExit as end: assert not end.code"
    )
    packages = imported_by(program, *arguments)
    assert "click" in packages
    assert not packages & {"textual", "rich", "multiprocessing"}
    assert ("jinja2" in packages) is ("report" in arguments)


def test_the_first_frame_comes_before_what_it_has_no_need_of() -> None:
    """The files of single runs, the threads that watch, help, and the other commands."""
    loaded = imported_by(
        "import statustui.cli.main, statustui.cli.monitor, statustui.tui.app\n"
        "import statustui.settings.session_state"
    )
    assert {"statustui.tui.screens.runs", "statustui.tui.widgets.run_table"} <= loaded
    late = {
        *("cli.list", "cli.output", "core.history", "monitor.run.inspection", "monitor.monitor"),
        *("tui.screens.run", "tui.screens.help", "tui.widgets.preview", "tui.widgets.key_line"),
    }
    assert not loaded & {f"statustui.{name}" for name in late}


def test_every_command_has_a_module_of_its_name_and_is_known_before_it_is_imported() -> None:
    """The names are what the first frame is painted by."""
    names = SCREENLESS | WITH_SCREEN
    assert names == set(cli.list_commands(Context(cli)))
    for name in names:
        command = cli.get_command(Context(cli), name)
        assert command is not None
        assert command.name == name
