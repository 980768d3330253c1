"""`statustui set`: append a status to a run."""

from __future__ import annotations

import os

import click

from statustui.cli.options import (
    PATIENCE_OPTION,
    PLACE,
    Failure,
    complete_from,
    path_failure,
)
from statustui.core.states import KNOWN_STATES
from statustui.core.status_file import StatusFile, TestStatusError
from statustui.core.text import clean
from statustui.core.working_dir import STATUS
from statustui.monitor.fs.deadline import PATIENCE, ask


@click.command("set", short_help="Append a status to a run.")
@click.argument("run", type=PLACE)
@click.argument("state", shell_complete=complete_from(sorted(KNOWN_STATES)))
@click.argument("note", default="")
@PATIENCE_OPTION
def command(run: str, state: str, note: str, patience: float | None) -> None:
    """Append a status to RUN: set its STATE, with a NOTE.

    Creates the run directory and its status file if they are missing. Refuses a STATE that
    `statustui states` does not list, and a NOTE that is too long.
    """
    if state not in KNOWN_STATES:
        raise Failure(f"{clean(state)}: unknown state; `statustui states` lists the known ones")
    try:
        size = len(note.replace("\n", "\\n").encode())
    except UnicodeEncodeError:
        raise Failure(f"{clean(run)}: the note is not valid UTF-8") from None
    if size > StatusFile.NOTE_MAX:
        limit = StatusFile.NOTE_MAX
        raise Failure(f"{clean(run)}: the note has {size:,} bytes; at most {limit:,} can be stored")

    def store() -> None:
        os.makedirs(run, exist_ok=True)
        StatusFile(os.path.join(run, STATUS)).set(state, note)

    try:
        ask(store, patience or PATIENCE)
    except TimeoutError as error:
        raise Failure(
            f"{clean(run)}: {error.strerror}; the status may or may not be stored"
        ) from error
    except OSError as error:
        raise path_failure(run, error) from error
    except TestStatusError as error:
        raise Failure(clean(str(error))) from error
