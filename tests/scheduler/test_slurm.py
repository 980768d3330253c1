from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import JobPhase, JobStatus
from statustui.scheduler.command import NoAnswerError, Output
from statustui.scheduler.slurm import Slurm, parse_accounts, parse_queue
from tests.scheduler.samples import SAMPLES, Recorded, answer, read


def seconds(text: str) -> float:
    """Seconds since 1970 of a local time."""
    return datetime.fromisoformat(text).timestamp()


def test_a_job_that_waits_for_resources() -> None:
    """A job that waits for resources has an estimate of its start."""
    found = parse_queue(answer("resources-and-priority-squeue"), ["27", "32", "6"])
    assert found["27"] == JobStatus("PENDING", "Resources", seconds("2026-11-25T14:27:30"))
    assert found["32"] == JobStatus("PENDING", "Priority")
    assert found["6"] == JobStatus("PENDING", "JobHeldUser")


def test_a_job_that_runs_has_nodes() -> None:
    """A job that runs has nodes and a latest end."""
    found = parse_queue(answer("all-states-squeue"), ["41", "54"])
    start, end = seconds("2026-11-25T13:30:56"), seconds("2026-11-25T14:30:56")
    assert found["41"] == JobStatus("RUNNING", "", start, end, "n1")
    assert found["54"].state == "NODE_FAIL"
    assert found["54"].end == seconds("2026-11-25T13:33:20")


def test_a_reason_may_hold_spaces() -> None:
    """A reason may hold spaces and a special exit waits."""
    found = parse_queue(answer("odd-squeue"), ["58", "59", "62", "57"])
    assert found["58"].reason == "job requeued in held state"
    assert found["59"].phase is JobPhase.WAITING
    assert found["62"].phase is JobPhase.RUNNING
    assert found["57"].phase is JobPhase.RUNNING


def test_a_job_that_was_requeued() -> None:
    """A job that was requeued after a node failure waits."""
    found = parse_queue(answer("nodefail-squeue-24"), ["24"])
    assert found["24"].phase is JobPhase.WAITING
    assert found["24"].reason == "BeginTime"


def test_tasks_of_an_array_are_found() -> None:
    """Tasks of an array are found also where several wait in one line."""
    text = answer("array-squeue")
    found = parse_queue(text, ["36", "36_1", "36_3", "36_6", "36_7", "49"])
    assert found["36_1"].state == "RUNNING"
    assert found["49"].state == "RUNNING"
    assert found["36_3"] == found["36_6"] == JobStatus("PENDING", "JobArrayTaskLimit")
    assert "36_7" not in found
    assert found["36"].state == "RUNNING"


def test_an_array_has_ended_only() -> None:
    """An array has ended only when none of its tasks is left."""
    assert parse_queue(answer("array-later-squeue"), ["36"])["36"].state == "FAILED"
    assert parse_queue(read("squeue-mixed.out"), ["3"])["3"].state == "RUNNING"


def test_the_task_that_has_the_id() -> None:
    """The task that has the id of its array does not stand for it."""
    lines = "36|36_6|COMPLETED|1|2|alice|n1|None\n52|36_4|RUNNING|1|2|alice|n1|None\n"
    found = parse_queue(lines, ["36", "36_6"])
    assert found["36"].state == "RUNNING"
    assert found["36_6"].state == "COMPLETED"


def test_an_id_of_two_clusters() -> None:
    """Where several clusters are asked, an id that is there twice says nothing."""
    lines = "7|7|RUNNING|1|2|alice|n1|None\n7|7|PENDING|1|2|alice||Priority\n"
    assert parse_queue(lines + "8|8|RUNNING|1|2|alice|n1|None\n", ["7", "8"]).keys() == {"8"}


def test_the_name_of_the_cluster_is_asked_once() -> None:
    """Until it has been told."""
    run = Recorded(scontrol=NoAnswerError("scontrol: no answer"))
    slurm = Slurm(run)
    assert slurm.ask_cluster() == ""
    run.outputs["scontrol"] = Output(0, "ClusterPort = 1\nClusterName     = lab\n", "")
    assert [slurm.ask_cluster(), slurm.ask_cluster()] == ["lab", "lab"]
    assert run.calls == [["scontrol", "show", "config"]] * 2


def test_the_parts_of_a_heterogeneous() -> None:
    """The parts of a heterogeneous job are found."""
    found = parse_queue(answer("het-running-squeue"), ["39", "39+1", "40"])
    assert [found[one].state for one in ("39", "39+1", "40")] == ["RUNNING"] * 3


def test_its_own_format_gives_seconds() -> None:
    """Its own format gives seconds and the user."""
    found = parse_queue(read("squeue-mixed.out"), ["7", "8"])
    assert found["7"] == JobStatus("CANCELLED", "Priority", 1795647457, 1795647457, "", "alice")
    assert found["8"].nodes == "n1"


@pytest.mark.parametrize(
    "time", ["9" * 400, "0001-01-01T00:00:00", "Unknown", "NONE", "2026-13-01T00:00:00", "²"]
)
def test_a_time_that_means_nothing_is_none(time: str) -> None:
    """Such as one that no calendar has: neither an error nor a number."""
    found = parse_queue(f"7|7|RUNNING|{time}|{time}|alice|n1|None\n", ["7"])
    assert found["7"] == JobStatus("RUNNING", nodes="n1", user="alice")


def test_accounts_say_how_a_job() -> None:
    """Accounts say how a job ended and nothing of one that has not."""
    text = answer("sacct-many")
    found = parse_accounts(text, ["8", "22", "25", "54", "61", "71"])
    assert {one: status.state for one, status in found.items()} == {
        "8": "CANCELLED",
        "22": "TIMEOUT",
        "54": "NODE_FAIL",
        "61": "FAILED",
    }
    assert found["22"].end == seconds("2026-11-25T13:28:03")


def test_of_several_accounts_of_a_requeued() -> None:
    """Of several accounts of a requeued job the last one counts."""
    found = parse_accounts(answer("sacct-many-duplicates"), ["24", "25"])
    assert {one: status.state for one, status in found.items()} == {"24": "COMPLETED"}
    assert parse_accounts(answer("nodefail-sacct-24"), ["24"]) == {}


def test_jobs_of_one_user_are_chosen() -> None:
    """Jobs of one user are chosen in the controller."""
    run = Recorded(squeue=Output(0, read("squeue-mixed.out"), ""))
    Slurm(run).ask(["7", "8"], ["alice"])
    (call,) = run.calls
    assert call[-2:] == ["-u", "alice"]
    assert run.variables[0]["SLURM_TIME_FORMAT"] == "%s"


@pytest.mark.parametrize("users", [[], ["alice", "bob"], ["-o"], ["a b"]])
def test_jobs_of_several_or_unknown(users: list[str]) -> None:
    """Jobs of several or unknown users are listed."""
    run = Recorded(squeue=Output(0, read("squeue-mixed.out"), ""))
    Slurm(run).ask(["7", "8", "3_1"], users)
    (call,) = run.calls
    assert call[-2:] == ["-j", "3_1,7,8"]


def test_a_list_that_is_too() -> None:
    """A list that is too long for an argument is left out."""
    ids = [str(10_000_000 + number) for number in range(20_000)]
    run = Recorded(squeue=Output(0, "", ""), sacct=Output(0, "", ""))
    Slurm(run).ask(ids, [])
    assert "-j" not in run.calls[0]
    assert len(run.calls[1][-1]) < 100_000


def test_the_settings_of_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The settings of the user do not reach the commands."""
    monkeypatch.setenv("SQUEUE_STATES", "RUNNING")
    run = Recorded(squeue=Output(0, read("squeue-mixed.out"), ""))
    Slurm(run).ask(["7"], [])
    assert run.variables[0]["SQUEUE_STATES"] == ""


def test_accounting_is_asked_once_for_each() -> None:
    """Accounting is asked once for each forgotten job."""
    run = Recorded(
        squeue=Output(0, read("squeue-mixed.out"), ""),
        sacct=Output(0, answer("sacct-many"), ""),
    )
    slurm = Slurm(run)
    assert slurm.ask(["7", "22", "999"], [])["22"].state == "TIMEOUT"
    slurm.ask(["7", "22", "999"], [])
    slurm.ask(["7", "22", "999", "61"], [])
    assert [call[-1] for call in run.calls if call[0] == "sacct"] == ["22,999", "61"]


def test_a_site_without_accounting_is_not_asked() -> None:
    """A site without accounting is not asked again."""
    run = Recorded(
        squeue=Output(0, "", ""), sacct=Output(1, "", "Slurm accounting storage is disabled\n")
    )
    slurm = Slurm(run)
    assert slurm.ask(["1"], []) == {}
    assert slurm.ask(["1", "2"], []) == {}
    assert [call[0] for call in run.calls] == ["squeue", "sacct", "squeue"]


def test_an_unknown_id_is_no_failure() -> None:
    """An unknown id is no failure."""
    run = Recorded(squeue=SAMPLES["unknown-squeue"].output, sacct=NoAnswerError("sacct: no answer"))
    assert Slurm(run).ask(["999999"], []) == {}


def test_an_unknown_user_is_no_failure() -> None:
    """An unknown user is no failure."""
    run = Recorded(
        squeue=Output(0, "", "squeue: error: Invalid user: nobody\n"), sacct=Output(0, "", "")
    )
    assert Slurm(run).ask(["1"], ["nobody"]) == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ctldown-squeue", "Unable to contact slurm controller (connect failure)"),
        ("ctlhang-squeue", "Socket timed out on send/recv operation"),
        ("noconf-squeue", "resolve_ctls_from_dns_srv: res_nsearch error: Unknown host"),
    ],
)
def test_a_controller_that_is_down(name: str, why: str) -> None:
    """A controller that is down has not answered."""
    with pytest.raises(NoAnswerError) as caught:
        Slurm(Recorded(squeue=SAMPLES[name].output)).ask(["1"], [])
    assert str(caught.value) == f"squeue: {why}"


def test_an_empty_answer_with_an_error() -> None:
    """An empty answer with an error is no answer."""
    with pytest.raises(NoAnswerError, match="Unable"):
        Slurm(Recorded(squeue=Output(0, "", "Unable to contact slurm controller"))).ask(["1"], [])
    with pytest.raises(NoAnswerError, match="exit status 2"):
        Slurm(Recorded(squeue=Output(2, "", ""))).ask(["1"], [])


@pytest.mark.parametrize("text", ["1", "36_3", "39+1", "4294967294"])
def test_an_id(text: str) -> None:
    """An id."""
    assert Slurm().is_id(text)


@pytest.mark.parametrize(
    "text", ["", "foo", "-1", "1 2", "1;2", "1,2", "1\n", "\uff11", "1_", "--me"]
)
def test_no_id(text: str) -> None:
    """No id."""
    assert not Slurm().is_id(text)


def test_texts_that_are_meant_for_a_terminal() -> None:
    """They stay parts of their line, and make no state of another one."""
    lines = (
        "7|7|PEND\033[1mING|N/A|N/A|alice||x",
        "8|8|PENDING|N/A|N/A|alice||Held\x85\u2028\x0b\r9|9|FAILED|1|2|alice|n1|x",
    )
    assert parse_queue("\n".join(lines), ["7", "8", "9"]) == {
        "8": JobStatus("PENDING", "Held\x85\u2028\x0b\r9|9|FAILED|1|2|alice|n1|x", user="alice")
    }


LINES = st.lists(
    st.lists(
        st.sampled_from(["36", "36_[1-9%2]", "36_[", "N/A", "9" * 30, "PENDING", "|", ""])
        | st.text(max_size=8)
    ).map("|".join)
)


@given(LINES, st.sets(st.sampled_from(["36", "36_2", "37+1", "9"])))
def test_garbage_never_raises_and_gives(lines: list[str], ids: set[str]) -> None:
    """Garbage never raises and gives wanted ids only."""
    text = "\n".join(lines)
    assert parse_queue(text, ids).keys() <= ids
    assert parse_accounts(text, ids).keys() <= ids
