from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import JobPhase, JobStatus
from statustui.scheduler.command import NoAnswerError, Output
from statustui.scheduler.pbs import Pbs, parse_jobs
from tests.scheduler.samples import Recorded, read

IDS = ["10.head", "11", "12[]", "13.head", "14", "15", "16", "17", "18", "19"]


def seconds(text: str) -> float:
    """Seconds since 1970 of a local time."""
    return datetime.fromisoformat(text).timestamp()


def test_jobs_are_read_from_json() -> None:
    """Jobs are read from JSON with wrong quotes and braces."""
    found = parse_jobs(read("qstat-several.json"), IDS)
    assert found["10.head"] == JobStatus(
        "PENDING",
        "Insufficient amount of resource: ncpus",
        seconds("2025-04-23T14:05:00"),
        user="alice",
    )
    assert found["11"] == JobStatus(
        "RUNNING", "", seconds("2025-04-23T12:00:00"), nodes="n1,n2", user="alice"
    )
    assert found["12[]"].phase is JobPhase.RUNNING
    assert (found["17"].state, found["17"].reason) == ("PENDING", "JobHeldUser")
    assert found["18"].phase is JobPhase.UNKNOWN
    assert "19" not in found


def test_the_end_of_a_job() -> None:
    """The end of a job is told from its exit status."""
    found = parse_jobs(read("qstat-several.json"), IDS)
    ends = [found[one].state for one in ("13.head", "14", "15", "16")]
    assert ends == ["TIMEOUT", "CANCELLED", "FAILED", "OUT_OF_MEMORY"]
    assert found["13.head"].end == seconds("2025-04-23T12:30:00")


@pytest.mark.parametrize("time", ["9" * 400, "Mon Jan 32 00:00:00 2026", "never"])
def test_a_time_that_means_nothing_is_none(time: str) -> None:
    """Such as one that no calendar has: neither an error nor a number."""
    lines = (
        '{"timestamp":1, "Jobs":{',
        '"7.head":{',
        '  "job_state":"R",',
        f'  "stime":"{time}",',
        '  "exec_host":"n1/0"',
        "}}}",
    )
    (status,) = parse_jobs("\n".join(lines), ["7"]).values()
    assert status == JobStatus("RUNNING", nodes="n1")


def test_an_answer_without_jobs() -> None:
    """Where none is known the key is missing, with exit status 0; that is an answer."""
    run = Recorded(qstat=Output(0, '{\n "timestamp":1788909619,\n "pbs_server":"s"\n}\n', ""))
    assert Pbs(run).ask(["40"], []) == {}
    assert len(run.calls) == 1


def test_odd_values_of_recorded_answers() -> None:
    """As real ones have them: JSON in a text, a comma at the end, tasks of an array, raw lines."""
    text = r"""
{
    "timestamp":1682496699,
    "Jobs":{
        "34[].server":{
            "Job_Owner":"alice@login01.example.org",
            "job_state":"B",
            "array":"True",
            "Resource_List":{
                "site":"{\"job.q_prio\": 100.0, \"job_state\": \"F\"}",
                "walltime":"00:20:00"
            }
        },
        "34[7].server":{
            "Job_Owner":"alice@META",
            "job_state":"X",
            "exec_host":"n24/10+n24/11+n21/0*2",
            "exec_host2":"n24.example.org:15002/0*2",
            "Variable_List":{
                "BASH_FUNC_module%%":"() {  eval `x \"$@\"`
}",
                "COUNT":007
            },
            "mtime":"Wed Apr 26 13:41:33 2023",
            "Exit_status":0,
        }
    }
}"""
    found = parse_jobs(text, ["34[]", "34[7]", "34"])
    assert found == {
        "34[]": JobStatus("RUNNING", user="alice"),
        "34[7]": JobStatus(
            "COMPLETED", end=seconds("2023-04-26T13:41:33"), nodes="n24,n21", user="alice"
        ),
    }


def test_variables_of_the_environment_are_no_attributes() -> None:
    """Variables of the environment are no attributes."""
    (status,) = parse_jobs(read("qstat-finished.json"), ["40.pbs"]).values()
    assert status.state == "COMPLETED"
    assert status.end == seconds("2021-03-17T20:36:58")
    assert status.user == "pbsuser"


@pytest.mark.parametrize(
    ("comment", "exit_status", "state"),
    [
        ("and exceeded resource walltime", "271", "TIMEOUT"),
        ("and exceeded resource mem here", "271", "OUT_OF_MEMORY"),
        ("Job deleted", "271", "CANCELLED"),
        ("", "-1", "LAUNCH_FAILED"),
    ],
)
def test_a_comment_tells_more_than(comment: str, exit_status: str, state: str) -> None:
    """A comment tells more than a signal."""
    attributes = ['"job_state":"F",', f'"comment":"{comment}",', f'"Exit_status":{exit_status}']
    text = "\n    ".join(['  "1.s":{', *attributes])
    assert parse_jobs(text, ["1"])["1"].state == state


def test_unknown_ids_do_not_hide() -> None:
    """Unknown ids do not hide the others."""
    output = Output(153, read("qstat-finished.json"), "qstat: Unknown Job Id 41.pbs\n")
    run = Recorded(qstat=output)
    assert Pbs(run).ask(["40.pbs", "41.pbs"], []).keys() == {"40.pbs"}
    assert run.calls == [["qstat", "-x", "-f", "-F", "json", "40.pbs", "41.pbs"]]


def test_where_a_list_gives_the_first() -> None:
    """Where a list gives the first job only the others are asked one by one."""
    ids = [f"{number}.pbs" for number in range(40, 60)]
    run = Recorded(qstat=Output(0, read("qstat-finished.json"), ""))
    assert Pbs(run).ask(ids, []).keys() == {"40.pbs"}
    assert [call[-1] for call in run.calls[1:]] == ids[1:11]


def test_unknown_jobs_alone_are_no_failure() -> None:
    """Unknown jobs alone are no failure."""
    run = Recorded(qstat=Output(153, "", "qstat: Unknown Job Id 1.pbs\n"))
    assert Pbs(run).ask(["1.pbs"], []) == {}


@pytest.mark.parametrize(
    "output",
    [
        Output(111, "", "Connection refused\nqstat: cannot connect to server"),
        Output(0, "", ""),
        Output(0, "garbage", ""),
    ],
)
def test_anything_else_is_no_answer(output: Output) -> None:
    """Anything else is no answer."""
    with pytest.raises(NoAnswerError):
        Pbs(Recorded(qstat=output)).ask(["1.pbs"], [])


@pytest.mark.parametrize("text", ["1", "12.head", "12[].head", "12[3].head-1.example.org"])
def test_an_id(text: str) -> None:
    """An id."""
    assert Pbs().is_id(text)


@pytest.mark.parametrize("text", ["", "a", "-1", "1 2", "1.;x", "1.-x", "[]", "1\n"])
def test_no_id(text: str) -> None:
    """No id."""
    assert not Pbs().is_id(text)


@given(st.lists(st.sampled_from(read("qstat-several.json").splitlines()) | st.text(max_size=20)))
def test_garbage_never_raises(lines: list[str]) -> None:
    """Garbage never raises."""
    assert parse_jobs("\n".join(lines), IDS).keys() <= set(IDS)
