"""The jobs of runs on the screen."""

from __future__ import annotations

import time

from statustui.core.job import Job, JobStatus
from statustui.core.job_verdict import Evidence, RunTimes, judge_by_job
from statustui.monitor.batch import Batch
from statustui.presentation.columns import COLUMNS
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.run_rows import Line, describe_row
from tests.runs import make
from tests.tui.stand_in import NOW, make_app, settle
from tests.tui.test_app import ids, line_of, shown


async def test_the_screens_say_why_a_run_waits_and_that_its_job_has_ended() -> None:
    """With the age of the answer; a dead run is among the problems until it moves on."""
    app, source = make_app()
    async with app.run_test(size=(150, 30)) as pilot:
        source.deliver(("1", "a.b", "SCHEDULED kicked off"), ("2", "a.c", "RUNNING on"))
        await settle(pilot)
        runs = {run.id: run for run in app.runs}
        held = Evidence(JobStatus("PENDING", "JobHeldUser"), NOW - 40)
        old = held._replace(is_old=True)
        killed = Evidence(JobStatus("TIMEOUT", end=NOW - 3600))
        late = runs["2"]._replace(updated_at=NOW - 3600)
        source.send(
            Batch(
                (
                    judge_by_job(runs["1"], Job("6", "slurm"), held, RunTimes(NOW)),
                    judge_by_job(late, Job("22", "slurm"), killed, RunTimes(NOW)),
                )
            )
        )
        await settle(pilot)
        assert "will not start: JobHeldUser (held by its user" in line_of(app, "1")
        source.send(Batch((judge_by_job(runs["1"], Job("6", "slurm"), old, RunTimes(NOW)),)))
        source.deliver_health(unanswered="squeue: no answer \033[31mwithin 10 s")
        await settle(pilot)
        as_of = time.strftime("%H:%M", time.localtime(NOW - 40))
        assert f"will not start: JobHeldUser, as of {as_of} (he" in line_of(app, "1")
        assert "2 runs, polling" in shown(app)
        assert "squeue: no answer \\x1b[31mwithin 10 s  " in shown(app)
        assert "RUNNING, but job 22 ended: TIMEOUT" in line_of(app, "2")
        await pilot.press("slash", *"job=6", "enter")
        await settle(pilot)
        assert ids(app) == ["1"]
        await pilot.press("enter")
        await settle(pilot)
        assert "job 6 will not start: JobHeldUser" in shown(app)
        assert "slurm was asked <1m ago" in shown(app)
        await pilot.press("escape", "escape", "exclamation_mark")
        await settle(pilot)
        assert ids(app) == ["2"]
        source.deliver(("2", "a.c", "COMPLETE result: PASS"))
        await settle(pilot)
        assert ids(app) == []


def test_a_line_is_drawn_again_only_for_what_it_shows() -> None:
    """When the scheduler says the same again is in the header of the run alone."""

    def line(state: str, asked: float, start: float | None = None, *, is_old: bool = False) -> Line:
        status = JobStatus(state, "Resources", start, nodes="n1")
        evidence = Evidence(status, asked, is_old=is_old)
        run = judge_by_job(waiting, Job("6", "slurm"), evidence, RunTimes(NOW))
        return describe_row(run, RunStore(), list(COLUMNS.values()), NOW, at_cursor=False)

    waiting = make("r/1", "SCHEDULED x", start=NOW - 90)
    assert line("PENDING", NOW - 60) == line("PENDING", NOW)
    assert line("RUNNING", NOW - 60, NOW - 70) == line("RUNNING", NOW, NOW - 69)
    assert line("PENDING", NOW - 60) != line("RUNNING", NOW)
    assert line("PENDING", NOW - 60, NOW + 60) != line("PENDING", NOW, NOW + 600)
    assert line("PENDING", NOW - 60, is_old=True) != line("PENDING", NOW - 90, is_old=True)
