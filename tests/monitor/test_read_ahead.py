"""Very many new runs are read by other processes, with the same result."""

from __future__ import annotations

import io
import os
import select
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from statustui.core.outline import UsualLines, UsualText, usual_lines
from statustui.core.reading import PackedSignature, packed_signature_of
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import find_runs
from statustui.monitor import read_ahead as module
from statustui.monitor.capacity import Capacity
from statustui.monitor.counted_runs import CountedRuns
from statustui.monitor.first_read import FirstReader
from statustui.monitor.once import Picture, read_once
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_ahead import Known, ReadAhead, _Reader
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.reader_process import Answers, Extent, pack, request, serve
from statustui.monitor.snapshot import RunSnapshot, is_racy, read_snapshot
from statustui.monitor.snapshot_cache import SnapshotCache
from tests.monitor.scanning import ScannerDriver
from tests.monitor.stores import MemoryStore
from tests.processes import children, has_ended
from tests.trees import CORPORA, DATA, write_nothing, write_run
from tests.waiting import wait_until

PROCESSORS = module._processors  # noqa: SLF001 - replaced in these tests, but for one
RUNS = 60
LIVES = {
    "passed": ("CREATED a", "RUNNING b", "COMPLETE result: PASS"),
    "recovered": ("CREATED a", "RUN_ERROR b", "RUNNING c", "COMPLETE result: FAIL"),
    "failed": ("CREATED a", "BUILD_FAILED b", "BUILD_CREATED c"),
    "running": ("CREATED a", "RUNNING b"),
    "unknown": ("CREATED a", "NO_SUCH_STATE b"),
    "escaped": ("CREATED a", "RUNNING one\\ntwo \x1b[1m"),
}
TEXTS = {
    "in local time": "2025-11-26T11:00:00.5 RUNNING x\n",
    "at the same time": "1795000000.5 BUILD_FAILED x\n1795000000.5 BUILD_CREATED x\n",
}
KINDS = (*LIVES, *TEXTS)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of all kinds, written so long ago that their signatures tell all changes."""
    root = tmp_path_factory.mktemp("wd")
    for number in range(RUNS):
        name = KINDS[number % len(KINDS)]
        run = write_run(root / "test_runs" / str(number), *LIVES.get(name, ()))
        if name in TEXTS:
            (run / "status").write_text(TEXTS[name], encoding="utf-8")
        (run / "attributes").write_text(f'{{"name": "{name}", "user": "mia"}}', encoding="utf-8")
    last = os.stat(root / "test_runs" / f"{RUNS - 1}" / "status")
    times = last.st_ino, last.st_size, last.st_mtime_ns, last.st_ctime_ns
    wait_until(lambda: not is_racy(times))
    return root


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MANY_RUNS", 20)
    monkeypatch.setattr(module, "_LEAST_RUNS", 8)
    monkeypatch.setattr(module, "_FIRST_RUNS", 5)
    monkeypatch.setattr(module, "_BLOCK", 4)
    monkeypatch.setattr(module, "_processors", lambda: 2)


def places_in(root: Path) -> list[RunDir]:
    """Where the runs below a root are."""
    return list(find_runs(str(root), write_nothing))


def read_ahead(  # noqa: PLR0913 - what can be asked for
    places: Iterable[RunDir],
    spare: threading.Semaphore,
    extent: Extent,
    count: Callable[[CountedRuns], object] = lambda _runs: None,
    *,
    known: Known | None = None,
    is_helping: bool = False,
) -> Generator[Sequence[OutlinedRun | RunSnapshot | RunDir], None, None]:
    """What is read of one directory."""
    options = {} if known is None else {"known": known}
    with closing(ReadAhead(spare, extent, count, is_helping=is_helping, **options)) as ahead:
        yield from ahead.read(places)


def read(
    places: Sequence[RunDir],
    extent: Extent = "run",
    count: Callable[[CountedRuns], object] = lambda _runs: None,
) -> list[OutlinedRun | RunSnapshot | RunDir]:
    """What `read_ahead` yields, with two processes; these are spare again then."""
    spare = Capacity.of().processes
    found = list(chain.from_iterable(read_ahead(iter(places), spare, extent, count)))
    assert [spare.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    return found


def place_of(found: OutlinedRun | RunSnapshot | RunDir) -> RunDir:
    """Where a run is."""
    if isinstance(found, RunSnapshot):
        return found.run.place
    return found if isinstance(found, RunDir) else found.place


def record_readers(monkeypatch: pytest.MonkeyPatch) -> list[_Reader]:
    """The processes that are started, as they are."""
    started: list[_Reader] = []

    class Recorded(_Reader):
        def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - whatever they are
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(module, "_Reader", Recorded)
    return started


def lines_of(found: OutlinedRun) -> UsualLines | UsualText | bytes:
    """What the lines of the outline of a run say, or their text if that is unusual."""
    return usual_lines(found.outline) or found.outline.lines


def serve_here(
    places: Sequence[RunDir],
    extent: Extent = "run",
    count: Callable[[CountedRuns], object] = lambda _runs: None,
) -> list[OutlinedRun | RunSnapshot | RunDir]:
    """What a process answers, in this one."""
    answers = io.BytesIO()
    serve(io.BytesIO(request(places, [None] * len(places))), answers, extent)
    answers.seek(0)
    return Answers(answers, extent, count).next(places)


def test_other_processes_read_all_but_the_first_and_unusual_ones(tree: Path) -> None:
    """Each comes in its turn, and nothing is left of the processes."""
    places = places_in(tree)
    before = set(children(os.getpid()))
    found = read(places)
    assert list(map(place_of, found)) == places
    ahead = [one for one in found if isinstance(one, OutlinedRun)]
    usual = [place for place in places[5:] if KINDS[int(place.id) % len(KINDS)] != "unknown"]
    assert [one.place for one in ahead] == usual
    wait_until(lambda: before.issuperset(children(os.getpid())))


def test_whoever_helps_waits_for_no_process(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the place of one, and reads at last what a process has been asked for."""
    go = tmp_path / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    monkeypatch.setattr(module, "_PROGRAM", wait + module._PROGRAM)  # noqa: SLF001 - begun later
    places = places_in(tree)
    spare = Capacity.of().processes
    found = chain.from_iterable(read_ahead(iter(places), spare, "run", is_helping=True))
    asked = places[5:21]
    others = [place for place in places if place not in asked]
    assert list(islice(found, len(others))) == others
    assert [spare.acquire(blocking=False) for _ in range(2)] == [True, False]
    assert sorted(map(place_of, found)) == sorted(asked)
    go.touch()


@pytest.mark.parametrize("is_moved", [False, True])
def test_runs_that_are_as_they_were_are_not_read(*, is_moved: bool, tree: Path) -> None:
    """Those of another signature, or on another device, are; those that are gone are left over."""
    places = places_in(tree)
    gone = RunDir(str(tree), str(tree / "test_runs" / "999"), "999", "test")
    same, changed = places[5::3], places[6::3]
    known = {place: packed_signature_of(os.stat(place.status_path)) for place in same}
    known |= dict.fromkeys([*changed, gone], b"another one")
    device = os.stat(tree).st_dev
    counted: list[CountedRuns] = []
    blocks = read_ahead(
        iter([*places, gone]),
        Capacity.of().processes,
        "outline",
        counted.append,
        known=Known(lambda some: [known.get(place) for place in some], device + is_moved),
    )
    found = list(map(place_of, chain.from_iterable(blocks)))
    if is_moved:
        changed, same = [*changed, *same], []
    assert [place for runs in counted for place in runs.same] == same
    read_there = [place for runs in counted if runs.kept for place in runs.kept.places]
    assert not set(same).intersection(found, read_there)
    assert set(changed).intersection(read_there)
    assert found[-1] == gone
    assert len(same) + sum(len(runs.digests) for runs in counted) + len(found) == RUNS + 1


def test_whoever_helps_takes_the_answer_that_comes_first(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is slow keeps no other one waiting."""
    monkeypatch.setattr(module, "_processors", lambda: 3)
    slow, go = str(tmp_path / "slow"), tmp_path / "go"
    wait = f"""import os, time
try:
    os.mkdir({slow!r})
    while not os.path.exists({str(go)!r}): time.sleep(0.01)
except FileExistsError:
    pass
"""
    monkeypatch.setattr(module, "_PROGRAM", wait + module._PROGRAM)  # noqa: SLF001 - as above
    started = record_readers(monkeypatch)
    places = places_in(tree)

    def find() -> Iterator[RunDir]:
        yield from places[:-1]
        wait_until(lambda: bool(select.select(started, [], [], 0)[0]))
        yield places[-1]

    ahead = read_ahead(find(), Capacity.of().processes, "run", is_helping=True)
    found = list(chain.from_iterable(ahead))
    go.touch()
    assert sorted(map(place_of, found)) == sorted(places)
    assert any(isinstance(one, OutlinedRun) for one in found)


@pytest.mark.parametrize("extent", ["run", "snapshot"])
def test_what_another_process_reads_is_what_is_read_here(tree: Path, extent: Extent) -> None:
    """Every field of every run, however far they are read."""
    first = FirstReader(is_shared=False)
    places = places_in(tree)
    for found, there in zip(read(places, extent), serve_here(places, extent), strict=True):
        assert place_of(found) == place_of(there)
        here = first.outline(place_of(found))
        for other in (found, there):
            if isinstance(other, OutlinedRun):
                assert isinstance(here, OutlinedRun)
                assert other.outline.digest == here.outline.digest
                assert lines_of(other) == lines_of(here)
                assert first.complete(other) == first.complete(here)
            elif isinstance(other, RunSnapshot):
                assert isinstance(here, OutlinedRun)
                assert other == first.complete(here)
    first.close()


@pytest.mark.parametrize("extent", ["run", "snapshot"])
@pytest.mark.parametrize("beside", ["", "RUN_COMPLETE", "config"])
def test_runs_without_attributes_are_read_alike(
    beside: str, extent: Extent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether nothing, or only what ends some of them, is beside their status files."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    for number, name in enumerate(LIVES):
        run = write_run(tmp_path / "test_runs" / str(number), *LIVES[name])
        if beside and name == "running":
            (run / beside).touch()
    places = places_in(tmp_path)
    first = FirstReader(is_shared=False)
    runs = {}
    for found in serve_here(places, extent):
        snapshot = first.complete(found) if isinstance(found, OutlinedRun) else found
        if isinstance(snapshot, RunSnapshot):
            runs[snapshot.run.place] = snapshot.run
    assert len(runs) >= len(LIVES) - 2
    assert runs == {place: read_snapshot(place).run for place in runs}


@pytest.mark.parametrize("extent", ["count", "outline"])
def test_runs_whose_files_decide_their_categories_are_counted_by_the_other_process(
    tree: Path, extent: Extent
) -> None:
    """What a cache keeps of them comes too, where one is kept; all others come as they are."""
    first = FirstReader(with_metadata=False, is_shared=False)
    places = places_in(tree)
    (tree / "test_runs" / "1" / "job_id").write_text("17\n", encoding="utf-8")
    counted: list[CountedRuns] = []
    others = read(places, extent, counted.append)[5:]
    here = [first.outline(place) for place in places[5:]]
    judged = [one for one in here if isinstance(one, OutlinedRun) and one.is_judged()]
    if extent == "outline":
        # Those of which a cache keeps whole lines come as they are.
        unusual = [one for one in judged if usual_lines(one.outline) is None]
        judged = [one for one in judged if one not in unusual or not one.is_cacheable]
        assert len(unusual) > 1
    digests = [digest for runs in counted for digest in runs.digests]
    assert {place_of(one) for one in others}.isdisjoint(one.place for one in judged)
    whole = [*map(place_of, others), *(one.place for one in judged)]
    assert sorted(place.path for place in whole) == sorted(place.path for place in places[5:])
    assert Counter(digests) == Counter(one.outline.digest for one in judged)
    paths = {place.path for place in places}
    kept = [run for runs in counted if runs.kept for run in runs.kept.outlined(paths)]
    by_path = {one.place.path: one for one in judged}
    assert bool(kept) is (extent == "outline")
    for run in kept:
        built = first.complete(by_path[run.place.path])
        assert built is not None
        assert run.is_cacheable
        assert (run.build(), run.signature) == (
            built.run._replace(metadata=run.metadata),
            by_path[run.place.path].signature,
        )
    first.close()


@pytest.mark.parametrize("extent", ["count", "outline"])
def test_what_is_counted_is_each_run_once(tree: Path, extent: Extent) -> None:
    """All others are where they were asked for; of those that are kept, any can be looked up."""
    places = places_in(tree)
    counted: list[CountedRuns] = []
    others = serve_here(places, extent, counted.append)
    [runs] = counted
    assert len(runs.digests) + len(others) == len(places)
    assert [place for place in places if place in set(map(place_of, others))] == [
        place_of(one) for one in others
    ]
    assert (runs.kept is not None) is (extent == "outline")
    if runs.kept is not None:
        wanted = runs.kept.places[1]
        assert [one.place for one in runs.kept.outlined({wanted.path})] == [wanted]


def test_what_is_counted_ahead_is_known_the_next_time(tree: Path) -> None:
    """As what is counted here."""
    saved = []
    for most in (2, 0):
        store = MemoryStore()
        options = ReadOptions(Details.STATUS, store=store, capacity=Capacity.of(most))
        picture = read_once([str(tree)], 1.8e9, options)
        picture.save()
        cache = SnapshotCache(next(iter(store.saved.values())), str(tree))
        runs = {run.path: run for run in cache.runs()}
        total = len(picture.runs) + picture.counted.total()
        counts = picture.counted + Counter(run.category for run in picture.runs)
        saved.append((total, counts, runs))
    assert saved[0] == saved[1]
    assert (saved[0][0], len(saved[0][2]) > RUNS // 3) == (RUNS, True)


@pytest.mark.parametrize("details", [Details.STATUS, Details.ALL])
@pytest.mark.parametrize("most", [2, 0])
def test_a_second_look_finds_what_has_changed(
    most: int, details: Details, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at the runs, and whatever has become of them since; this is saved, too."""
    monkeypatch.setattr("statustui.monitor.cache_keeper.is_worth_saving", lambda *_counts: True)
    root = tmp_path / "wd"
    shutil.copytree(tree, root)
    runs = root / "test_runs"

    def wait_until_settled() -> None:
        changed = max(os.stat(run).st_ctime_ns for run in runs.glob("*/status"))
        wait_until(lambda: not is_racy((0, 0, changed, changed)))

    def look(store: MemoryStore) -> Picture:
        options = ReadOptions(details, store=store, capacity=Capacity.of(most))
        picture = read_once([str(root)], 1.8e9, options)
        picture.save()
        return picture

    def saved(store: MemoryStore) -> dict[str, Run]:
        cache = SnapshotCache(next(iter(store.saved.values())), str(root))
        return {run.path: run for run in cache.runs()}

    wait_until_settled()
    store, other = MemoryStore(), MemoryStore()
    look(store)
    assert len(before := saved(store)) > RUNS // 3
    for number in range(0, RUNS, 16):
        with (runs / str(number) / "status").open("a", encoding="utf-8") as status:
            status.write("1795000099.5 RUN_FAILED late\n")
        (runs / str(number + 8) / "status").unlink()
        shutil.rmtree(runs / str(number + 1))
        write_run(runs / str(RUNS + number), *LIVES["failed"])
    wait_until_settled()
    found, expected = look(store), look(other)
    assert sorted(found.runs) == sorted(expected.runs)
    assert found.counted == expected.counted
    assert saved(store) == saved(other) != before


@pytest.mark.parametrize("details", [Details.STATUS, Details.ALL])
def test_what_a_cache_lacks_of_most_runs_is_read(
    details: Details, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count saves no names: whoever shows them reads the tree as an unknown one."""
    store = MemoryStore()
    read_once([str(tree)], 1.8e9, ReadOptions(details, store=store)).save()
    asked: list[PackedSignature | None] = []

    def request_recorded(
        places: Sequence[RunDir], known: Sequence[PackedSignature | None], device: int | None
    ) -> bytes:
        asked.extend(known)
        return request(places, known, device)

    monkeypatch.setattr(module, "request", request_recorded)
    driver = ScannerDriver(tree, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    driver.sweep_all()
    monitored = len(asked)
    listed = read_once([str(tree)], 1.8e9, ReadOptions(store=store))
    assert 0 < monitored < len(asked)
    for some in (asked[:monitored], asked[monitored:]):
        assert any(some) is (details is Details.ALL)
        assert None in some
    assert {run.name for run in listed.runs} == set(KINDS)
    assert sorted(listed.runs) == sorted(read_once([str(tree)], 1.8e9).runs)
    shown = {run.path: run for batch in driver.batches for run in batch.changed}
    assert {path: (run.name, run.current) for path, run in shown.items()} == {
        run.path: (run.name, run.current) for run in listed.runs
    }


def test_a_snapshot_is_made_of_whatever_can_be_sent(tree: Path) -> None:
    """Of a run with a time that cannot be sent there is an outline."""
    for found in serve_here(places_in(tree), "snapshot"):
        kind = KINDS[int(place_of(found).id) % len(KINDS)]
        expected = {"in local time": OutlinedRun, "unknown": RunDir}
        assert isinstance(found, expected.get(kind, RunSnapshot))


@pytest.mark.parametrize("name", CORPORA)
@pytest.mark.parametrize("details", Details)
def test_genuine_trees_are_listed_alike(
    name: str, details: Details, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ahead or not."""
    monkeypatch.setattr(module, "_MANY_RUNS", 2)
    monkeypatch.setattr(module, "_FIRST_RUNS", 1)
    pictures = []
    for most in (2, 0):
        options = ReadOptions(details=details, capacity=Capacity.of(most))
        pictures.append(read_once([str(DATA / name)], 1.8e9, options))
    ahead, here = pictures
    assert sorted(ahead.runs) == sorted(here.runs)
    assert ahead.counted == here.counted
    assert len(ahead.runs) + sum(ahead.counted.values()) >= 5


def test_a_monitor_finds_the_same_runs(tree: Path) -> None:
    """Its batches hold the same runs, and it schedules them alike."""
    drivers = []
    for most in (2, 0):
        driver = ScannerDriver(tree, Settings(capacity=Capacity.of(most)))
        driver.sweep_all()
        drivers.append(driver)
    ahead, here = drivers
    changed = [
        {run.path: run for batch in driver.batches for run in batch.changed} for driver in drivers
    ]
    assert changed[0] == changed[1]
    assert len(changed[0]) == RUNS
    assert ahead.scanner.active == here.scanner.active
    assert ahead.scanner.resting_count == here.scanner.resting_count > 0
    assert ahead.scanner.usage == here.scanner.usage
    for driver in drivers:
        driver.scanner.close()


@pytest.mark.parametrize("extent", ["count", "outline", "run"])
def test_what_a_process_does_not_answer_is_read_here(tree: Path, extent: Extent) -> None:
    """If it is killed, nothing is lost, and nothing is counted twice."""
    places = places_in(tree)
    counted: list[CountedRuns] = []
    before = set(children(os.getpid()))
    blocks = read_ahead(iter(places), Capacity.of().processes, extent, counted.append)
    found: list[OutlinedRun | RunSnapshot | RunDir] = []
    while len(started := set(children(os.getpid())) - before) < 2:
        found += next(blocks)
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    found += chain.from_iterable(blocks)
    known = [place_of(one) for one in found]
    assert len(set(known)) == len(known)
    assert len(known) + sum(len(runs.digests) for runs in counted) == len(places)
    # What was answered before is still in the pipes: the answers to nine requests at most.
    assert known[-16:] == places[-16:]
    assert all(isinstance(one, RunDir) for one in found[-16:])


def test_processes_are_shared_by_all_roots(tree: Path) -> None:
    """Whoever comes later reads by itself; an end before the end gives them back."""
    spare = threading.Semaphore(1)
    first = read_ahead(iter(places_in(tree)), spare, "run")
    next(first)
    later = list(chain.from_iterable(read_ahead(iter(places_in(tree)), spare, "run")))
    assert later == places_in(tree)
    before = set(children(os.getpid()))
    first.close()
    assert spare.acquire(blocking=False)
    wait_until(lambda: before - set(children(os.getpid())))


def test_each_root_has_a_process_before_one_has_two(tree: Path) -> None:
    """One that others do not need any more is taken over in the middle."""
    spare = threading.Semaphore(2)
    blocks = [read_ahead(iter(places_in(tree)), spare, "run") for _ in range(3)]
    found = [list(next(one)) for one in blocks]
    for one in blocks[:2]:
        one.close()
        assert [spare.acquire(blocking=False) for _ in range(2)] == [True, False]
    spare.release(2)
    found[2] += chain.from_iterable(blocks[2])
    assert list(map(place_of, found[2])) == places_in(tree)
    ahead = [number for number, one in enumerate(found[2]) if isinstance(one, OutlinedRun)]
    assert not {*ahead}.intersection(range(5))
    assert len(ahead) > 0
    assert [spare.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_processes_go_on_with_the_next_directory(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were found before count, so that many small ones are read ahead, too."""
    started = record_readers(monkeypatch)
    spare = Capacity.of().processes
    places = places_in(tree)
    with closing(ReadAhead(spare, "run")) as ahead:
        few, others, least = places[:12], places[12:], places[:3]
        assert list(chain.from_iterable(ahead.read(few))) == few
        assert not started
        found = [list(chain.from_iterable(ahead.read(some))) for some in (others, few, least)]
        assert [list(map(place_of, some)) for some in found] == [others, few, least]
        assert all(any(isinstance(one, OutlinedRun) for one in some) for some in found[:2])
        # To ask for so few would take longer.
        assert found[2] == least
        assert len(started) == 2
    assert [spare.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_an_answer_that_nobody_has_taken_is_none_to_the_next_question(tree: Path) -> None:
    """Whoever has asked may have failed."""
    places = places_in(tree)
    with closing(ReadAhead(Capacity.of().processes, "run")) as ahead:
        for _ in range(2):
            blocks = ahead.read(places)
            taken = list(islice(blocks, 8))
            assert any(isinstance(one, OutlinedRun) for some in taken for one in some)
            blocks.close()
        assert list(map(place_of, chain.from_iterable(ahead.read(places[::-1])))) == places[::-1]


def test_many_small_directories_are_read_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes have ended once all runs have been read; new ones are read without them."""
    started = record_readers(monkeypatch)
    before = set(children(os.getpid()))
    for number in range(40):
        write_run(tmp_path / f"wd{number % 4}" / "test_runs" / str(number), *LIVES["passed"])
    driver = ScannerDriver(tmp_path, Settings(interval=0.1))
    driver.sweep_all()
    assert len(started) == 2
    wait_until(lambda: before.issuperset(children(os.getpid())))
    write_run(tmp_path / "wd0" / "test_runs" / "40", *LIVES["running"])
    driver.sweep_all()
    assert len(started) == 2
    assert len(driver.states()) == 41


@pytest.mark.parametrize("most", [0, 1])
def test_no_process_is_started_for_nothing(
    most: int, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that others do not need any more is not taken over at the end."""
    started = record_readers(monkeypatch)
    spare = threading.Semaphore(most)

    def find() -> Iterator[RunDir]:
        yield from places_in(tree)
        spare.release()

    found = list(chain.from_iterable(read_ahead(find(), spare, "run")))
    assert list(map(place_of, found)) == places_in(tree)
    assert len(started) == most


def test_a_slow_disk_is_left_to_whoever_asks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That one shows how far it is; nobody waits for a whole request."""
    monkeypatch.setattr("statustui.monitor.reader_process._MAX_SECONDS", -1.0)
    places = places_in(tree)
    assert serve_here(places) == places


def test_what_another_process_fails_to_read_is_read_here(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the error shows, if it comes again; the others come from there."""
    outline = FirstReader.outline

    def fail(self: FirstReader, place: RunDir) -> OutlinedRun | RunSnapshot | None:
        if place.id == "6":
            raise RuntimeError
        return outline(self, place)

    monkeypatch.setattr(FirstReader, "outline", fail)
    places = [place for place in places_in(tree) if place.id in {"0", "6"}]
    answers = {one.id: found for one, found in zip(places, serve_here(places), strict=True)}
    assert isinstance(answers["0"], OutlinedRun)
    assert isinstance(answers["6"], RunDir)


def test_a_process_that_has_ended_is_asked_nothing_more(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runs are read here."""
    monkeypatch.setattr(module, "_PROGRAM", f"open(1, 'wb').write({2 * answer()!r})")
    places = places_in(tree)
    before = set(children(os.getpid()))
    blocks = read_ahead(iter(places), Capacity.of().processes, "run")
    found = [place_of(one) for one in next(blocks)]
    for pid in set(children(os.getpid())) - before:
        wait_until(partial(has_ended, pid))
    found += map(place_of, chain.from_iterable(blocks))
    assert found == places


DIGEST: tuple[object, ...] = (
    "passed",
    "COMPLETE",
    "PASS",
    1,
    frozenset(),
    "COMPLETE",
    None,
    None,
    True,
)


def answer(**parts: object) -> bytes:
    """An answer with some parts, of which the others are empty."""
    names = ("new", "same", "counted", "kept", "shared", "usual", "rows")
    assert parts.keys() <= set(names)
    return pack(tuple(parts.get(name, []) for name in names))


COLUMNS = [(9,), ((1, 2, 3, 4),), ("",), (1.0,), (1.0,), (None,)]
STRANGE = {
    "no value": b"ab",
    "none": pack(None),
    "short": pack(([], [])),
    "a short row": answer(rows=[(0, 9)]),
    "no such digest": answer(rows=[(0, 9, bytes(32), 1, 1, b"x", None)]),
    "no such run": answer(new=[DIGEST], rows=[(9, 0, bytes(32), 1, 1, b"x", None)]),
    "a short signature": answer(new=[DIGEST], rows=[(0, 0, b"short", 1, 1, b"x", None)]),
    "neither lines nor a run": answer(new=[DIGEST], rows=[(0, 0, bytes(32), 1, 1, None, None)]),
    "no status": answer(
        new=[DIGEST], rows=[(0, 0, bytes(32), 1, 1, None, (("",) * 4, *[None] * 5))]
    ),
    "no such digest to count": answer(new=[DIGEST], counted=[(0, 9)]),
    "no such digest to keep": answer(new=[DIGEST], kept=[(0,), *COLUMNS]),
    "short columns to keep": answer(new=[DIGEST], counted=[(0, 0)], kept=[(0,)]),
    "short columns": answer(new=[DIGEST], usual=[(0,), (0,)]),
    "no such run as it was": answer(same=[9]),
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_a_strange_answer_counts_as_none(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error comes of it."""
    program = f"open(1, 'wb').write({data!r})"
    monkeypatch.setattr(module, "_PROGRAM", program)
    places = [RunDir("/r", f"/r/{number}", f"{number}", "test") for number in range(RUNS)]
    assert read(places) == places


def test_an_answer_may_be_that_some_runs_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is how a whole answer looks."""
    data = answer(same=[0, 2]) + answer(same=[0, 1, 2, 3])
    program = f"f = open(1, 'wb'); f.write({data!r}); f.close(); open(0, 'rb').read()"
    monkeypatch.setattr(module, "_PROGRAM", program)
    monkeypatch.setattr(module, "_processors", lambda: 2)
    places = [RunDir("/r", f"/r/{number}", f"{number}", "test") for number in range(RUNS)]
    counted: list[CountedRuns] = []
    spare = threading.Semaphore(1)
    found = list(chain.from_iterable(read_ahead(places, spare, "run", counted.append)))
    same = [place for runs in counted for place in runs.same]
    assert same == [places[5], places[7], *places[9:13]]
    assert found == [place for place in places if place not in same]


@pytest.mark.parametrize("start", [b"", answer(same=[0, 1, 2, 3])[:-1]])
def test_a_process_that_is_stopped_is_given_up(
    start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or in the middle of an answer; it does not stay, and its runs are read here."""
    monkeypatch.setattr(module, "_MAX_SILENCE", 0.2)
    stop = f"import os, signal; os.write(1, {start!r}); os.kill(os.getpid(), signal.SIGSTOP)"
    monkeypatch.setattr(module, "_PROGRAM", stop)
    places = [RunDir("/r", f"/r/{number}", f"{number}", "test") for number in range(RUNS)]
    before = set(children(os.getpid()))
    assert read(places) == places
    wait_until(lambda: before.issuperset(children(os.getpid())))


def test_runs_are_asked_for_however_long_their_paths_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request has what their paths have in common once."""
    monkeypatch.setattr(module, "_BLOCK", 128)
    top = tmp_path / ("a" * 200) / ("b" * 200) / "test_runs"
    places = [
        RunDir(str(tmp_path), f"{top}/{number}", f"{number}", "test") for number in range(900)
    ]
    asked: list[bool] = []
    ask = _Reader.ask

    def ask_recorded(self: _Reader, some: Sequence[RunDir]) -> bool:
        asked.append(ask(self, some))
        return asked[-1]

    monkeypatch.setattr(_Reader, "ask", ask_recorded)
    known = Known(lambda some: [bytes(30)] * len(some))
    found = read_ahead(places, Capacity.of().processes, "run", known=known)
    assert list(chain.from_iterable(found)) == places
    assert asked
    assert all(asked)


def test_nobody_who_helps_waits_for_a_process_that_has_given_a_strange_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though it does not end."""
    program = f"f = open(1, 'wb', 0); f.write({pack(None)!r}); open(0, 'rb').read()"
    monkeypatch.setattr(module, "_PROGRAM", program)
    places = [RunDir("/r", f"/r/{number}", f"{number}", "test") for number in range(RUNS)]
    found = chain.from_iterable(
        read_ahead(iter(places), Capacity.of().processes, "run", is_helping=True)
    )
    assert sorted(map(place_of, found)) == sorted(places)


def test_where_no_process_can_be_started_all_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program, no descriptors, or one processor alone."""
    places = [RunDir("/r", f"/r/{number}", f"{number}", "test") for number in range(RUNS)]
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "")
        assert read(places) == places

    def fail() -> tuple[int, int]:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", fail)
        assert read(places) == places
    monkeypatch.setattr(module, "_processors", PROCESSORS)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0}, raising=False)
    monkeypatch.setattr(module, "_Reader", None)
    assert read(places) == places


def test_requests_that_are_too_long_for_a_pipe_are_not_sent(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing them could wait for a process that waits for its answer to be read."""
    monkeypatch.setattr(module, "_capacity", lambda _descriptor: 200)
    places = places_in(tree)
    assert read(places) == places


def test_a_pipe_that_does_not_tell_its_size_takes_little(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on with the size that every pipe has."""

    def refuse(_descriptor: int, _command: int) -> int:
        raise OSError

    monkeypatch.setattr("fcntl.fcntl", refuse)
    assert sum(isinstance(one, OutlinedRun) for one in read(places_in(tree))) > 40
