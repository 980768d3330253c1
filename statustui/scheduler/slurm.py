"""Ask Slurm: ``squeue`` for all jobs at once, then ``sacct`` for those that it has forgotten.

What the commands print is that of Slurm 22.05. Their own ``-o`` formats are steadier than JSON,
which changes from version to version, ignores ``-j``, and is an empty list with exit status 0 when
the controller is down.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from statustui.core.job import JobPhase, JobStatus
from statustui.core.times import read_seconds
from statustui.scheduler.command import NoAnswerError, Output, RunCommand
from statustui.scheduler.scheduler import Scheduler, is_user

_ID = re.compile(r"\d{1,10}(?:[_+]\d{1,10})?\Z", re.ASCII)
"""A job, a task of an array (``36_3``), or a component of a heterogeneous job (``39+1``)."""
_QUEUE_FORMAT = "%A|%i|%T|%S|%e|%u|%N|%r"
"""The reason comes last: it may contain anything."""
_ACCOUNT_FORMAT = "JobIDRaw,JobID,State,Start,End,User,NodeList,Reason"
"""The same columns."""
_LINE = re.compile(
    r"""\s*(\d{1,10})                # the id of the job itself
    \|(\d{1,10}(?:[_+][^|\s]+)?)   # with its place in an array or a heterogeneous job
    \|([A-Z_]+)(?:[ +][^|]*)?      # `CANCELLED by 0` names the user who has cancelled it
    \|([^|A-Za-z][^|]*|N/A|NONE|None|INVALID|UNLIMITED|Unknown|)
    \|([^|A-Za-z][^|]*|N/A|NONE|None|INVALID|UNLIMITED|Unknown|)
    \|([^|]*)
    \|([^|]*)
    \|(.*)""",
    re.ASCII | re.VERBOSE | re.DOTALL,
)
"""A line in these columns. One of another layout, such as a message, does not match."""
_NUMBER = re.compile(r"\d+", re.ASCII)
_HEAD = re.compile(r"\s*(\d+)\|(\d+)", re.ASCII)
"""The beginning of such a line: the number of the job, and that of its array or its whole."""
_MAX_ARGUMENT = 100_000
"""Characters of a list of ids; Linux takes 128 KiB for one argument."""
_MAX_ACCOUNTS = 1_000
"""Jobs that ``sacct`` is asked for at a time; the others follow in the next rounds."""
_UNKNOWN_JOB = "Invalid job id specified"
"""What ``squeue -j`` says, with exit status 1, of a single id that it does not know."""
_UNKNOWN_USER = "Invalid user"
"""What ``squeue -u`` says, with exit status 0, of a user whom the host does not know."""
_NO_ACCOUNTING = "accounting storage is disabled"
_ACCOUNT_LAG = JobPhase.ENDED
"""Accounting lags behind: only what it says of the end of a job counts."""
_ARRAY = re.compile(r"(\d+)_(?:\[([\d,-]+)(?:%\d+)?\]|(\d+))\Z", re.ASCII)
_COMPONENT = re.compile(r"(\d+)\+\d+\Z", re.ASCII)
_CLUSTER = re.compile(r"^ClusterName\s*=\s*(\S+)", re.MULTILINE)
_NOTHING = frozenset({"", "N/A", "None", "Unknown", "(null)", "None assigned", "NONE"})
_URGENCY = (JobPhase.RUNNING, JobPhase.WAITING, JobPhase.ENDED, JobPhase.UNKNOWN)
"""Of the parts of a job, the first of these phases is that of the job."""


class _Row(NamedTuple):
    """What one line says."""

    raw_id: str
    shown_id: str
    status: JobStatus


class Slurm(Scheduler):
    """Asks Slurm.

    Args:
        run: Runs a command.
    """

    name = "slurm"
    command = "squeue"
    id_form = _ID

    def __init__(self, run: RunCommand | None = None) -> None:
        super().__init__(run)
        self._accounted: set[str] = set()
        """Ids that ``sacct`` has been asked for."""
        self._has_accounting = True
        self._cluster = os.environ.get("SLURM_CLUSTER_NAME", "")

    def ask_cluster(self) -> str:
        """Return the name of the cluster; ``scontrol`` is not asked again once it has told."""
        if not self._cluster:
            with contextlib.suppress(NoAnswerError):
                output = self._run(["scontrol", "show", "config"], _variables())
                name = _CLUSTER.search(output.out)
                self._cluster = name[1] if name is not None else ""
        return self._cluster

    def ask(self, ids: Collection[str], users: Collection[str]) -> Mapping[str, JobStatus]:
        """Return what Slurm says of the jobs with these ids.

        ``sacct`` is asked at most once for each job.

        Args:
            ids: Ids that `is_id` accepts.
            users: Who may own the jobs, as far as that is known.

        Raises:
            NoAnswerError: ``squeue`` has not answered.
        """
        found = parse_queue(self._queue(ids, users), ids)
        self._accounted.intersection_update(ids)
        forgotten = [one for one in sorted(ids) if one not in found and one not in self._accounted]
        if forgotten and self._has_accounting:
            found.update(self._account(forgotten[:_MAX_ACCOUNTS]))
        return found

    def _queue(self, ids: Collection[str], users: Collection[str]) -> str:
        """Return what ``squeue`` prints; one user's jobs are chosen in the controller itself."""
        words = ["squeue", "-h", "-t", "all", "-o", _QUEUE_FORMAT]
        known = [user for user in users if is_user(user)]
        if len(known) == 1 and len(users) == 1:
            words += ["-u", known[0]]
        else:
            listed = ",".join(sorted({_listed(one) for one in ids}))
            # Without a list, all jobs of the cluster come back.
            words += ["-j", listed] if len(listed) <= _MAX_ARGUMENT else []
        output = self._run(words, _variables())
        if _UNKNOWN_JOB in output.err or (not output.status and _UNKNOWN_USER in output.err):
            return ""
        _check("squeue", output)
        if output.out.strip() and not any(map(_LINE.match, output.out.split("\n"))):
            raise NoAnswerError("squeue: its answer is not in the columns that were asked for")
        return output.out

    def _account(self, ids: Collection[str]) -> Mapping[str, JobStatus]:
        words = ["sacct", "-P", "-n", "-X", "-o", _ACCOUNT_FORMAT, "-j", ",".join(ids)]
        self._accounted.update(ids)
        try:
            output = self._run(words, _variables())
            _check("sacct", output)
        except NoAnswerError as error:
            # A site without accounting has no other answer: do not ask again.
            self._has_accounting = _NO_ACCOUNTING not in str(error)
            return {}
        return parse_accounts(output.out, ids)


def _listed(job: str) -> str:
    """Return what to list to get a job: ``-j`` takes no component of a heterogeneous job."""
    return job.partition("+")[0]


def _variables() -> dict[str, str]:
    """Return the variables that make the output independent of the user's settings."""
    unset = {name: "" for name in os.environ if name.startswith(("SQUEUE_", "SACCT_"))}
    return {**unset, "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}


def _check(command: str, output: Output) -> None:
    """Check that a command has succeeded.

    Raises:
        NoAnswerError: It has failed, or reports an error beside an empty answer.
    """
    if output.status or (output.err.strip() and not output.out.strip()):
        raise NoAnswerError(output.failure_of(command))


def parse_queue(text: str, ids: Collection[str]) -> dict[str, JobStatus]:
    """Parse what ``squeue`` prints in `_QUEUE_FORMAT`; keep the jobs with these ids.

    An id that is there twice is that of jobs of several clusters, which ``SLURM_CLUSTERS`` asks
    for; nothing follows for it.
    """
    rows = list(_rows(text, ids))
    counts = Counter(row.shown_id for row in rows)
    return _choose((row for row in rows if counts[row.shown_id] == 1), ids)


def parse_accounts(text: str, ids: Collection[str]) -> dict[str, JobStatus]:
    """Parse what ``sacct`` prints in `_ACCOUNT_FORMAT`; keep the ended jobs with these ids.

    Of a job with several lines, as a requeued one has, the last one counts.
    """
    rows = {row.shown_id: row for row in _rows(text, ids)}
    found = _choose(rows.values(), ids)
    return {one: status for one, status in found.items() if status.phase is _ACCOUNT_LAG}


def _rows(text: str, ids: Collection[str]) -> Iterator[_Row]:
    """Yield what the lines of `_QUEUE_FORMAT` or `_ACCOUNT_FORMAT` say; both have these columns.

    Most lines about other jobs than those with these ids are left out.
    """
    numbers = {number[0] for one in ids if (number := _NUMBER.match(one)) is not None}
    for line in text.split("\n"):
        head = _HEAD.match(line)
        if head is None or (head[1] not in numbers and head[2] not in numbers):
            continue
        whole = _LINE.match(line)
        if whole is None:
            continue
        raw_id, shown_id, state, start, end, user, nodes, reason = map(str.strip, whole.groups())
        status = JobStatus(
            state=state,
            reason="" if reason in _NOTHING else reason,
            # In seconds since 1970, as asked for, or in local time by a Slurm that ignores that.
            start_estimate=read_seconds(start),
            end=read_seconds(end),
            nodes="" if nodes in _NOTHING else nodes,
            user=user,
        )
        yield _Row(raw_id, shown_id, status)


def _choose(rows: Iterable[_Row], ids: Collection[str]) -> dict[str, JobStatus]:
    """Return the status of each wanted job that is among the rows."""
    wanted = set(ids)
    parts: dict[str, list[JobStatus]] = {}
    for row in rows:
        for name in _names(row, wanted):
            parts.setdefault(name, []).append(row.status)
    return {name: min(statuses, key=_urgency) for name, statuses in parts.items()}


def _urgency(status: JobStatus) -> tuple[int, bool]:
    """Return a key by which the status of a part that is that of the whole comes first."""
    return _URGENCY.index(status.phase), status.state == "COMPLETED"


def _names(row: _Row, wanted: set[str]) -> Iterator[str]:
    """Yield the wanted ids that a row is about.

    The id of an array stands for all its tasks: while one of them waits or runs it is in the
    queue. The tasks that wait have one row together: ``36_[3-6%2]``.
    """
    array, component = _ARRAY.match(row.shown_id), _COMPONENT.match(row.shown_id)
    whole = array[1] if array else component[1] if component else row.shown_id
    names = {row.raw_id, row.shown_id, whole}
    if array and row.raw_id == whole:
        # Slurm gives one task of an array the id of the whole array.
        names = {row.shown_id, whole}
    yield from names & wanted
    if array and array[2]:
        ranges = [part.partition("-") for part in array[2].split(",")]
        for name in wanted - names:
            base, sign, task = name.partition("_")
            if base == whole and sign and any(_holds(part, int(task)) for part in ranges):
                yield name


def _holds(part: tuple[str, str, str], task: int) -> bool:
    first, sign, last = part
    return bool(first) and int(first) <= task <= int(last if sign and last else first)
