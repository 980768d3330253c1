"""The order of runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.job import Job, JobStatus
from statustui.core.order import (
    GROUPINGS,
    SORT_KEYS,
    natural,
    sort_by_id,
    sort_by_id_and,
    sort_key,
    split_sort,
    suite,
)
from statustui.core.recent_results import Change, Moment, Past
from statustui.core.run import Run
from tests.runs import make


def run(number: int, status: str, name: str = "t") -> Run:
    """A run with one status, set `number` seconds after 1970."""
    return make(f"r/{number}", status, name=name, start=number)


RUNS = [
    run(2, "COMPLETE result: PASS", "b"),
    run(10, "RUN_FAILED", "a"),
    run(3, "RUN_ERROR", "c"),
    run(30, "RUNNING", "a2"),
    run(20, "RUN_ERROR", "a10"),
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("id", ["2", "3", "10", "20", "30"]),
        ("category", ["20", "3", "10", "30", "2"]),
        ("time", ["30", "20", "10", "3", "2"]),
        ("name", ["10", "30", "20", "2", "3"]),
        ("state", ["2", "30", "20", "3", "10"]),
        ("result", ["2", "30", "20", "10", "3"]),
        ("started", ["30", "20", "10", "3", "2"]),
        ("took", ["30", "2", "3", "10", "20"]),
        ("past", ["30", "20", "10", "3", "2"]),
        ("job", ["2", "3", "10", "20", "30"]),
    ],
)
def test_each_sort_key_has_its_order(name: str, ids: list[str]) -> None:
    """Problems first, numbers by value, the newest before the oldest."""
    assert [run.id for run in sorted(RUNS, key=sort_key(name))] == ids


MIXED = st.lists(
    st.builds(
        lambda number, status, name, user: make(
            f"r/{number}", status, name=name, user=user, start=number % 7
        ),
        st.integers(0, 99),
        st.sampled_from(["RUN_FAILED x", "RUNNING", "COMPLETE result: PASS", "CREATED"]),
        st.sampled_from(["a2", "a10", "A2", ""]),
        st.sampled_from(["mia", ""]),
    ),
    unique_by=lambda one: one.path,
)


@pytest.mark.parametrize("name", SORT_KEYS)
@given(MIXED)
def test_runs_by_id_are_sorted_as_by_their_whole_keys(name: str, runs: list[Run]) -> None:
    """Dealing them out by what they share changes nothing."""
    by_id = sorted(runs, key=sort_key("id"))
    assert sort_by_id_and(name, by_id) == sorted(runs, key=sort_key(name))


@given(
    st.lists(
        st.builds(
            "{}/{}".format,
            st.sampled_from(["a", "b", "a10", "a9"]),
            st.one_of(
                st.integers(0, 30).map(str),
                st.sampled_from(["007", "00", "9" * 17, "1" + "0" * 18, "s3", "x", "٣", ""]),
            ),
        ),
        unique=True,
    )
)
def test_ids_are_sorted_as_by_their_keys(paths: list[str]) -> None:
    """Whether they are numbers or not, and the same in several directories."""
    runs = [make(path, "RUNNING") for path in paths]
    assert sort_by_id(runs) == sorted(runs, key=sort_key("id"))


def test_runs_with_the_same_number_are_sorted_by_their_paths() -> None:
    """Several working directories number theirs from 1."""
    paths = ["b/test_runs/7", "a/test_runs/10", "a/test_runs/7", "b/test_runs/2"]
    ordered = ["b/test_runs/2", "a/test_runs/7", "b/test_runs/7", "a/test_runs/10"]
    assert [run.path for run in sort_by_id([make(path, "RUNNING") for path in paths])] == ordered


def test_the_longest_comes_first_and_what_goes_on_before_what_has_ended() -> None:
    """A run without a start comes last, one without a user behind those with one."""
    runs = [
        RUNS[0],
        RUNS[3],
        run(25, "RUNNING"),
        RUNS[1]._replace(updated_at=99.0),
        run(1, "RUNNING")._replace(started=None),
    ]
    assert [run.id for run in sorted(runs, key=sort_key("took"))] == ["25", "30", "10", "2", "1"]
    assert [run.id for run in sorted(runs, key=sort_key("started"))][-1] == "1"
    named = make("r/50", "RUNNING", user="mia", series="7")
    for name in ("user", "series"):
        assert min([*runs, named], key=sort_key(name)) == named
    assert [run.id for run in sorted(runs[:2], key=sort_key("root"))] == ["30", "2"]


def test_what_broke_comes_first_then_what_still_fails() -> None:
    """Then what is flaky and what was fixed; of what fails, the last that broke."""
    pasts = {
        "1": Past((Category.PASSED,)),
        "2": Past((Category.FAILED, Category.PASSED), is_last=True, change=Change.FIXED),
        "3": Past((Category.PASSED, Category.FAILED, Category.PASSED, Category.PASSED), True),
        "4": _failing(Change.STILL, 10.0),
        "5": _failing(Change.STILL, 20.0),
        "6": _failing(None, 15.0),
        "7": _failing(Change.BROKE, 5.0),
        "8": Past((Category.PASSED, Category.PASSED), is_last=True),
        "9": None,
    }
    runs = [run(int(id_), "RUN_FAILED")._replace(past=past) for id_, past in pasts.items()]
    ordered = [one.id for one in sorted(runs, key=sort_key("past"))]
    assert ordered == ["7", "5", "6", "4", "3", "2", "8", "1", "9"]


def _failing(change: Change | None, since: float) -> Past:
    return Past((Category.FAILED,), is_last=True, change=change, since=Moment("r/x", since))


def test_every_sort_key_tells_any_two_runs_apart() -> None:
    """So that an order never depends on what came first."""
    same = [run(1, "RUNNING"), make("r/x")]
    assert all(len({sort_key(name)(one) for one in same}) == 2 for name in SORT_KEYS)


def test_text_with_numbers_sorts_by_value() -> None:
    """As people count."""
    assert sorted(["n10", "N9", "n1b", "n009a", "²"], key=natural) == [
        "n1b",
        "N9",
        "n009a",
        "n10",
        "²",
    ]


def test_a_sort_key_has_its_sign_in_front() -> None:
    """And the suite is what stands before the first dot of a name."""
    assert split_sort("-time") == ("time", True)
    assert split_sort("time") == ("time", False)
    assert suite(make("a", "RUNNING x", name="osu.bw.small")) == "osu"


def test_runs_sort_and_group_by_their_jobs() -> None:
    """By when the job starts, then by its id; those without a job come last."""
    early, late = (
        JobStatus("PENDING", start_estimate=5.0),
        JobStatus("RUNNING", "", 9.0, nodes="n1"),
    )
    jobs = [Job("10", "slurm", late), Job("9", "slurm", late), Job("7", "slurm", early), None]
    runs = [
        run(number, "RUNNING")._replace(job=job)
        for number, job in enumerate([*jobs, Job("1", "slurm")])
    ]
    assert [one.id for one in sorted(runs, key=sort_key("job"))] == ["2", "1", "0", "4", "3"]
    assert [GROUPINGS["job"].of(one) for one in runs] == ["10", "9", "7", "", "1"]
    assert [GROUPINGS["node"].of(one) for one in runs] == ["n1", "n1", "", "", ""]
