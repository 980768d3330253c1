from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import JobStatus
from statustui.scheduler.command import NoAnswerError, Output
from statustui.scheduler.flux import Flux, number_of, parse_jobs
from tests.scheduler.samples import Recorded, read

IDS = ["1552593348", "15032385537", "15032385538", "15032385539", "15032385540", "15032385541"]


def test_several_jobs() -> None:
    """Several jobs."""
    found = parse_jobs(read("flux-several.json"), IDS)
    waiting, running, late, cancelled, dependent, ending = (found[one] for one in IDS)
    assert waiting == JobStatus(
        "PENDING", "requested GPUs are unavailable", 593016000.0, user="alice"
    )
    assert running == JobStatus(
        "RUNNING", "", 593015010.5, 593018610.5, "burst[40-41]", user="alice"
    )
    assert (late.state, late.end) == ("TIMEOUT", 593018612.25)
    assert cancelled.state == "CANCELLED"
    assert (dependent.state, dependent.reason) == ("PENDING", "Dependency")
    assert (ending.state, ending.end) == ("COMPLETING", None)


def test_a_single_job_is_printed() -> None:
    """A single job is printed without a list."""
    found = parse_jobs(read("flux-inactive.json"), ["15032385536", "1"])
    assert found.keys() == {"15032385536"}
    assert found["15032385536"].state == "COMPLETED"
    assert found["15032385536"].end == 1687838672.1725576


@pytest.mark.parametrize(
    ("text", "number"),
    [("f1", 0), ("ƒ2", 1), ("f21", 58), ("15032385536", 15032385536), ("0xff", 255)],
)
def test_ids_are_the_same_in_every(text: str, number: int) -> None:
    """Ids are the same in every notation."""
    assert Flux().is_id(text)
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "f", "f0", "-1", "1;2", "--all", "flux", "12 3"])
def test_no_id(text: str) -> None:
    """No id."""
    assert not Flux().is_id(text)
    assert number_of(text) is None


def test_the_command_names_all_jobs() -> None:
    """The command names all jobs."""
    run = Recorded(flux=Output(0, read("flux-several.json"), ""))
    assert len(Flux(run).ask(IDS, ["alice"])) == len(IDS)
    assert run.calls == [["flux", "jobs", "--json", *sorted(IDS)]]


def test_unknown_jobs_alone_are_no_failure() -> None:
    """Unknown jobs alone are no failure."""
    run = Recorded(flux=Output(1, "", "flux-jobs: ERROR: JobID f1 unknown\n"))
    assert Flux(run).ask(["f1"], []) == {}


@pytest.mark.parametrize(
    "output",
    [Output(1, "", "flux-jobs: ERROR: [Errno 2] connect"), Output(0, "", ""), Output(0, "{", "")],
)
def test_anything_else_is_no_answer(output: Output) -> None:
    """Anything else is no answer."""
    with pytest.raises(NoAnswerError):
        Flux(Recorded(flux=output)).ask(["f1"], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["jobs", "id", "state", "annotations", "sched", "t_run"]), inner
        )
    ),
    max_leaves=10,
)


@given(JSON)
def test_other_json_never_raises(value: object) -> None:
    """Other JSON never raises."""
    assert parse_jobs(json.dumps(value), ["1"]).keys() <= {"1"}
