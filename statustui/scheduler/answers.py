"""What is asked of schedulers, and what they have answered. Imports nothing that is slow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from statustui.core.job import JobStatus, SchedulerName


class WantedJob(NamedTuple):
    """A job to ask about."""

    scheduler: SchedulerName
    id: str
    user: str
    """Whose run it is; an answer about the job of somebody else is about another job."""
    system: str = ""
    """Where it is, in the words of Pavilion; empty if unknown."""


class Answer(NamedTuple):
    """What a scheduler has said of a job."""

    status: JobStatus
    asked: float
    """When it was asked, in seconds since 1970."""


class Answers(NamedTuple):
    """The last answers of all schedulers."""

    round: int = 0
    """Number of rounds of calls so far."""
    asked: float = float("-inf")
    """When the last round began, in seconds since 1970."""
    by_job: Mapping[WantedJob, Answer] = MappingProxyType({})
    problem: str = ""
    """Why the last round had no answer; empty if it had."""


class Call(NamedTuple):
    """A call of a command, for the request log."""

    at: float
    """When it began, in seconds since 1970."""
    command: str
    seconds: float
    result: str
    """What came of it, in a few words."""
