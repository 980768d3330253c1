"""Signatures of failures: their notes without the parts that differ from run to run."""

from __future__ import annotations

import re
from functools import lru_cache

from statustui.core.run import Run

_MAX_CHARACTERS = 300
"""Characters of a note that are compared."""
_VARIABLE_PARTS = r"""
    (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?|\b\d\d:\d\d(?::\d\d)?\b)
    |(?P<hash>\b0x[0-9a-f]+\b
      |\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b
      |\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b)
    |(?P<path>(?<![\w#>])(?:~|\.{1,2})?/[^\s'",;:()<>]+)
    |(?P<number>\d+(?:[.,]\d+)*)
"""
"""Compiled when first needed, which takes a while."""
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII


def failure_signature(run: Run) -> str:
    """Return a text that runs with the same failure share; empty for a run without a problem."""
    problem = run.problem
    return "" if problem is None else _signature(problem.state, problem.note[:_MAX_CHARACTERS])


@lru_cache(maxsize=4096)
def _signature(state: str, note: str) -> str:
    note = normalise(note)
    return f"{state}: {note}" if note else state


def normalise(note: str) -> str:
    """Return the first line of a note, its times, hashes, paths and numbers as placeholders."""
    lines = note.split("\n", 1)
    return " ".join(strip_variable_parts(lines[0]).split())


def strip_variable_parts(line: str) -> str:
    """Return a line, its times, hashes, paths and numbers as placeholders."""
    return re.sub(_VARIABLE_PARTS, _stand_in, line, flags=_FLAGS)


def _stand_in(match: re.Match[str]) -> str:
    return "#" if match.lastgroup == "number" else f"<{match.lastgroup}>"
