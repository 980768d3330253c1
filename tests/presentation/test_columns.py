from __future__ import annotations

from datetime import datetime

from statustui.core.job import Job, JobStatus
from statustui.core.members import Members
from statustui.core.run import Stall
from statustui.presentation.columns import COLUMNS, columns_for, fit
from statustui.presentation.roots import short_names
from tests.core.test_run import run_of

WIDEST = {"id": 3, "root": 2, "name": 20, "state": 15, "user": 8, "past": 10}


def test_columns_leave_a_narrow_line_in_the_stated_order() -> None:
    """Id and state never do; the first to go is the past."""
    seen = [
        [name for name, _cells in fit(list(COLUMNS), width, WIDEST)] for width in range(200, 0, -1)
    ]
    steps = [[*COLUMNS]]
    for leaving in (
        "past",
        "started",
        "took",
        "series",
        "user",
        "result",
        "root",
        "age",
        "name",
        "note",
    ):
        steps.append([name for name in steps[-1] if name != leaving])
    assert [columns for n, columns in enumerate(seen) if n == 0 or columns != seen[n - 1]] == steps


def test_a_name_gets_its_room_only_when_the_note_has_its_own() -> None:
    """A name of 20 cells is cut to 8 where the line is narrow; the note takes what is left."""
    names = ["name", "note"]
    assert fit(names, 25, WIDEST) == [("name", 8), ("note", 16)]
    assert fit(names, 40, WIDEST) == [("name", 15), ("note", 24)]
    assert fit(names, 100, WIDEST) == [("name", 20), ("note", 79)]


def test_a_column_without_any_text_is_left_out() -> None:
    """In a plain tree a run has no other name than its id."""
    assert fit(["id", "name"], 80, {"id": 3, "name": 0}) == [("id", 3)]


def test_where_there_is_no_room_at_all_only_what_never_leaves_is_left() -> None:
    """It is cut then."""
    assert fit(["note", "id"], 0, {}) == [("id", 3)]
    assert fit(["note", "age"], 0, {}) == []


def test_a_state_is_marked_in_which_a_run_is_after_an_error_it_has_recovered_from() -> None:
    """As long as nothing else is wrong with it."""
    text = COLUMNS["state"].text
    assert text(run_of("SCHED_ERROR lost", "RUNNING"), 0) == "RUNNING ^"
    assert text(run_of("SCHED_ERROR lost", "RUNNING", "RUN_ERROR x"), 0) == "RUN_ERROR"


def test_a_state_is_marked_that_hides_a_failure_or_lasts_too_long() -> None:
    """With the time since its last sign of life; the note says which failure is hidden."""

    def shown(name: str) -> list[str]:
        return [COLUMNS[name].text(run, 4600.0) for run in (plain, hiding, stalled)]

    plain = run_of("RUNNING on a node")
    hiding = run_of("BUILD_FAILED no compiler", "BUILD_CREATED again")
    stalled = plain._replace(stall=Stall(1000.0, "others are faster"))
    assert shown("state") == ["RUNNING", "BUILD_CREATED !", "RUNNING ~1h00"]
    assert shown("note") == [
        "on a node",
        "BUILD_FAILED: no compiler",
        "on a node",
    ]


def test_the_time_of_a_stall_stays_behind_a_state_that_is_cut() -> None:
    """It is the end of the text, whatever the length of the state."""
    run = run_of(f"{'S' * 30} x")._replace(stall=Stall(0.0, "x"))
    assert COLUMNS["state"].text(run, 5900.0) == f"{'S' * 30} ~1h38"
    assert COLUMNS["state"].suffix(run, 5900.0) == " ~1h38"
    assert COLUMNS["state"].suffix(run._replace(stall=None), 5900.0) == ""


def test_a_run_has_a_start_and_a_duration() -> None:
    """The start of another day with its date; the duration in its biggest units."""
    run = run_of("CREATED x", "RUNNING x")
    assert run.started is not None
    assert run.updated_at is not None
    day = datetime.fromtimestamp(run.started).astimezone()
    started, took = COLUMNS["started"].text, COLUMNS["took"].text
    assert started(run, run.started) == f"{day:%H:%M}"
    assert started(run, day.timestamp() + 3 * 86400) == f"{day:%m-%d %H:%M}"
    assert started(run._replace(started=None), 0.0) == "-"
    assert started(run._replace(started=1e300), 0.0) == "?"
    assert took(run, day.timestamp() + 5900) == "  1h38"
    assert took(run._replace(started=None), 0.0).strip() == ""
    ended = run_of("CREATED x", "COMPLETE result: PASS")
    assert ended.started is not None
    later = ended.started + 187
    assert took(ended._replace(updated_at=later), later + 99999) == " 3m07s"


def test_roots_have_their_shortest_ending_that_no_other_has() -> None:
    """Where one is the ending of another, it stays whole."""
    assert short_names(["/scratch/a/", "/scratch/b"]) == {"/scratch/a/": "a", "/scratch/b": "b"}
    assert list(short_names(["/x/a/wd", "/x/b/wd", "wd"]).values()) == ["a/wd", "b/wd", "wd"]
    assert list(short_names(["n1:/wd", "n2:/wd", "/"]).values()) == ["n1:wd", "n2:wd", "/"]
    assert list(
        short_names(["n:/a/wd", "n:/b/wd", "ssh://n:2/wd", "me@n:wd", "[::1]:wd"]).values()
    ) == [
        "n:a/wd",
        "n:b/wd",
        "n:2:wd",
        "me@n:wd",
        "[::1]:wd",
    ]


def test_the_column_of_roots_is_there_for_several_roots() -> None:
    """With their short names."""
    run = run_of("RUNNING x")._replace(root="/scratch/b")
    several, one = columns_for(["/scratch/a", "/scratch/b"]), columns_for(["/scratch/b"])
    assert several["root"].text(run, 0.0) == "b"
    assert several["root"].tells(run)
    assert not one["root"].tells(run)


def test_a_series_without_a_status_file_has_a_blank_state() -> None:
    """Pavilion 2.1.1 makes none for a series; what its runs add up to stands in the note."""
    blank = run_of("RUN x")._replace(status_count=0, members=Members())
    assert COLUMNS["state"].text(blank, 0.0) == ""
    assert COLUMNS["state"].text(blank._replace(status_count=1), 0.0) == "RUN"


def test_the_note_says_why_a_run_waits() -> None:
    """In front of its own note."""
    status = JobStatus("PENDING", "Priority")
    run = run_of("SCHEDULED kicked off")._replace(job=Job("22", "slurm", status))
    said = "waits: Priority (jobs of higher priority come first): kicked off"
    assert COLUMNS["note"].text(run, 0.0) == said
    assert COLUMNS["note"].text(run._replace(job=Job("22", "slurm")), 0.0) == "kicked off"
