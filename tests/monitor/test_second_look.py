"""A second look, which trusts the cache, says what a thorough one says."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.job import GONE, JobStatus
from statustui.core.job_places import JobPlace
from statustui.core.reading import Signature
from statustui.core.run import Run
from statustui.core.working_dir import find_runs
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.once import Picture, read_once
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.snapshot import read_snapshot
from tests.monitor.stores import MemoryStore
from tests.trees import write_nothing

STATES = ("CREATED x", "RUNNING x", "RUN_FAILED x", "BUILD_CREATED x", "INFO x", "odd")
ENDS = (
    *("COMPLETE result: PASS", "COMPLETE result: FAIL", "SKIPPED PASS", "SCHED_ERROR FAIL"),
    *("COMPLETE PASS", "RUNNING PASS", "BUILD_DONE FAIL"),
)
CONTENTS = st.builds(
    lambda states, end: "".join(f"1795000000 {state}\n" for state in [*states, end]),
    st.lists(st.sampled_from(STATES), max_size=3),
    st.sampled_from(ENDS),
)
RUNS = ("test_runs/1", "test_runs/2", "test_runs/3", "other/a", "other/b", "other/b/c")
FATES = ("stays", "rewritten", "grows", "replaced", "loses its file", "goes", "comes", "touched")
JOBS = (None, "node_1", "node_2")
"""What a file `job_id` holds: nothing, or a process that runs or has ended."""


def write(run: Path, content: str, *, is_fresh: bool) -> None:
    """Write a status file, a moment or a day ago by its time of modification."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "status").write_text(content)
    if not is_fresh:
        age_file(run / "status")


def age_file(path: Path) -> None:
    """Let a file be a day old by its time of modification."""
    os.utime(path, (1.795e9, 1.795e9))


def rewrite(status: Path) -> None:
    """Change a file in place, so that only its time of change tells."""
    before = status.stat()
    old, new = ("PASS", "FAIL") if "PASS" in status.read_text() else ("FAIL", "PASS")
    content = status.read_text().replace(old, new)
    while status.stat().st_ctime_ns == before.st_ctime_ns:
        status.write_text(content)
        os.utime(status, ns=(before.st_atime_ns, before.st_mtime_ns))


def suffer(run: Path, fate: str, content: str) -> None:
    """Let something happen to a run between two looks."""
    status = run / "status"
    if fate == "comes":
        write(run.with_name("9"), content, is_fresh=True)
    if not status.exists():
        return
    if fate == "rewritten":
        rewrite(status)
    elif fate == "grows":
        with status.open("a") as file:
            file.write(f"1795000009 RUNNING\n{content}")
    elif fate == "replaced":
        (run / "new").write_text(content)
        age_file(run / "new")
        (run / "new").rename(status)
    elif fate == "loses its file":
        status.unlink()
    elif fate == "goes":
        shutil.rmtree(run)
    elif fate == "touched":
        os.utime(status)


def look(root: Path, details: Details, store: CacheStore | None) -> Picture:
    """Look once at a tree, and save what is worth it."""
    found = read_once([str(root)], time.time(), ReadOptions(details=details, store=store))
    found.save()
    assert found.incomplete == []
    return found


def look_for_process(job: JobPlace) -> JobStatus:
    """What has become of a process."""
    return JobStatus("RUNNING" if job.id == "1" else GONE)


def is_young(signature: Signature) -> bool:
    """Whether a file is not to be trusted; its time of change, which no test sets, is left out."""
    return time.time() - signature[2] / 1e9 < 3


@given(
    st.lists(st.tuples(CONTENTS, st.booleans(), st.sampled_from(JOBS)), min_size=6, max_size=6),
    st.lists(st.tuples(st.sampled_from(FATES), CONTENTS), min_size=6, max_size=6),
    st.sampled_from([Details.STATUS, Details.METADATA]),
)
@example(
    before=[("1795000000 SCHED_ERROR x\n", False, "node_1")] * 6,
    fates=[("stays", "")] * 6,
    details=Details.STATUS,
)
def test_a_known_tree_is_counted_and_listed_as_an_unknown_one(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str, bool, str | None]],
    fates: list[tuple[str, str]],
    details: Details,
) -> None:
    """Whatever has happened to its runs since, and whatever the cache was made by."""
    root = tmp_path_factory.mktemp("tree")
    store = MemoryStore()
    for name, (content, is_fresh, job) in zip(RUNS, before, strict=True):
        write(root / name, content, is_fresh=is_fresh)
        if job is not None:
            (root / name / "job_id").write_text(job)
    with (
        patch("statustui.monitor.outlined_run.is_racy", is_young),
        patch("statustui.monitor.jobs.look_for_process", look_for_process),
        patch("statustui.monitor.cache_keeper.is_worth_saving", lambda new, _runs: new > 0),
    ):
        look(root, details, store)
        for name, (fate, content) in zip(RUNS, fates, strict=True):
            suffer(root / name, fate, content)
        listed = look(root, Details.METADATA, None).runs
        # Each of these renews the cache for the next one.
        for _ in range(2):
            counted = look(root, Details.STATUS, store)
            assert counted.counted + count(counted.runs) == count(listed)
            assert sorted(look(root, Details.METADATA, store).runs) == sorted(listed)
    for place in find_runs(str(root), write_nothing):
        [run] = [run for run in listed if run.path == place.path]
        assert run == read_snapshot(place).run or run.job is not None


def count(runs: list[Run]) -> Counter[Category]:
    """How many runs there are in each category."""
    return Counter(run.category for run in runs)
