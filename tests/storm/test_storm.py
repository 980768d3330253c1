"""A short storm goes over a tree, and every view of it ends up the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.storm.naive import View, read_view


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "options",
    [
        ("--seconds", "8", "--runs", "120"),
        ("--seconds", "5", "--runs", "80", "--only", "append,root_away,root_away_again"),
    ],
    ids=["everything", "roots that go and come back"],
)
def test_every_view_of_a_tree_agrees_after_a_storm(tmp_path: Path, options: list[str]) -> None:
    """Followers with events and with polling, the monitor, a fresh list, and a naive reader.

    Nothing is said to be gone or unreadable that is not, not even for a moment.
    """
    fixed = ("--seed", "17", "--age", "60", "--patience", "120", "--directory", str(tmp_path))
    command = [sys.executable, "-m", "tests.storm", *fixed, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=390, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    ("data", "view"),
    [
        (b"", View("UNKNOWN", None, 0, "unknown")),
        (b"1.5 CREATED a\n2 RUNNING b c\n", View("RUNNING", "b c", 2, "running")),
        (b"1 RUNNING a\n2 COMPL", View("RUNNING", "a", 1, "running")),
        (b"1 RUNNING a\n2 SKIPPED", View("SKIPPED", "", 2, "skipped")),
        (b"1 RUNNING a\n2 RUN", View("RUNNING", "a", 1, "running")),
        # Two lines that were cut off, one behind the other, look like a time in microseconds.
        (b"1 RUNNING a\n179579431795794331.765 RUN_USER ", View("RUN_USER", "", 2, "running")),
        (b"1 RUNNING a\n\0\0\0002 ABORTED b\n", View("ABORTED", "b", 2, "cancelled")),
        (b"1 RUNNING a\n\0\0\0\n\n \n", View("RUNNING", "a", 1, "running")),
        (b"1 RUNNING a\n2 INFO b\n", View("INFO", "b", 2, "running")),
        (b"1 ENV_FAILED a\n2 RUNNING b\n", View("RUNNING", "b", 2, None)),
        (b"1 RUNNING a\n2 ODD_FAILED b\n", View("ODD_FAILED", "b", 2, "failed")),
        (b"1 COMPLETE result: ERROR\n", View("COMPLETE", "result: ERROR", 1, "error")),
        (b"no time at all\n", View(None, None, 1, None)),
    ],
)
def test_the_naive_reader_is_sure_of_what_the_format_says(data: bytes, view: View) -> None:
    """Of anything else it has no opinion."""
    assert read_view(data) == view
