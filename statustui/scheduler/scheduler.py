"""The interface to a scheduler, and which one is at hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from typing import Protocol

from statustui.core.job import JobStatus, SchedulerName

_USER = re.compile(r"[A-Za-z_][\w.-]{0,63}\Z", re.ASCII)


class Scheduler(Protocol):
    """Asks one scheduler about jobs."""

    name: SchedulerName
    command: str
    """The command that has to be on the PATH."""

    def is_id(self, text: str) -> bool:
        """Return whether a text from a file is the id of a job, and safe as an argument."""

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
