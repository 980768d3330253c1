"""Make a report and write it: what `report` and `wait --report` share."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from statustui.cli.comparing import Selection, compare_selection
from statustui.cli.options import Failure, path_failure
from statustui.core.text import clean, shorten
from statustui.core.working_dir import is_inside_run
from statustui.monitor.fs.deadline import ask
from statustui.monitor.run.tree_files import AllFiles
from statustui.monitor.unread import Unread
from statustui.presentation.report.formats import FORMATS
from statustui.presentation.report.report import Report, causes_of, quoted_runs

_MAX_LINE = 2000
"""Bytes that are quoted of a line of a log: some logs are a single one."""
_MAX_TAILS = 500
"""Logs quoted in one report."""


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """What to report on, and how."""

    roots: Sequence[str]
    form: str
    """The name of the format."""
    selection: Selection
    expression: str = ""
    base: str = ""
    incomplete: Sequence[Unread] = ()
    tolerance: float | None = None
    remark: str = ""


def make_report(request: ReportRequest, files: AllFiles) -> Report:
    """Compare the runs, and read the logs that the report quotes.

    What does not answer is left out, and named by the report.
    """
    selection = request.selection
    comparison = compare_selection(selection, request.tolerance, files)
    quotes = FORMATS[request.form].quotes
    causes = causes_of(comparison)
    failed = quoted_runs(causes, quotes)[:_MAX_TAILS]
    tails = {
        path: tail._replace(lines=tuple(shorten(line, _MAX_LINE) for line in tail.lines))
        for path, tail in files.tails(failed).items()
    }
    return Report(
        roots=request.roots,
        generated=datetime.now().astimezone(),
        runs=selection.runs,
        comparison=comparison,
        expression=request.expression,
        base=request.base,
        tails=tails,
        unquoted={run.path for cause in causes for run in cause.runs}.difference(
            run.path for run in failed
        ),
        incomplete=[*request.incomplete, *files.unread],
        remark=request.remark,
    )


def check_target(path: str, patience: float) -> None:
    """Check that a report can be written to a file without touching a run.

    Raises:
        Failure: The file would be in the directory of a run, or its own directory is missing.
    """
    try:
        # A link stays, and is written through.
        folder = ask(lambda: os.path.dirname(os.path.realpath(path)), patience)
        if ask(lambda: is_inside_run(folder), patience):
            raise Failure(f"{clean(path)}: this is inside a run, where nothing is written")
        if not ask(lambda: os.path.isdir(folder), patience):
            raise Failure(f"{clean(os.path.dirname(path) or folder)}: no such directory")
    except OSError as error:
        raise path_failure(path, error) from error


def write_report(path: str, text: str, patience: float) -> None:
    """Write a report as a whole: a reader sees the file as it was before, or all of it.

    Raises:
        Failure: It cannot be written; the file is as it was.
    """
    try:
        ask(lambda: _replace(path, text.encode("utf-8", "backslashreplace")), patience)
    except OSError as error:
        raise path_failure(path, error) from error


def _replace(path: str, data: bytes) -> None:
    """Write a temporary file beside `path`, and move it there; a device is written to as it is.

    Raises:
        OSError: It cannot be written.
    """
    known = None
    with contextlib.suppress(FileNotFoundError):
        known = os.stat(path)
    if known is not None and not stat.S_ISREG(known.st_mode):
        with open(path, "wb") as file:
            file.write(data)
        return
    # A link stays, and leads to the new file.
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:100]}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(temporary, flags, 0o666), "wb") as file:
            if known is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(known.st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
