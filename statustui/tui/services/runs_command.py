"""Call a command of the user with runs: in its environment, and as JSON on its standard input."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from statustui.core.address import identity_of
from statustui.core.run import Run
from statustui.core.text import clean, shorten
from statustui.presentation.run_object import dump, run_object

_MAX_VARIABLE = 4096
"""Bytes of an environment variable for a command: as many as a path may have."""


def call_command(
    command: Sequence[str], runs: Iterable[Run], variables: Mapping[str, str]
) -> str | None:
    """Call the user's command with some runs, and wait until it exits.

    Args:
        command: The program and its arguments.
        runs: What it finds on its standard input: a JSON object a line, as ``list --jsonl`` has it.
        variables: What to add to its environment.

    Returns:
        Why the command failed; None if it succeeded.
    """
    devnull = subprocess.DEVNULL
    try:
        # A pipe would hold up a command that does not read it.
        with tempfile.TemporaryFile() as lines:
            lines.writelines(_lines_of(runs))
            lines.seek(0)
            done = subprocess.run(  # noqa: S603 - the user's own command line, as it was given
                command,
                env=os.environ | variables,
                stdin=lines,
                stdout=devnull,
                stderr=devnull,
                start_new_session=True,
                check=False,
            )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return f"{command[0]}: exit status {done.returncode}" if done.returncode else None


def _lines_of(runs: Iterable[Run]) -> Iterator[bytes]:
    for run in runs:
        described = run_object(run) | {"path": _absolute(run.path)}
        yield f"{dump(described)}\n".encode("ascii")


def describe_run(run: Run) -> dict[str, str]:
    """Return the variables of the environment that describe a run, so that no shell reads it.

    They are ``STATUSTUI_PATH``, ``_ID``, ``_NAME``, ``_USER``, ``_STATE``, ``_CATEGORY`` and
    ``_NOTE``. Each is clean and at most 4096 bytes long.
    """
    about = {
        "PATH": _absolute(run.path),
        "ID": run.id,
        "NAME": run.name,
        "USER": run.user,
        "STATE": run.current.state,
        "CATEGORY": run.category.value,
        "NOTE": run.headline,
    }
    return {
        f"STATUSTUI_{key}": shorten(clean(value), _MAX_VARIABLE) for key, value in about.items()
    }


def _absolute(path: str) -> str:
    """Return an absolute path; the path as it is if the working directory is gone."""
    try:
        return identity_of(path)
    except OSError:
        return path
