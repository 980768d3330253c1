from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import (
    ENDS,
    GONE,
    REASONS,
    Job,
    JobPhase,
    JobStatus,
    describe_end,
    describe_job,
    describe_wait,
    expand_nodes,
    explain,
    format_moment,
)

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize("state", ENDS)
def test_every_end_is_an_end(state: str) -> None:
    """Every end is an end."""
    assert JobStatus(state).phase is JobPhase.ENDED


def test_nothing_follows_from_an_unknown_state() -> None:
    """Nothing follows from an unknown state."""
    assert JobStatus("REVOKED").phase is JobPhase.UNKNOWN


def test_a_job_that_waits_says() -> None:
    """A job that waits says why and when it starts."""
    status = JobStatus("PENDING", "Resources", NOON + 7500)
    said = "waits: Resources, starts about 14:05 (the nodes that it needs are not free)"
    assert describe_wait(status, NOON) == said


def test_a_start_on_another_day() -> None:
    """A start on another day has its date."""
    status = JobStatus("PENDING", "Priority", NOON + 86400)
    assert "starts about 2026-11-26 12:00" in describe_wait(status, NOON)


def test_a_start_that_is_past() -> None:
    """A start that is past is left out."""
    assert "starts" not in describe_wait(JobStatus("PENDING", "Priority", NOON - 1), NOON)


@pytest.mark.parametrize("reason", [name for name, one in REASONS.items() if one.never_starts])
def test_a_job_that_cannot_start(reason: str) -> None:
    """A job that cannot start will not start."""
    said = describe_wait(JobStatus("PENDING", reason, NOON + 60), NOON)
    assert said.startswith(f"will not start: {reason} (")
    assert "starts about" not in said


def test_an_unknown_reason_stands_as() -> None:
    """An unknown reason stands as it is."""
    assert describe_wait(JobStatus("PENDING", "Gremlins"), NOON) == "waits: Gremlins"
    assert describe_wait(JobStatus("PENDING"), NOON) == "waits"


def test_a_reason_with_details_is_understood() -> None:
    """A reason with details is understood."""
    assert explain("ReqNodeNotAvail, UnavailableNodes:n1") == REASONS["ReqNodeNotAvail"]
    assert not explain("").sentence


def test_an_end_is_told_with_its_time() -> None:
    """An end is told with its time."""
    job = Job("22", "slurm", JobStatus("TIMEOUT", end=NOON))
    assert describe_end(job, NOON + 60) == "job 22 ended: TIMEOUT 12:00"
    assert describe_end(job, NOON - 86400) == "job 22 ended: TIMEOUT 2026-11-25 12:00"
    assert describe_end(job, None) == "job 22 ended: TIMEOUT 2026-11-25 12:00"
    assert describe_end(Job("22", "slurm", JobStatus("FAILED")), None) == "job 22 ended: FAILED"


def test_a_process_is_gone() -> None:
    """A process is gone."""
    assert describe_end(Job("4099", "raw", JobStatus(GONE)), NOON) == "process 4099 is gone"
    assert describe_end(Job("4099", "raw"), NOON) == "process 4099 is gone"


def test_a_time_that_no_calendar() -> None:
    """A time that no calendar has is left as a number."""
    assert format_moment(1e20, NOON) == "1e+20"


def test_a_job_knows_its_nodes() -> None:
    """A job knows its nodes and whether it waits."""
    assert Job("1", "slurm").nodes == ()
    assert not Job("1", "slurm").is_waiting
    job = Job("1", "slurm", JobStatus("PENDING", nodes="n[1-2]"))
    assert job.nodes == ("n1", "n2")
    assert job.is_waiting


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("n1", ("n1",)),
        ("n[1-3,07],login", ("n1", "n2", "n3", "n07", "login")),
        ("n[098-101]", ("n098", "n099", "n100", "n101")),
        ("r1[1-2]x,a", ("r11x", "r12x", "a")),
        ("n[3-1]", ()),
        ("n[-,1]", ("n1",)),
    ],
)
def test_nodes_are_expanded(text: str, names: tuple[str, ...]) -> None:
    """Nodes are expanded."""
    assert expand_nodes(text) == names


def test_a_huge_range_is_cut() -> None:
    """A huge range is cut."""
    assert len(expand_nodes("n[0-999999999]")) == 1000
    assert expand_nodes("n[0-9999999999]") == ()


@given(st.text(alphabet="n[]-,0123456789x ", max_size=30))
def test_any_list_of_nodes_can(text: str) -> None:
    """Any list of nodes can be expanded."""
    assert len(expand_nodes(text)) <= 1000


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Job("1", "slurm"), "job 1"),
        (
            Job("1", "slurm", JobStatus("PENDING", "Priority"), NOON - 60),
            "job 1 waits: Priority (jobs of higher priority come first); slurm was asked 1m ago",
        ),
        (
            Job("1", "pbs", JobStatus("RUNNING", "", 1.0, NOON, "n1")),
            "job 1 runs on n1, until 12:00",
        ),
        (Job("1", "slurm", JobStatus("SUSPENDED")), "job 1: SUSPENDED"),
        (Job("1", "slurm", JobStatus("FAILED", end=NOON)), "job 1 ended: FAILED 12:00"),
        (Job("1", "slurm", JobStatus("REVOKED")), "job 1: REVOKED"),
        (Job("4", "raw", JobStatus("RUNNING", nodes="head")), "process 4 runs on head"),
    ],
)
def test_what_is_known_of_a_job_is_one_line(job: Job, said: str) -> None:
    """With the age of the answer, if it is one."""
    assert describe_job(job, NOON) == said


def test_an_old_answer_has_the_time_that_it_is_of() -> None:
    """Behind the reason, which is never cut for it."""
    now = datetime(2026, 11, 25, 14, 0).timestamp()  # noqa: DTZ001 - local time, as on the screen
    status = JobStatus("PENDING", "Resources", now + 300)
    assert describe_wait(status, now, now - 600).startswith(
        "waits: Resources, as of 13:50, starts about 14:05 (the nodes"
    )
