from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import JobStatus
from statustui.core.job_log import read_last_words

END = datetime(2026, 11, 25, 13, 28, 3, tzinfo=timezone.utc).timestamp()
CANCELLED = "slurmstepd-n1: error: *** JOB 22 ON n1 CANCELLED AT 2026-11-25T13:28:03"
OOM = "slurmstepd: error: Detected 1 oom_kill event in StepId=22.batch. Some of the step tasks"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (f"{CANCELLED} DUE TO TIME LIMIT ***", "TIMEOUT"),
        (f"{CANCELLED} DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***", "NODE_FAIL"),
        (f"{CANCELLED} DUE TO PREEMPTION ***", "PREEMPTED"),
        (f"{CANCELLED} DUE TO JOB REQUEUE ***", "REQUEUED"),
        (f"{CANCELLED} ***", "CANCELLED"),
        (f"{CANCELLED} DUE TO GREMLINS ***", "CANCELLED"),
    ],
)
def test_a_last_word_tells_how(line: str, state: str) -> None:
    """A last word tells how the job ended."""
    status = read_last_words(f"output\n{line}\n", "22")
    assert status == JobStatus(state, end=END, nodes="n1")


@pytest.mark.parametrize(
    "line",
    [
        OOM,
        "slurmstepd: error: Detected 2 oom-kill event(s) in step 22.batch cgroup.",
        "slurmstepd: error: Job 22 exceeded memory limit (99 > 10), being killed",
    ],
)
def test_a_job_out_of_memory(line: str) -> None:
    """A job out of memory is told as that whatever ended it."""
    assert read_last_words(line, "22") == JobStatus("OUT_OF_MEMORY")
    ended = JobStatus("OUT_OF_MEMORY", end=END, nodes="n1")
    assert read_last_words(f"{line}\n{CANCELLED} ***", "22") == ended
    assert read_last_words(f"{CANCELLED} ***\n{line}", "22") == ended


@pytest.mark.parametrize(
    "line",
    [
        "",
        "*** JOB 22 ON n1 CANCELLED AT 2026-11-25T13:28:03 DUE TO TIME LIMIT ***",
        CANCELLED,
        f"{CANCELLED} *** and more",
        "slurmstepd: error: *** STEP 22.0 ON n1 CANCELLED AT 2026-11-25T13:28:03 ***",
        OOM.replace("batch", "0"),
        f"{CANCELLED} ***".replace("22", "23"),
    ],
)
def test_other_lines_say_nothing_of_the_job(line: str) -> None:
    """Other lines say nothing of the job."""
    assert read_last_words(line, "22") is None


def test_a_task_of_an_array() -> None:
    """A task of an array has another id in its log."""
    assert read_last_words(f"{CANCELLED} ***", "20_3") is not None
    assert read_last_words(f"{CANCELLED} ***") is not None


def test_an_end_without_a_readable_time() -> None:
    """An end without a readable time."""
    line = f"{CANCELLED} ***".replace("2026-11-25T13:28:03", "noon")
    assert read_last_words(line) == JobStatus("CANCELLED", nodes="n1")


@given(st.text() | st.text(alphabet="* JOBCANCELLEDATONerror:22\n", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Any text can be read."""
    read_last_words(text, "22")
