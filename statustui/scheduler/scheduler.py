"""The interface to a scheduler, and which one is at hand."""

from __future__ import annotations

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar

from statustui.core.job import JobStatus, SchedulerName
from statustui.scheduler.command import CommandRunner, RunCommand

_USER = re.compile(r"[A-Za-z_][\w.-]{0,63}\Z", re.ASCII)


class Scheduler(ABC):
    """Asks one scheduler about jobs.

    Args:
        run: Runs a command.
    """

    name: ClassVar[SchedulerName]
    command: ClassVar[str]
    """The command that has to be on the PATH."""
    id_form: ClassVar[re.Pattern[str]]
    """Matches the ids of jobs, and nothing that is not safe as an argument."""

    def __init__(self, run: RunCommand | None = None) -> None:
        self._run = run or CommandRunner()

    def is_id(self, text: str) -> bool:
        """Return whether a text from a file is the id of a job, and safe as an argument."""
        return self.id_form.match(text) is not None

    def ask_cluster(self) -> str:
        """Return the name of the cluster that answers; empty if it is unknown."""
        return ""

    @abstractmethod
    def ask(self, ids: Collection[str], users: Collection[str]) -> Mapping[str, JobStatus]:
        """Return what the scheduler says of the jobs with these ids.

        An id that it does not know is left out; nothing follows from that.

        Args:
            ids: Ids that `is_id` accepts.
            users: Who may own the jobs, as far as that is known.

        Raises:
            NoAnswerError: It has not answered, or its answer is not to be trusted.
        """


def is_user(text: str) -> bool:
    """Return whether a text is the name of a user, and safe as an argument."""
    return _USER.match(text) is not None


def is_at_hand(scheduler: Scheduler) -> bool:
    """Return whether the command of a scheduler is on the PATH."""
    return shutil.which(scheduler.command) is not None
