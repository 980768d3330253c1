"""Results of runs that were cleaned away, which the cache of their root keeps."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.cleaned_results import result_of, worth_keeping
from statustui.core.past import past_at
from statustui.core.recent_results import MAX_RESULTS, Change
from statustui.core.run import Run
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.cache_store import CachePart, RootIdentity
from statustui.monitor.former_runs import FormerRuns, read_former
from statustui.monitor.fs.deadline import NoThreadError
from statustui.monitor.once import Picture, read_once
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import Details, ReadOptions
from tests.monitor.scanning import ScannerDriver, changed_runs
from tests.monitor.stores import MemoryStore
from tests.monitor.test_jobs import kill, write_job
from tests.runs import make
from tests.trees import append, write_run
from tests.waiting import wait_until

DAY = 86_400.0
NOW = time.time()
ENDS = {"P": "COMPLETE result: PASS", "F": "RUN_FAILED exit 1", "G": "BUILD_FAILED make"}


@pytest.fixture(autouse=True)
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file as written long ago."""
    monkeypatch.setattr("statustui.monitor.outlined_run.is_racy", lambda _signature: False)
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)


def add(root: Path, number: int, name: str, result: str, night: float) -> Path:
    """Write a run of a test that began so many nights before today."""
    start = NOW - DAY * night
    path = write_run(root / "test_runs" / str(number), "RUNNING x", start=start)
    append(path, ENDS[result], start + 60)
    (path / "attributes").write_text(json.dumps({"name": name, "sys_name": "big"}))
    return path


def nights(root: Path) -> None:
    """Thirty tests in two nights; the first of them broke."""
    for number in range(30):
        add(root, number, f"t{number}", "P", 2)
        add(root, 100 + number, f"t{number}", "P" if number else "F", 1)


def look(root: Path, store: MemoryStore | None, **options: Any) -> Picture:  # noqa: ANN401 - any
    """Look as a command does that prints pasts, and save the caches."""
    picture = read_once(
        [str(root)], NOW, ReadOptions(store=store, **{"tells_pasts": True, **options})
    )
    picture.save()
    return picture


def last_of(picture: Picture, name: str) -> Run:
    """The run of a test that has its last result."""
    [run] = [run for run in picture.runs if run.name == name and run.past and run.past.is_last]
    return run


def clean(root: Path, *numbers: int) -> None:
    """Remove runs, as ``pav clean`` does."""
    for number in numbers:
        shutil.rmtree(root / "test_runs" / str(number))


def test_results_of_cleaned_runs_are_known_to_later_looks(tmp_path: Path) -> None:
    """What broke stays broken since then, and when it passed is known, and that it is gone."""
    root, store = tmp_path / "wd", MemoryStore()
    nights(root)
    look(root, store)
    clean(root, *range(30))
    for _again in range(3):
        broke = last_of(look(root, store), "t0").past
        assert broke is not None
        assert broke.results == (Category.PASSED, Category.FAILED)
        assert broke.change is Change.BROKE
        assert broke.passed is not None
        assert broke.passed.is_cleaned
        assert broke.passed.path == f"{root}/test_runs/0"
        assert broke.since is not None
        assert not broke.since.is_cleaned
        assert [one.path for one in broke.cleaned] == [broke.passed.path]
    assert {run.name for run in look(root, store).former()} == {
        f"t{number}" for number in range(30)
    }
    # Without the cache nothing of it is known.
    without = look(root, None)
    assert without.former() == []
    assert last_of(without, "t0").past == past_at([last_of(without, "t0")], 0)


def test_a_look_that_only_counts_keeps_them_too(tmp_path: Path) -> None:
    """Before it replaces what was saved of them; a second clean adds to the first."""
    root, store = tmp_path / "wd", MemoryStore()
    nights(root)
    look(root, store)
    clean(root, *range(30))
    look(root, store, details=Details.STATUS, tells_pasts=False)
    assert len(look(root, store).former()) == 30
    clean(root, *range(100, 115))
    look(root, store, details=Details.STATUS, tells_pasts=False)
    former = look(root, store).former()
    assert len(former) == 45
    assert all(run.is_cleaned and run.system == "big" for run in former)


def test_an_id_that_is_used_again_hides_no_result(tmp_path: Path) -> None:
    """Another run at the same path; the same run again after it had gone is no other."""
    root, store = tmp_path / "wd", MemoryStore()
    nights(root)
    look(root, store)
    clean(root, 100, 101)
    add(root, 100, "t0", "F", 0.5)
    past = last_of(look(root, store), "t0").past
    assert past is not None
    assert past.results == (Category.PASSED, Category.FAILED, Category.FAILED)
    assert past.since is not None
    assert past.since.is_cleaned
    assert past.change is Change.STILL
    add(root, 101, "t1", "P", 1)
    again = last_of(look(root, store), "t1").past
    assert again is not None
    assert (len(again.results), again.cleaned) == (2, ())
    append(root / "test_runs" / "100", ENDS["P"])
    fixed = last_of(look(root, store), "t0").past
    assert fixed is not None
    assert fixed.results == (Category.PASSED, Category.FAILED, Category.PASSED)


def test_what_is_only_out_of_reach_is_not_taken_for_gone(tmp_path: Path) -> None:
    """Runs in a directory that cannot be read, and those that belong to another root."""
    root, store = tmp_path / "wd", MemoryStore()
    nights(root / "a")
    nights(root / "b")
    look(root, store)
    picture = read_once(
        [str(root), str(root / "b")], NOW, ReadOptions(store=store, tells_pasts=True)
    )
    assert picture.former() == []
    folder = root / "a" / "test_runs"
    folder.chmod(0)
    try:
        if os.access(folder, os.R_OK):
            pytest.skip("root reads everything")
        assert look(root, store).former() == []
    finally:
        folder.chmod(0o755)


def last_told(driver: ScannerDriver) -> dict[str, Run]:
    """Id -> each run as it was last told."""
    return {run.id: run for run in changed_runs(driver.findings)}


def review(driver: ScannerDriver) -> None:
    """Look at everything, and tell the pasts."""
    driver.sweep_all()
    driver.apply(driver.scanner.review_pasts())


def first_session(root: Path, store: MemoryStore) -> ScannerDriver:
    """A monitor that has seen the thirty tests, and has saved its cache."""
    nights(root)
    driver = ScannerDriver(root, Settings(store=store))
    review(driver)
    driver.scanner.save_cache()
    wait_until(lambda: store.saved)
    return driver


def later_session(root: Path, store: MemoryStore) -> ScannerDriver:
    """A monitor that has begun with the cache of another one."""
    driver = ScannerDriver(root, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    review(driver)
    return driver


def test_a_monitor_keeps_what_is_removed_under_its_eyes_and_before(tmp_path: Path) -> None:
    """And the next one knows it, whether or not that has gone between the sessions."""
    root, store = tmp_path / "wd", MemoryStore()
    first = first_session(root, store)
    clean(root, 0)
    review(first)
    past = last_told(first)["100"].past
    assert past is not None
    assert past.passed is not None
    assert past.passed.is_cleaned
    wait_until(lambda: store.former)
    clean(root, 1)
    second = later_session(root, store)
    told = {number: last_told(second)[number].past for number in ("100", "101", "102")}
    assert {number: past and len(past.cleaned) for number, past in told.items()} == {
        "100": 1,
        "101": 1,
        "102": 0,
    }
    off = ScannerDriver(root, Settings())
    off.sweep_all()
    clean(root, 2)
    review(off)
    assert last_told(off)["102"].past is None


@given(st.text("PFG", min_size=1, max_size=40), st.integers(1, 6))
def test_what_is_kept_tells_the_same_past(results: str, step: int) -> None:
    """However often older results are forgotten on the way."""
    runs = [
        make(f"r/test_runs/{number}", ENDS[result], name="a", start=NOW - 9e5 + number)
        for number, result in enumerate(results)
    ]
    former = FormerRuns(list)
    kept: list[Run] = []
    for start in range(0, len(runs), step):
        for run in runs[start : start + step]:
            former.replace(run, None)
        kept = worth_keeping([*kept, *runs[start : start + step]])
    assert len(kept) <= MAX_RESULTS + 2
    expected, told = past_at(runs, len(runs) - 1), past_at(kept, len(kept) - 1)
    assert told == expected
    stored = read_former(former.encode(), "r")
    assert {run.path for run in stored} >= {run.path for run in kept[-MAX_RESULTS:]}
    assert {result_of(run) for run in stored} <= {result_of(run) for run in runs}


def test_what_is_stored_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first: by age, by number, and by size."""
    former = FormerRuns(list)
    for number in range(100):
        start = NOW - DAY * (500 if number == 99 else number)
        run = make(f"r/test_runs/{number}", "RUN_FAILED x", name=f"t{number}", start=start)
        former.replace(run, None)
    assert len(read_former(former.encode(), "r")) == 99
    monkeypatch.setattr("statustui.monitor.former_runs._MAX_RUNS", 40)
    stored = read_former(former.encode(), "r")
    assert {run.id for run in stored} == {str(number) for number in range(40)}
    monkeypatch.setattr("statustui.monitor.former_runs._MAX_CHARACTERS", 500)
    assert {run.id for run in read_former(former.encode(), "r")} < {str(n) for n in range(20)}
    monkeypatch.setattr("statustui.monitor.former_runs._MAX_ROW", 100)
    long = make("r/test_runs/1", "RUN_FAILED x", name="n" * 200, start=NOW)
    former.replace(long, None)
    assert {run.name for run in read_former(former.encode(), "r")} > {"t0", "t1"}


ROW = [0, "/test_runs/1", "failed", NOW, ["RUN_FAILED", "x", NOW], None]


@pytest.mark.parametrize(
    "table",
    [
        [],
        {"format": 0, "names": [["a", ""]], "runs": [ROW]},
        *(
            {"format": 1, "names": names, "runs": rows}
            for names, rows in [
                ([["a", 1]], [ROW]),
                ([["a"]], [ROW]),
                ([], [ROW]),
                ([["a", ""]], [[*ROW, 1]]),
                ([["a", ""]], [[0, 7, *ROW[2:]]]),
                ([["a", ""]], [[*ROW[:2], "running", *ROW[3:]]]),
                ([["a", ""]], [[*ROW[:3], float("nan"), *ROW[4:]]]),
                ([["a", ""]], [[*ROW[:3], 10**400, *ROW[4:]]]),
                ([["a", ""]], [[*ROW[:4], "x", None]]),
                ([["a", ""]], {"0": ROW}),
                (None, [ROW]),
            ]
        ),
    ],
)
def test_what_is_damaged_or_of_another_version_is_as_good_as_none(table: object) -> None:
    """Whatever it is, it does no harm."""
    data = zlib.compress(json.dumps(table).encode())
    assert read_former(data, "r") == []
    whole = zlib.compress(json.dumps({"format": 1, "names": [["a", ""]], "runs": [ROW]}).encode())
    assert len(read_former(whole, "r")) == 1
    assert read_former(whole[:-9], "r") == []
    assert read_former(b"", "r") == read_former(None, "r") == []
    assert read_former(zlib.compress(b"[" * 100_000), "r") == []


def test_times_may_be_unknown_and_what_is_no_result_is_not_stored() -> None:
    """Nor are more runs of a test known than tell its past, however many come from elsewhere."""
    row = [*ROW[:3], None, ["RUN_FAILED", "x", None], None]
    table = {"format": 1, "names": [["a", ""]], "runs": [row]}
    [run] = read_former(zlib.compress(json.dumps(table).encode()), "r")
    assert (run.started, run.updated_at) == (None, None)
    results = [
        make(f"r/test_runs/{number}", ENDS["F"], name="a", start=NOW + number)
        for number in range(100)
    ]
    going_on = make("r/test_runs/x", "RUNNING", name="a")
    assert result_of(going_on) is None
    former = FormerRuns(lambda: [going_on, *results])
    assert len(list(former)) < 50
    assert {one.id for one in read_former(former.encode(), "r")} <= {one.id for one in results}


def test_a_store_that_does_not_answer_is_as_good_as_none(tmp_path: Path) -> None:
    """Nothing is known, and saving does no harm."""

    class Broken(MemoryStore):
        def load(self, root: RootIdentity, part: CachePart = "runs") -> bytes | None:
            if part == "former":
                raise OSError(errno.EIO, "broken")
            return super().load(root, part)

    nights(tmp_path / "wd")
    store = Broken()
    look(tmp_path / "wd", store)
    clean(tmp_path / "wd", *range(30))
    assert len(look(tmp_path / "wd", store).former()) > 0
    assert look(tmp_path / "wd", store).former() == []
    assert not store.former
    keeper = CacheKeeper(None, str(tmp_path / "wd"))
    keeper.save_former("wd", [])
    assert keeper.former("wd", lambda _path: False) is None


def test_a_monitor_takes_back_what_comes_back_and_keeps_what_an_id_had(tmp_path: Path) -> None:
    """A run that is there again is no cleaned one; another one in its place leaves its result."""
    root, store = tmp_path / "wd", MemoryStore()
    first = first_session(root, store)

    def cleaned() -> int:
        review(first)
        past = last_told(first)["100"].past
        assert past is not None
        return len(past.cleaned)

    clean(root, 0)
    assert cleaned() == 1
    add(root, 0, "t0", "P", 2)
    assert cleaned() == 0
    clean(root, 0)
    add(root, 0, "t0", "F", 1.5)
    second = later_session(root, store)
    past = last_told(second)["100"].past
    assert past is not None
    assert [one.value for one in past.results] == ["passed", "failed", "failed"]


def test_without_a_thread_to_save_in_results_are_saved_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are still new then."""
    store = MemoryStore()
    keeper = CacheKeeper(store, str(tmp_path))
    keeper.load("r")
    former = keeper.former("r", lambda _path: False)
    assert former is not None
    former.replace(make("r/test_runs/1", ENDS["F"], name="a", start=NOW), None)

    def refuse(*_arguments: object) -> None:
        raise NoThreadError

    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.cache_keeper.start_thread", refuse)
        keeper.save_former_now_and_then("r", former)
    is_new = [former.has_changed]
    assert not store.former
    monkeypatch.setattr("statustui.monitor.cache_keeper._SAVE_INTERVAL", 0.0)
    keeper.save_former_now_and_then("r", former)
    is_new.append(former.has_changed)
    assert is_new == [True, False]
    wait_until(lambda: store.former)


def test_what_is_only_out_of_reach_is_no_reason_to_save(tmp_path: Path) -> None:
    """A look at an outer and an inner root leaves the cache of the outer one as it is."""
    root, store = tmp_path / "wd", MemoryStore()
    nights(root)
    nights(root / "inner")
    look(root, store)
    before = dict(store.saved)
    options = ReadOptions(store=store, tells_pasts=True)
    read_once([str(root), str(root / "inner")], NOW, options).save()
    assert before.items() <= store.saved.items()


def test_the_result_of_a_dead_run_is_kept_when_it_is_removed(tmp_path: Path) -> None:
    """Its own files say that it runs."""
    root, store = tmp_path / "wd", MemoryStore()
    add(root, 1, "a", "P", 3)
    dead = write_run(root / "test_runs" / "2", "RUNNING x", start=NOW - 2 * DAY)
    (dead / "attributes").write_text(json.dumps({"name": "a", "sys_name": "big"}))
    kill(write_job(root, dead), NOW - 2 * DAY + 60)
    add(root, 3, "a", "P", 1)
    driver = ScannerDriver(root, Settings(store=store, job_grace=0.0))
    review(driver)
    shown = last_told(driver)["3"].past
    assert shown is not None
    assert [one.value for one in shown.results] == ["passed", "failed", "passed"]
    clean(root, 2)
    review(driver)
    after = last_told(driver)["3"].past
    assert after is not None
    assert after.results == shown.results


def test_a_store_of_another_root_is_not_asked(tmp_path: Path) -> None:
    """What has been saved belongs to one root."""
    store = MemoryStore()
    nights(tmp_path / "wd")
    look(tmp_path / "wd", store)
    clean(tmp_path / "wd", *range(30))
    look(tmp_path / "wd", store)
    [identity] = store.former
    store.former[RootIdentity("/elsewhere", *identity[1:])] = store.former.pop(identity)
    assert look(tmp_path / "wd", store).former() == []
