"""Every recorded answer of a real Slurm is read, or refused, as the table beside them says."""

from __future__ import annotations

import pytest

from statustui.core.job import JobPhase, explain
from statustui.core.times import read_seconds
from statustui.scheduler.command import NoAnswerError
from statustui.scheduler.slurm import Slurm, parse_accounts, parse_queue
from tests.scheduler.samples import (
    RECORDED,
    SAMPLES,
    Facts,
    Recorded,
    Sample,
    facts_of,
    in_our_columns,
)

_EMPTY = {"", "N/A", "None", "Unknown", "(null)", "None assigned"}
ALL_IDS = sorted({name for sample in SAMPLES.values() for name, _ in sample.jobs})


def test_every_file_is_in_the_table() -> None:
    """No recorded answer is without expectations, and no expectation without its answer."""
    assert {path.stem for path in RECORDED.iterdir()} == SAMPLES.keys()


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_recorded_answer(sample: Sample) -> None:
    """Its facts are read from the program's own columns; as it was printed, it says nothing."""
    refuse_as_printed(sample)
    facts = facts_of(sample)
    told = [(one.get("id") or one["raw"], one["state"].split()[0]) for one in facts]
    assert told == sample.jobs
    if "sacct" in sample.command:
        check_accounts(sample, facts)
    else:
        check_queue(sample, facts)


def refuse_as_printed(sample: Sample) -> None:
    """An answer of another command, or in other columns, makes no state of a job."""
    slurm = Slurm(Recorded(squeue=sample.output, sacct=sample.output))
    assert parse_queue(sample.output.out, ALL_IDS) == {}
    if sample.says == "nothing":
        assert slurm.ask(ALL_IDS, []) == {}
    else:
        with pytest.raises(NoAnswerError, match=r"squeue: .+"):
            slurm.ask(ALL_IDS, [])


def check_queue(sample: Sample, facts: list[Facts]) -> None:
    """Each job has the state, reason, times and nodes that its line says."""
    ids = [name for name, _ in sample.jobs if "[" not in name]
    found = parse_queue(in_our_columns(facts), ids)
    assert found.keys() == set(ids)
    for one in facts:
        status = found.get(one.get("id") or one["raw"])
        if status is None:
            continue
        reason = "" if one["reason"] in _EMPTY else one["reason"]
        assert (status.state, status.reason) == (one["state"], reason)
        assert status.nodes == ("" if one.get("nodes", "") in _EMPTY else one["nodes"])
        assert status.start_estimate == read_seconds(one.get("start", ""))
        assert status.end == read_seconds(one.get("end", ""))
        assert status.phase is not JobPhase.UNKNOWN
        assert status.phase is not JobPhase.WAITING or explain(status.reason).sentence


def check_accounts(sample: Sample, facts: list[Facts]) -> None:
    """Accounts tell the ends of jobs, by the last line of each, and nothing of other jobs."""
    ends = {"CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "TIMEOUT"}
    last = dict(sample.jobs)
    found = parse_accounts(in_our_columns(facts), last)
    assert {one: status.state for one, status in found.items()} == {
        one: state for one, state in last.items() if state in ends
    }
