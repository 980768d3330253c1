from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import JobPhase, JobStatus, expand_nodes
from statustui.scheduler.command import NoAnswerError, Output
from statustui.scheduler.flux import Flux, number_of, parse_jobs
from tests.scheduler.samples import Recorded, read

ENDING = JobStatus("COMPLETING")
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


def test_odd_values_of_recorded_answers() -> None:
    """As real ones have them: empty texts for numbers, no time limit, numbers for words."""
    job = {"id": 15032385536, "state": "RUN", "username": "alice", "t_run": 1687838671.5}
    endless = {"duration": 0, "expiration": 4841438671, "result": "", "returncode": ""}
    nodes = {"nodelist": "burst[15,15,16-17]", "annotations": {"sched": {"queue": "default"}}}
    limited = {"duration": 3600.0, "expiration": 1687842271.5}
    waiting = {"state": "SCHED", "t_run": "", "expiration": "", "annotations": ""}
    unsatisfiable = {"state": "INACTIVE", "result": "FAILED", "t_run": 0.0, "t_inactive": 9.5}
    for more, expected in (
        (endless | nodes, JobStatus("RUNNING", "", 1687838671.5, None, "burst[15,15,16-17]")),
        (limited, JobStatus("RUNNING", "", 1687838671.5, 1687842271.5)),
        (waiting, JobStatus("PENDING")),
        (unsatisfiable, JobStatus("FAILED", end=9.5)),
        ({"state": "CLEANUP", "t_run": float("nan"), "expiration": 10**400}, ENDING),
        ({"state": "CLEANUP", "t_run": True, "expiration": float("inf")}, ENDING),
        ({"state": 64, "result": 1}, JobStatus("64", start_estimate=1687838671.5)),
    ):
        found = parse_jobs(json.dumps({"jobs": [job | more]}), ["f1", "15032385536"])
        assert found == {"15032385536": expected._replace(user="alice")}
    assert expand_nodes("burst[15,15,16-17]") == ("burst15", "burst16", "burst17")
    assert JobStatus("64").phase is JobPhase.UNKNOWN


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
