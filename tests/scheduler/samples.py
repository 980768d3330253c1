"""Recorded answers of Slurm, laid out in the columns that the program asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from statustui.scheduler.command import Output
from tests.trees import DATA

DOCUMENTS = DATA / "schedulers"
RECORDED = DOCUMENTS / "slurm-22.05"
OUR_COLUMNS = ("raw", "id", "state", "start", "end", "user", "nodes", "reason")

_QUEUE_LETTERS = {
    "%A": "raw",
    "%i": "id",
    "%T": "state",
    "%S": "start",
    "%e": "end",
    "%u": "user",
    "%N": "nodes",
    "%r": "reason",
}
_ACCOUNT_TITLES = {
    "JobIDRaw": "raw",
    "JobID": "id",
    "State": "state",
    "Start": "start",
    "End": "end",
    "User": "user",
    "NodeList": "nodes",
    "Reason": "reason",
}
_SHOWN_KEYS = {
    "JobId": "raw",
    "JobState": "state",
    "StartTime": "start",
    "EndTime": "end",
    "NodeList": "nodes",
    "Reason": "reason",
}
_JSON_KEYS = {
    "job_state": "state",
    "start_time": "start",
    "end_time": "end",
    "user_name": "user",
    "nodes": "nodes",
    "state_reason": "reason",
}
_STATE_LETTERS = {"PD": "PENDING", "R": "RUNNING"}
_SHOWN_PAIR = re.compile(r"(?:^|\s)([A-Z][\w:/]*)=(.*?)(?=\s+[A-Z][\w:/]*=|\s*$)")

Facts = Mapping[str, str]
"""Name of a column -> what an answer says of a job."""


class Sample(NamedTuple):
    """A recorded answer."""

    name: str
    status: int
    says: str
    """Its jobs, each ``ID=STATE``; ``nothing``, or ``refused`` for what says nothing of jobs."""
    command: str

    @property
    def output(self) -> Output:
        """What the command has printed."""
        return Output(self.status, self._read("out"), self._read("err"))

    @property
    def jobs(self) -> list[tuple[str, str]]:
        """The ids and states that it tells, in its order."""
        pairs = [one.partition("=") for one in self.says.split()]
        return [(name, state) for name, sign, state in pairs if sign]

    def _read(self, ending: str) -> str:
        path = RECORDED / f"{self.name}.{ending}"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def _samples() -> dict[str, Sample]:
    lines = read("slurm-22.05.tsv").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return {name: Sample(name, int(status), says, cmd) for name, status, says, cmd in rows}


def read(name: str) -> str:
    """A file of recorded answers."""
    return (DOCUMENTS / name).read_text(encoding="utf-8")


SAMPLES = _samples()
"""Every recorded answer of Slurm, by its name."""


def facts_of(sample: Sample) -> list[Facts]:
    """What an answer of any layout says of each job, times as they stand there."""
    if not sample.jobs:
        return []
    words, text = sample.command.split(), sample.output.out
    if "--json" in words:
        return [_facts_of_json(job) for job in json.loads(text)["jobs"]]
    if words[0] == "scontrol":
        blocks = re.split(r"\n(?=JobId=)", text)
        return [_facts_shown(block) for block in blocks]
    if sample.command == "squeue":
        return list(_facts_of_default(text))
    lines = text.splitlines()
    if words[0] == "sacct":
        header = words[words.index("-o") + 1].split(",") if "-n" in words else None
        header = header or lines.pop(0).split("|")
        columns = [_ACCOUNT_TITLES.get(title, title) for title in header]
    else:
        columns = [_QUEUE_LETTERS.get(one, one) for one in words[-1].split("|")]
    rows = [dict(zip(columns, line.split("|"), strict=True)) for line in lines]
    # The steps of a job, such as `5.batch`, are no jobs.
    return [row for row in rows if "." not in row.get("id", "")]


def _facts_of_json(job: Mapping[str, Any]) -> Facts:
    # A time of 0 is none.
    facts = {name: str(job[key] or "") for key, name in _JSON_KEYS.items()}
    task = job["array_task_id"]
    named = f"[{job['array_task_string']}]" if task is None else str(task)
    return facts | {
        "raw": str(job["job_id"]),
        "id": _full_id(
            str(job["job_id"]),
            (job["array_job_id"], named),
            (job["het_job_id"], job["het_job_offset"]),
        ),
    }


def _facts_shown(block: str) -> Facts:
    """What ``scontrol show job`` says of one job."""
    pairs = dict(_SHOWN_PAIR.findall(block))
    facts = {name: pairs[key] for key, name in _SHOWN_KEYS.items()}
    task = pairs.get("ArrayTaskId", "")
    array = (pairs.get("ArrayJobId"), task if task.isdecimal() else f"[{task}]")
    part = (pairs.get("HetJobId"), pairs.get("HetJobOffset"))
    user = pairs["UserId"].partition("(")[0]
    return facts | {"id": _full_id(facts["raw"], array, part), "user": user}


def _full_id(raw: str, array: tuple[object, str], part: tuple[object, object]) -> str:
    """Return an id as ``squeue -o %i`` shows it."""
    if array[0]:
        return f"{array[0]}_{array[1]}"
    return f"{part[0]}+{part[1]}" if part[0] else raw


def _facts_of_default(text: str) -> Iterator[Facts]:
    """What the default layout of ``squeue`` says."""
    for line in text.splitlines()[1:]:
        job, _partition, _name, user, letters, _time, _count, last = line.split()
        is_reason = last.startswith("(")
        yield {
            "id": job,
            "user": user,
            "state": _STATE_LETTERS[letters],
            "nodes": "" if is_reason else last,
            "reason": last.strip("()") if is_reason else "None",
        }


def in_our_columns(facts: Iterable[Facts]) -> str:
    """Lay facts out as the program would have got them; missing ones are empty."""
    lines = []
    for one in facts:
        known = {"raw": re.split(r"[_+]", one.get("id", ""))[0], "id": one.get("raw", ""), **one}
        lines.append("|".join(known.get(name, "") for name in OUR_COLUMNS))
    return "\n".join(lines)


def answer(name: str) -> str:
    """A sample of any layout, as the program would have got it."""
    return in_our_columns(facts_of(SAMPLES[name]))


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
