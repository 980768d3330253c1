"""Snapshots of finished runs that are kept for the next session."""

from __future__ import annotations

import json
import math
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.outline import Outline, StateDigest, UsualLines, UsualText
from statustui.core.reading import pack_signature
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.status_info import StatusInfo
from statustui.core.working_dir import find_runs
from statustui.monitor.cache_format import Block, StoredBlock, unpack_block
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.cache_store import CachePart, RootIdentity
from statustui.monitor.cache_stream import CacheStream
from statustui.monitor.cache_writer import CacheWriter, outlined
from statustui.monitor.counted_runs import KeptColumns
from statustui.monitor.first_read import FirstReader
from statustui.monitor.fs.deadline import NoThreadError
from statustui.monitor.once import read_once
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.shown_runs import ShownRuns
from statustui.monitor.snapshot import NO_METADATA, ONE_STEP_BYTES, RunSnapshot, read_snapshot
from statustui.monitor.snapshot_cache import SnapshotCache
from tests.monitor.reading import read_first, record_opens
from tests.monitor.scanning import ScannerDriver
from tests.monitor.stores import MemoryStore
from tests.runs import make
from tests.trees import DATA, append, write_run
from tests.waiting import wait_until


def places_below(root: Path) -> list[RunDir]:
    """Where the runs are."""
    return list(find_runs(str(root), lambda _path, _error: None))


def cacheable_below(root: Path) -> list[OutlinedRun]:
    """Every run that can be cached, as a monitor has it, which holds no outlines."""
    found = [read_first(place) for place in places_below(root)]
    return [run for one in found if one is not None and (run := outlined(one)) is not None]


def encode(runs: Iterable[OutlinedRun]) -> bytes:
    """Return runs as they are stored."""
    writer = CacheWriter()
    for run in runs:
        writer.add(run)
    data = writer.finish()
    assert data is not None
    return data


def built_of(cache: SnapshotCache) -> dict[str, Run]:
    """Path -> run, all that are built at once."""
    return {run.path: run for run in cache.runs()}


def told_of(data: bytes | None, root: Path) -> list[list[Run]]:
    """What a monitor is told, some runs at a time."""
    cache = CacheStream(data, str(root), 0)
    return list(map(ShownRuns(cache).add, cache.snapshots()))


def finished_tree(root: Path, count: int = 30) -> list[Path]:
    """Finished runs whose files are old enough to be trusted, and an active one."""
    runs = [
        write_run(
            root / "test_runs" / str(number), "RUN_FAILED x", f"COMPLETE result: FAIL {number}"
        )
        for number in range(1, count + 1)
    ]
    for run in runs:
        os.utime(run / "status", (1000, 1000))
    write_run(root / "test_runs" / "99", "RUNNING x")
    return runs


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just written are trusted, since their time of change cannot be set."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("together", [1, 2, 1000])
@pytest.mark.parametrize("name", ["pavilion-2.1.1", "pavilion-2.4"])
def test_genuine_runs_come_back_as_they_were(
    name: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field of them, times in both forms included; in one block, or in several."""
    for constant in ("_ROWS_APART", "_STORED_TOGETHER"):
        monkeypatch.setattr(f"statustui.monitor.cache_writer.{constant}", together)
    runs = cacheable_below(DATA / name)
    assert len(runs) > 2
    cache = SnapshotCache(encode(runs), str(DATA / name))
    assert len(cache) == len(runs)
    for run in runs:
        snapshot = read_first(run.place)
        assert snapshot is not None
        assert read_first(run.place, cache=cache) == snapshot._replace(is_stored=True)
        assert built_of(cache)[run.place.path] == snapshot.run


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("name", ["pavilion-2.1.1", "pavilion-2.4"])
def test_runs_that_were_only_counted_come_back_as_they_are(name: str) -> None:
    """What a count keeps serves a list, which adds their names."""
    reader = FirstReader(with_metadata=False)
    found = [reader.outline(place) for place in places_below(DATA / name)]
    counted = [run for run in found if isinstance(run, OutlinedRun) and run.is_cacheable]
    assert counted
    cache = SnapshotCache(encode(counted), str(DATA / name))
    for run in counted:
        snapshot = read_first(run.place)
        assert snapshot is not None
        assert read_first(run.place, cache=cache) == snapshot


DIGESTS = st.builds(
    StateDigest,
    st.sampled_from(Category),
    st.just("COMPLETE"),
    st.sampled_from([None, "PASS"]),
    st.integers(1, 9),
    st.just(frozenset({"COMPLETE"})),
    st.just("COMPLETE"),
    st.sampled_from([None, "COMPLETE"]),
    st.none(),
    st.just(value=True),
)
SECONDS = st.floats(1e9, 2e9)
KEPT_LINES = (
    st.sampled_from([NO_METADATA, RunMetadata("a", "b", "c"), RunMetadata("a", "b", "c")]),
    st.tuples(*[st.integers(1, 2**62)] * 4),
    st.sampled_from(["", "a", "b\nc", "é"]),
    SECONDS,
    SECONDS,
    st.none() | SECONDS,
)
"""Strategies for metadata, signature, note, and times, as `KeptColumns` has them."""
STATES = st.sampled_from(["RUNNING", "RUN_FAILED", "BUILD_CREATED", "SCHED_ERROR", "odd", "INFO"])
ENDS = st.sampled_from(
    ["COMPLETE result: PASS", "COMPLETE result: FAIL", "ABORTED \udcff", "SKIPPED"]
)
TIMES = st.one_of(
    st.floats(0, 2e9).map("{:.6f}".format),
    st.datetimes().map(lambda when: when.isoformat(timespec="microseconds")),
    st.just("x"),
)


@given(st.lists(st.tuples(TIMES, STATES, st.text(max_size=20)), max_size=5), TIMES, ENDS)
def test_any_finished_run_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[str, str, str]],
    time_: str,
    end: str,
) -> None:
    """Whatever its file holds, if it can be cached at all."""
    root = tmp_path_factory.mktemp("tree")
    run = root / "test_runs" / "1"
    run.mkdir(parents=True)
    text = "".join(f"{at} {state} {note}\n" for at, state, note in lines) + f"{time_} {end}\n"
    (run / "status").write_bytes(text.encode("utf-8", "surrogateescape"))
    [place] = find_runs(str(root), lambda _path, _error: None)
    snapshot = read_first(place) or read_snapshot(place)
    with patch("statustui.monitor.outlined_run.is_racy", lambda _signature: False):
        kept = outlined(snapshot)
    assert kept is not None
    cache = SnapshotCache(encode([kept]), str(root))
    assert read_first(place, cache=cache) == snapshot._replace(is_stored=True, is_racy=False)
    assert built_of(cache) == {place.path: snapshot.run}


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("at_once", [2, 3, 5, 9])
def test_what_failed_comes_first_and_of_that_what_was_written_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """If that is less than one part, what was written last of the others follows."""
    monkeypatch.setattr("statustui.monitor.cache_stream._AT_ONCE", at_once)
    ends = ["PASS", "FAIL", "PASS", "FAIL", "PASS"]
    for number, end in enumerate(ends, 1):
        run = write_run(tmp_path / "test_runs" / str(number), f"COMPLETE result: {end}")
        os.utime(run / "status", (1000 + number, 1000 + number))
    runs = sorted(cacheable_below(tmp_path), key=lambda run: run.place.id)
    some, *others = [[run.id for run in part] for part in told_of(encode(runs), tmp_path)]
    assert some == ["4", "2", "5", "3", "1"][:at_once]
    assert sorted(chain(some, *others)) == ["1", "2", "3", "4", "5"]


@pytest.mark.usefixtures("_trusting")
def test_a_monitor_loads_runs_when_it_is_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those with problems first; in the end it has been told what a list has loaded at once."""
    monkeypatch.setattr("statustui.monitor.cache_stream._AT_ONCE", 2)
    for constant in ("_ROWS_APART", "_STORED_TOGETHER"):
        monkeypatch.setattr(f"statustui.monitor.cache_writer.{constant}", 2)
    loaded = []

    def unpack_counted(plain: bytes, stored: StoredBlock) -> Block:
        loaded.append(stored)
        return unpack_block(plain, stored)

    monkeypatch.setattr("statustui.monitor.cache_table.unpack_block", unpack_counted)
    for number in range(10):
        result = "PASS" if number % 2 else "FAIL"
        write_run(tmp_path / "test_runs" / str(number), f"COMPLETE result: {result}")
    runs = cacheable_below(tmp_path)
    data = encode(runs)
    stream = CacheStream(data, str(tmp_path), 7)
    assert (len(stream), loaded) == (10, [])
    parts = stream.snapshots()
    told = next(parts)
    assert [one.run.category.is_problem for one in told] == [True, True]
    assert [block.are_problems for block in loaded] == [True, True, True, False]
    told += chain.from_iterable(parts)
    assert (len(loaded), len(stream)) == (6, 10)
    assert {one.run.path: one.run for one in told} == built_of(SnapshotCache(data, str(tmp_path)))
    assert {one.run.path: one.signature for one in told} == {
        one.place.path: pack_signature(one.signature) for one in runs
    }
    assert all(one.is_stored and one.device == 7 for one in told)


@given(st.data())
def test_runs_that_are_added_at_once_are_stored_as_those_added_one_by_one(
    data: st.DataObject,
) -> None:
    """Whatever they have in common, and whatever was added before."""
    digests = data.draw(st.lists(DIGESTS, min_size=1, max_size=3))
    lines = data.draw(st.lists(st.tuples(*KEPT_LINES), max_size=12))
    kept = KeptColumns(
        [RunDir("wd", f"wd/test_runs/{at}", str(at), "test") for at in range(len(lines))],
        [digests[at % len(digests)] for at in range(len(lines))],
        *([one[at] for one in lines] for at in range(len(KEPT_LINES))),
    )
    runs = list(kept.outlined({place.path for place in kept.places}))
    first = RunDir("wd", "wd/x", "x", "plain")
    before = OutlinedRun(first, runs[0].outline, (1, 2, 3, 4), 0, 0) if runs else None
    writers = at_once, by_one, each, texts = [CacheWriter() for _ in range(4)]
    for writer in writers:
        if before is not None:
            writer.add(before)
    if lines:
        at_once.add_all(kept)
    with patch("statustui.monitor.cache_writer._ROWS_APART", data.draw(st.integers(1, 5))):
        for run in runs:
            by_one.add(run)
        each.add_each(runs)
        texts.add_each(map(with_text, runs))
    assert {len(writer) for writer in writers} == {len(by_one)}
    with patch("statustui.monitor.cache_writer.time.time", lambda: 7.0):
        assert len({writer.finish() for writer in writers}) == 1


def with_text(run: OutlinedRun) -> OutlinedRun:
    """The same with its lines as they stand in a file."""
    lines = run.outline.lines
    assert isinstance(lines, UsualLines)
    note, *times = lines
    text = UsualText(
        note.encode(), *(b"" if time is None else repr(time).encode() for time in times)
    )
    return run._replace(outline=Outline(run.outline.digest, text))


@pytest.mark.usefixtures("_trusting")
def test_runs_with_lines_of_all_kinds_are_stored_together() -> None:
    """Each once, as it is stored alone."""
    root = DATA / "pavilion-2.4"
    runs = [
        with_text(run) if number % 2 and isinstance(run.outline.lines, UsualLines) else run
        for number, run in enumerate(cacheable_below(root))
    ]
    assert {type(run.outline.lines) for run in runs} == {bytes, UsualText, UsualLines}
    writer = CacheWriter()
    writer.add_each(runs)
    together, alone = (SnapshotCache(data, str(root)) for data in (writer.finish(), encode(runs)))
    assert built_of(together) == built_of(alone)
    assert len(together) == len(runs)


def test_a_run_whose_lines_cannot_be_read_back_is_not_stored() -> None:
    """Its notes have something that no line of a file has."""
    run = make("wd/1", "RUN_ERROR x", "RUNNING y", "COMPLETE result: PASS")
    signature = pack_signature((1, 2, 3, 4))
    assert run.recovered is not None
    odd = run._replace(recovered=StatusInfo.read("RUN_ERROR", " x ", run.recovered.timestamp))
    stored = [outlined(RunSnapshot(one, signature)) for one in (run, odd)]
    assert [one is None for one in stored] == [False, True]


@pytest.mark.usefixtures("_trusting")
def test_another_version_of_a_file_is_not_taken_for_the_cached_one(tmp_path: Path) -> None:
    """Neither by size, time or kind, nor another file of the same size and time of writing."""
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE result: PASS")
    [kept] = cacheable_below(tmp_path)
    cache = SnapshotCache(encode([kept]), str(tmp_path))
    before = (run / "status").stat()
    assert cache.get(kept.place, before) == kept._replace(is_stored=True, owner=before.st_uid)
    assert cache.get(kept.place._replace(kind="plain"), before) is None
    (run / "new").write_bytes((run / "status").read_bytes().replace(b"PASS", b"FAIL"))
    os.utime(run / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (run / "new").rename(run / "status")
    read = read_first(kept.place, cache=cache)
    assert read is not None
    assert (read.run.result, read.is_stored) == ("FAIL", False)


def test_what_may_still_change_is_not_cached(tmp_path: Path) -> None:
    """Active runs, series, and files that were written a moment ago."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    write_run(tmp_path / "test_runs" / "2", "COMPLETE result: PASS")
    write_run(tmp_path / "series" / "1", "COMPLETE x")
    assert cacheable_below(tmp_path) == []


def test_a_run_with_a_long_status_file_is_not_cached(tmp_path: Path) -> None:
    """Such files are read in steps."""
    write_run(tmp_path / "test_runs" / "2", "COMPLETE result: PASS")
    os.utime(tmp_path / "test_runs" / "2" / "status", (1000, 1000))
    [place] = places_below(tmp_path)
    snapshot = read_snapshot(place)
    for size, is_cached in ((ONE_STEP_BYTES, True), (ONE_STEP_BYTES + 1, False)):
        sized = snapshot._replace(signature=pack_signature((1, size, 10**12, 10**12)))
        assert (outlined(sized) is not None) is is_cached


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("name", ["RUN_COMPLETE", "results.json", "config"])
def test_a_run_that_only_the_files_beside_its_status_explain_is_not_cached(
    tmp_path: Path, name: str
) -> None:
    """They may come, change and go while the status file stays as it is."""
    run = write_run(
        tmp_path / "test_runs" / "1",
        {"RUN_COMPLETE": "RUNNING x", "results.json": "COMPLETE x", "config": "BUILD_DONE x"}[name],
        start=1000,
    )
    (run / name).write_text('{"result": "FAIL", "name": "a"}')
    [place] = find_runs(str(tmp_path), lambda _path, _error: None)
    snapshot = read_first(place)
    assert snapshot is not None
    assert snapshot.run.is_finished
    assert outlined(snapshot) is None


@pytest.mark.usefixtures("_trusting")
def test_a_tree_of_runs_without_names_is_saved_once(tmp_path: Path) -> None:
    """Their names are looked for each time, and nothing is new if there is none."""
    finished_tree(tmp_path)
    store = MemoryStore()
    read_below(tmp_path, store)
    [first] = store.saved.values()
    store.saved = dict.fromkeys(store.saved, first)
    read_below(tmp_path, store)
    [second] = store.saved.values()
    assert second is first


@pytest.mark.usefixtures("_trusting")
def test_local_times_of_another_zone_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one with the same abbreviations, in which they mean other instants."""
    run = tmp_path / "test_runs" / "1"
    run.mkdir(parents=True)
    (run / "status").write_text("2025-11-02T00:40:00.000000 COMPLETE result: PASS\n")
    monkeypatch.setenv("TZ", "America/Chicago")
    time.tzset()
    data = encode(cacheable_below(tmp_path))
    assert len(SnapshotCache(data, "")) == 1
    monkeypatch.setenv("TZ", "America/Havana")
    time.tzset()
    assert len(SnapshotCache(data, "")) == 0


def loaded_keeper(store: MemoryStore, root: Path) -> CacheKeeper:
    """What keeps the cache of a root, as it has to be before anything can be saved."""
    keeper = CacheKeeper(store, str(root))
    keeper.load(str(root))
    return keeper


@pytest.mark.usefixtures("_trusting")
def test_where_no_thread_can_be_started_nothing_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor without a store, nor again a moment later."""
    finished_tree(tmp_path)
    snapshots = cacheable_below(tmp_path)
    store = MemoryStore()
    keeper = CacheKeeper(None, str(tmp_path))
    assert len(keeper.load(str(tmp_path))) == 0
    keeper.save(snapshots)
    keeper = loaded_keeper(store, tmp_path)
    with monkeypatch.context() as patch:

        def fail(_work: object, _name: str) -> None:
            raise NoThreadError(11, "no thread can be started")

        patch.setattr("statustui.monitor.cache_keeper.start_thread", fail)
        keeper.save_now_and_then(snapshots)
    keeper.save_now_and_then(snapshots)
    assert store.saved == {}
    keeper.save(snapshots)
    assert len(store.saved) == 1
    keeper.save(snapshots[:-1])
    assert len(SnapshotCache(store.saved.popitem()[1], "")) == len(snapshots)


@pytest.mark.usefixtures("_trusting")
def test_saving_in_the_background_leaves_half_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen and the watching have it; whoever saves for a command has all of it."""
    finished_tree(tmp_path)
    snapshots = cacheable_below(tmp_path)
    store = MemoryStore()
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=count(0.0).__next__, sleep=pauses.append)
    monkeypatch.setattr("statustui.monitor.cache_keeper._SLICE", 3)
    monkeypatch.setattr("statustui.monitor.cache_keeper.time", clock)
    loaded_keeper(store, tmp_path).save(snapshots)
    assert pauses == []
    store.saved.clear()
    loaded_keeper(store, tmp_path).save_now_and_then(snapshots)
    wait_until(lambda: store.saved)
    assert len(SnapshotCache(store.saved.popitem()[1], "")) == len(snapshots)
    slices = -(-len(snapshots) // 3)
    assert pauses == [1.0] * 2 * slices


def _with_doubles(columns: bytes, count: int, value: float) -> bytes:
    """Columns of so many runs, with another time at which each was made."""
    start = count * (8 * 4 + 4 * 2)
    return columns[:start] + struct.pack("=d", value) * count + columns[start + 8 * count :]


def damage(data: bytes) -> dict[str, bytes]:
    """Name -> what may be found in place of a good cache of two blocks."""
    line, rest = data.split(b"\n", 1)
    head = json.loads(line)
    packed_notes = head["notes"][0]
    notes = zlib.decompress(rest[:packed_notes])
    [one, other] = head["blocks"]
    [packed, size, count, paths, are_problems] = one
    second = rest[packed_notes + packed :]
    twice = zlib.compress(zlib.decompress(second).replace(b"/test_runs/1", b"/test_runs/2"))
    columns = zlib.decompress(rest[packed_notes:])
    ends = columns.index(b"/test_runs/") + len("/test_runs/2")

    def changed(columns: bytes = columns, **fields: object) -> bytes:
        first, block = zlib.compress(notes), zlib.compress(columns)
        sizes = {
            "notes": [len(first), len(notes)],
            "blocks": [[len(block), len(columns), count, paths, are_problems], other],
        }
        return json.dumps(head | sizes | fields).encode() + b"\n" + first + block + second

    def sized(*first: object) -> bytes:
        return changed(blocks=[first, other])

    packed = len(zlib.compress(columns))
    [digest, *_others] = head["digests"]
    return {
        "cut": data[: len(data) // 2],
        "cut in the second block": data[:-10],
        "no cache": b"hello",
        "empty": b"",
        "a list": b"[1]\n",
        "no line": b"[1]",
        "no notes": line + b"\n",
        "no blocks": changed(blocks=[]),
        "a block twice": changed(blocks=[[packed, *one[1:]]] * 2),
        "a block twice, with its data": json.dumps(head | {"blocks": [one, one]}).encode()
        + b"\n"
        + rest[: packed_notes + one[0]]
        + rest[packed_notes : packed_notes + one[0]],
        "no text": changed(columns[:ends]),
        "text cut": changed(columns[:-30]),
        "notes of another length": changed(notes=[packed_notes, len(notes) + 1]),
        "notes that are cut": changed(notes=[packed_notes - 1, len(notes)]),
        "other notes": changed(notes=[0, 0]),
        "a block of another length": sized(packed, size + 1, count, paths, are_problems),
        "a block that would be too large": sized(packed, 1 << 40, 1 << 30, paths, are_problems),
        "a block that is cut": sized(packed - 1, size, count, paths, are_problems),
        "paths of another length": sized(packed, size, count, paths + 1, are_problems),
        "a block without its kind": sized(packed, size, count, paths),
        "a path of the other block": json.dumps(
            head | {"blocks": [one, [len(twice), *other[1:]]]}
        ).encode()
        + b"\n"
        + rest[: packed_notes + one[0]]
        + twice,
        "a path twice": changed(columns.replace(b"/test_runs/3", b"/test_runs/2")),
        "times that are no numbers": changed(_with_doubles(columns, count, math.nan)),
        "times without an end": changed(_with_doubles(columns, count, -math.inf)),
        **{f"cut after {size} bytes": changed(columns[:size]) for size in range(0, 160, 8)},
        "text of other lines": changed(columns.replace(b"\n", b" ")),
        "columns cut": changed(columns[:20]),
        "another format": changed(format="0 little"),
        "another byte order": changed(format=head["format"].replace("little", "big")),
        "another time zone": changed(zone=1),
        "more runs": sized(packed, size, count + 1, paths, are_problems),
        "no runs": sized(packed, size, 0, paths, are_problems),
        "fewer than no runs": sized(packed, size, -count, paths, are_problems),
        "a huge number": sized(packed, 10**400, count, paths, are_problems),
        "a number out of range": changed(shared=[]),
        "no digests": changed(digests=[]),
        "another category": changed(digests=[["odd", *digest[1:]]]),
        "a short digest": changed(digests=[digest[:3]]),
        "other metadata": changed(shared=[["test", ["a"] * 9]]),
        "deep": b"[" * 100_000 + b"\n",
    }


@pytest.mark.usefixtures("_trusting")
def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path) -> None:
    """Whatever is wrong with it, in one of its runs or in all."""
    write_run(tmp_path / "test_runs" / "1", "COMPLETE result: PASS")
    write_run(tmp_path / "test_runs" / "2", "RUN_FAILED x", "COMPLETE result: FAIL")
    write_run(tmp_path / "test_runs" / "3", "RUN_FAILED x", "COMPLETE result: FAIL")
    kept = cacheable_below(tmp_path)
    assert len(kept) == 3
    snapshots = [read_first(one.place) for one in kept]
    places = [one.place for one in kept]

    for name, bad in damage(encode(kept)).items():
        cache = SnapshotCache(bad, str(tmp_path))
        assert len(cache) == len(list(cache.paths(range(len(cache))))) <= len(kept), name
        # Nothing raises, and as many are found as there are.
        first = FirstReader(cache=cache, is_shared=False)
        same, others = first.sift(places, cache.signatures(places))
        assert sorted([*same, *others]) == sorted(places), name
        known = cache.rows(same)
        assert cache.count(known).total() == len(known), name
        assert len(list(cache.at(known))) == len(list(cache.paths(known))) == len(known), name
        for one, snapshot in zip(kept, snapshots, strict=True):
            found = read_first(one.place, cache=cache) or read_snapshot(one.place)
            assert found in {snapshot, snapshot and snapshot._replace(is_stored=True)}, name
        genuine = {snapshot.run for snapshot in snapshots if snapshot is not None}
        assert set(built_of(cache).values()) <= genuine, name
        stream = CacheStream(bad, str(tmp_path), tmp_path.stat().st_dev)
        shown = ShownRuns(stream)
        told = [*chain.from_iterable(map(shown.add, stream.snapshots()))]
        assert set(told) <= genuine, name
        first = FirstReader(shown=shown)
        for one, snapshot in zip(kept, snapshots, strict=True):
            confirmed = first.confirm(one.place) or snapshot
            assert confirmed in {snapshot, snapshot and snapshot._replace(is_stored=True)}, name


def read_below(root: Path, store: MemoryStore) -> dict[str, Run]:
    """What a list finds, which then saves its cache."""
    picture = read_once([str(root)], time.time(), ReadOptions(store=store))
    picture.save()
    return {run.id: run for run in picture.runs}


@pytest.mark.usefixtures("_trusting")
def test_a_list_knows_the_names_of_runs_that_were_only_counted_before(tmp_path: Path) -> None:
    """Also of those whose `results.json` had to be read for that."""
    for run in finished_tree(tmp_path):
        (run / "attributes").write_text('{"name": "suite.test"}', encoding="utf-8")
        (run / "results.json").write_text('{"result": "FAIL"}', encoding="utf-8")
    store = MemoryStore()
    counted = read_once(
        [str(tmp_path)], time.time(), ReadOptions(details=Details.STATUS, store=store)
    )
    counted.save()
    assert store.saved
    assert read_below(tmp_path, store)["7"].name == "suite.test"


@pytest.mark.usefixtures("_trusting")
def test_a_second_list_opens_no_file_of_a_run_that_has_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says the same, but of the run that has."""
    runs = finished_tree(tmp_path)
    store = MemoryStore()
    first = read_below(tmp_path, store)
    assert len(store.saved) == 1
    append(runs[3], "COMPLETE result: PASS")
    opened = record_opens(monkeypatch)
    second = read_below(tmp_path, store)
    assert sorted(opened) == ["4", "99"]
    assert second.pop("4").result == "PASS"
    assert first.pop("4").result == "FAIL"
    assert second == first


@pytest.mark.usefixtures("_trusting")
def test_a_monitor_uses_and_saves_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saves once everything is known, on a thread of its own; a list uses the same."""
    runs = finished_tree(tmp_path)
    store = MemoryStore()
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.sweep_all()
    driver.scanner.save_cache()
    wait_until(lambda: store.saved)
    append(runs[3], "COMPLETE result: PASS")
    opened = record_opens(monkeypatch)
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    driver.sweep_all()
    assert len(opened) == 2
    assert len(driver.states()) == len(runs) + 1
    assert driver.changed == []


def test_a_store_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs are read as if there were none."""
    monkeypatch.setattr("statustui.monitor.cache_keeper._MAX_LOAD_WAIT", 0.05)
    finished_tree(tmp_path, 3)
    answers = threading.Event()

    class Dead(MemoryStore):
        def load(self, root: RootIdentity, part: CachePart = "runs") -> Any:  # noqa: ANN401 - nothing ever
            del root, part
            answers.wait(20)

    dead = Dead()
    assert set(read_below(tmp_path, dead)) == {"1", "2", "3", "99"}
    assert dead.saved == {}
    answers.set()


@pytest.mark.usefixtures("_trusting")
def test_a_cache_that_would_be_too_large_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next session reads everything again."""
    monkeypatch.setattr("statustui.monitor.cache_writer._MAX_BYTES", 50)
    finished_tree(tmp_path)
    store = MemoryStore()
    read_below(tmp_path, store)
    assert store.saved == {}
