"""Recorded answers of Slurm, laid out in the columns that the program asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from statustui.scheduler.command import Output
from tests.trees import DATA

SAMPLES = DATA / "schedulers"
OUR_QUEUE = ("raw", "id", "state", "start", "end", "user", "nodes", "reason")
OUR_ACCOUNTS = ("raw", "id", "state", "start", "end", "user", "nodes", "reason")
SHORT = ("id", "state", "reason", "start", "end", "nodes")
NAMED = ("id", "name", "state", "reason", "start", "end", "nodes")
LONG = ("id", "name", "state", "reason", "start", "end", "left", "partition", "user", "nodes")
ARRAY = ("id", "raw", "array", "task", "state", "reason")
QUEUES = {
    "all-states-squeue": NAMED,
    "array-later-squeue": ARRAY,
    "array-squeue": ARRAY,
    "array-squeue-r": ARRAY,
    "cancelled-squeue": SHORT,
    "deadline-squeue": NAMED,
    "depnever-squeue": ("id", "name", "state", "reason"),
    "het-held-squeue": ("id", "raw", "state", "reason"),
    "het-running-squeue": ("id", "raw", "state", "reason"),
    "me-squeue": ("raw", "id", "state", "reason", "start", "end", "nodes"),
    "mixed-completed-squeue": ("id", "state", "reason", "end"),
    "nodefail-norequeue-squeue-54": SHORT,
    "nodefail-squeue-24": SHORT,
    "odd-squeue": NAMED,
    "odd-squeue-later": NAMED,
    "pending-squeue-o": LONG,
    "pending-squeue-t-all": ("id", "state", "reason", "start"),
    "reqnode-squeue": ("id", "name", "state", "reason", "start"),
    "requeued-stepd-killed-squeue-25": SHORT,
    "resources-and-priority-squeue": ("id", "state", "reason", "start"),
    "running-squeue-o": LONG,
    "timeout-squeue-22": ("id", "state", "reason", "end"),
}
"""Sample -> its columns."""
ACCOUNTS = {
    "sacct-many": ("raw", "state", "reason", "exit", "end"),
    "sacct-many-duplicates": ("raw", "state", "reason", "exit", "start", "end"),
}
"""The same without a header."""


def read(name: str) -> str:
    """A sample as it was printed."""
    return (SAMPLES / name).read_text(encoding="utf-8")


def in_our_columns(text: str, columns: Sequence[str], wanted: Sequence[str]) -> str:
    """Lay the lines of a sample out in other columns; missing ones are empty."""
    lines = []
    for line in text.splitlines():
        fields = dict(zip(columns, line.split("|"), strict=False))
        fields.setdefault("raw", fields.get("id", ""))
        fields.setdefault("id", fields["raw"])
        lines.append("|".join(fields.get(name, "") for name in wanted))
    return "\n".join(lines)


def queue(name: str) -> str:
    """A sample of ``squeue``, as the program would have got it."""
    return in_our_columns(read(f"{name}.out"), QUEUES[name], OUR_QUEUE)


def accounts(name: str) -> str:
    """A sample of ``sacct``, as the program would have got it."""
    text = read(f"{name}.out")
    columns = ACCOUNTS.get(name)
    if columns is None:
        header, _, text = text.partition("\n")
        names = {
            "JobIDRaw": "raw",
            "JobID": "id",
            "State": "state",
            "Reason": "reason",
            "Start": "start",
            "End": "end",
            "NodeList": "nodes",
        }
        columns = tuple(names.get(title, title) for title in header.split("|"))
    return in_our_columns(text, columns, OUR_ACCOUNTS)


class Recorded:
    """Runs no command, but gives recorded outputs.

    Args:
        outputs: Name of a command -> what it prints.
    """

    def __init__(self, **outputs: Output | Exception) -> None:
        self.outputs = outputs
        self.calls: list[list[str]] = []
        self.variables: list[Mapping[str, str]] = []

    def __call__(self, words: Sequence[str], variables: Mapping[str, str]) -> Output:
        """Record the call, and give the output of its command."""
        self.calls.append(list(words))
        self.variables.append(variables)
        output = self.outputs[words[0]]
        if isinstance(output, Exception):
            raise output
        return output
