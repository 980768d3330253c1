"""Runs of any kind, for tests that send them."""

from __future__ import annotations

from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.job import Job, JobStatus, Verdict
from statustui.core.members import Members
from statustui.core.recent_results import Change, CleanedResult, Moment, Past
from statustui.core.run import Run, RunMetadata, Stall
from statustui.core.status_info import StatusInfo

TEXT = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    max_size=12,
)
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="/\0")
NAME = st.text(_CHARACTERS, min_size=1).filter(lambda name: name != "..")
TIME = st.none() | st.floats(0, 4e9) | st.integers(0, 4 * 10**15).map(lambda micros: micros / 1e6)
STATUS = st.builds(StatusInfo.read, TEXT, TEXT, TIME)
RESULT = st.sampled_from([None, "PASS", "FAIL", "ERROR"])
JOB_STATUS = st.builds(JobStatus, TEXT, TEXT, TIME, TIME, TEXT, TEXT)
SAFE = st.text("abc def", max_size=9)


def runs_of(root: str) -> st.SearchStrategy[Run]:
    """Runs below a root, of any kind and in any state."""
    path = NAME.map(lambda name: f"{root}/test_runs/{name}")
    return st.builds(
        Run,
        root=st.just(root),
        path=path,
        own_id=TEXT,
        metadata=st.builds(RunMetadata, TEXT, TEXT, TEXT),
        kind=st.sampled_from(["test", "series", "plain"]),
        current=STATUS,
        category=st.sampled_from(Category),
        problem=st.none() | STATUS,
        result=RESULT,
        status_count=st.integers(0, 2**40),
        seen=st.frozensets(TEXT, max_size=4),
        started=TIME,
        updated_at=TIME,
        error=st.none() | TEXT,
        stage=TEXT,
        has_run_complete=st.booleans(),
        stall=st.none() | st.builds(Stall, st.floats(0, 4e9), SAFE),
        recovered=st.none() | STATUS,
        is_abandoned=st.booleans(),
        status_result=RESULT,
        results_file=RESULT,
        members=st.none()
        | st.builds(
            Members,
            st.lists(path, max_size=3).map(tuple),
            st.just(((Category.PASSED, 2), (Category.ERROR, 1))),
            st.integers(0, 9),
            st.booleans(),
            st.booleans(),
        ),
        began=TIME,
        past=st.none()
        | st.builds(
            Past,
            st.just((Category.PASSED, Category.FAILED)),
            st.booleans(),
            st.sampled_from([None, Change.BROKE]),
            since=st.none() | st.builds(Moment, path, TIME),
            passed=st.none() | st.builds(Moment, path, TIME, st.booleans()),
            cleaned=st.lists(
                st.builds(
                    CleanedResult, path, st.sampled_from(Category), TIME, STATUS, st.none() | STATUS
                ),
                max_size=2,
            ).map(tuple),
        ),
        is_muted=st.just(value=False),
        is_cleaned=st.just(value=False),
        job=st.none()
        | st.builds(
            Job,
            TEXT,
            st.sampled_from(["slurm", "flux", "pbs", "raw"]),
            st.none() | JOB_STATUS,
            TIME,
            st.sampled_from(Verdict),
        ),
    ).map(lambda run: run._replace(own_id=run.place.own_id))
