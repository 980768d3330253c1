"""Reading and writing status files."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.states import KNOWN_STATES
from statustui.core.status_file import STATES, StatusFile, TestStatusError
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import format_line, parse_line, split_statuses
from tests.slow import slow
from tests.trees import CORPORA, DATA

WHEN = datetime(2026, 11, 23, 21, 2, 0, 935696)  # noqa: DTZ001 - local time, as in the format


def as_recorded(status: StatusInfo) -> list[object]:
    """A status in the form of the recorded oracle."""
    time = status.timestamp
    return [status.state, status.note, time if time is None else round(time, 6)]


@pytest.mark.parametrize("corpus", CORPORA)
def test_real_files_read_as_pavilion_reads_them(corpus: str) -> None:
    """States, notes and times equal what Pavilion's own reader made of each file."""
    oracle = json.loads((DATA / f"{corpus}.oracle.json").read_text())
    assert oracle
    for directory, expected in oracle.items():
        file = StatusFile(DATA / corpus / directory / "status")
        assert [as_recorded(status) for status in file.history()] == expected["history"]
        assert as_recorded(file.current()) == expected["current"]


def test_a_missing_file_is_created_with_a_first_status(tmp_path: Path) -> None:
    """The constructor leaves a file with one CREATED status; it leaves a present file alone."""
    path = tmp_path / "status"
    before = datetime.now()  # noqa: DTZ005 - local time, as in the format
    created = StatusFile(path).current()
    assert (created.state, created.note) == ("CREATED", "Created status file.")
    assert created.when is not None
    assert abs((created.when - before).total_seconds()) < 60
    content = path.read_bytes()
    StatusFile(path)
    assert path.read_bytes() == content


def test_the_documented_constants() -> None:
    """Scripts use these to know what fits in a line."""
    assert (StatusFile.LINE_MAX, StatusFile.NOTE_MAX, StatusFile.TS_LEN) == (4096, 4052, 26)
    assert WHEN.strftime(StatusFile.TIME_FORMAT) == "2026-11-23T21:02:00.935696"
    assert StatusFile.STATES is STATES
    assert StatusFile.LOGGER.name


def test_set_appends_a_line_that_every_version_reads(tmp_path: Path) -> None:
    """Local time without a zone, state, note."""
    file = StatusFile(tmp_path / "status")
    file.set(STATES.RUNNING, "on node 7", when=WHEN)
    last = (tmp_path / "status").read_bytes().splitlines()[-1]
    assert last == b"2026-11-23T21:02:00.935696 RUNNING on node 7"
    assert file.current() == StatusInfo("RUNNING", "on node 7", WHEN)
    assert file.has_state("RUNNING")
    assert not file.has_state("COMPLETE")


def test_a_time_with_a_zone_is_stored_as_local_time(tmp_path: Path) -> None:
    """The format has no zones."""
    file = StatusFile(tmp_path / "status")
    file.set("RUNNING", "", when=WHEN.replace(tzinfo=timezone.utc))
    assert file.current().when == WHEN


def test_an_unknown_state_is_stored_as_invalid(tmp_path: Path) -> None:
    """Its name goes in front of the note; states of later versions are known."""
    file = StatusFile(tmp_path / "status")
    file.set("BOGUS_STATE", "not a state")
    assert as_recorded(file.current())[:2] == ["INVALID", "(BOGUS_STATE) not a state"]
    file.set("CANCELLED", "by hand")
    assert file.current().state == "CANCELLED"


def test_a_note_is_cut_between_two_characters(tmp_path: Path) -> None:
    """No line is longer than LINE_MAX, and none holds half a character."""
    file = StatusFile(tmp_path / "status")
    file.set("RESULTS_ERROR", "x" + "é" * 4000)
    line = (tmp_path / "status").read_bytes().splitlines(keepends=True)[-1]
    assert len(line) <= StatusFile.LINE_MAX
    assert line.decode().split(" ", 2)[2] == "x" + "é" * 2025 + "\n"


def test_a_note_keeps_its_newlines_in_one_line(tmp_path: Path) -> None:
    r"""They are stored as the two characters ``\n`` and read back as newlines."""
    file = StatusFile(tmp_path / "status")
    file.set("RUN_USER", "phase 2\nsolve")
    assert (tmp_path / "status").read_bytes().endswith(b"phase 2\\nsolve\n")
    assert file.current().note == "phase 2\nsolve"
    assert len(file.history()) == 2


@given(note=st.text(), state=st.sampled_from(sorted(KNOWN_STATES)) | st.text(max_size=30))
def test_any_status_becomes_one_line_that_can_be_read(note: str, state: str) -> None:
    """Whatever is set: one line, within the limit, with a known state and its time."""
    line = format_line(StatusInfo(state, note, WHEN))
    assert line.count(b"\n") == 1
    assert len(line) <= StatusFile.LINE_MAX
    status = parse_line(line)
    assert status is not None
    assert status.when == WHEN
    assert status.state == (state if state in KNOWN_STATES else "INVALID")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\\0"), max_size=500))
def test_a_note_comes_back_as_it_was_set(note: str) -> None:
    """But for space around it."""
    status = parse_line(format_line(StatusInfo("RUNNING", note, WHEN)))
    assert status is not None
    assert status.note.strip() == note.strip()


@given(st.binary())
def test_no_bytes_make_reading_raise(block: bytes) -> None:
    """Damage becomes statuses, at most one for each line."""
    statuses = split_statuses(block)
    assert len(statuses) <= block.count(b"\n") + 1
    assert all(isinstance(status.timestamp, float | None) for status in statuses)


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"\n", b"1795467106.5 RUNNING x\n", b"\0\0"])
    )
)
def test_reading_on_from_an_offset_gives_what_reading_whole_does(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes]
) -> None:
    """Whatever is appended between two reads."""
    path = tmp_path_factory.mktemp("run") / "status"
    path.write_bytes(b"")
    file = StatusFile(path)
    read: list[StatusInfo] = []
    offset = 0
    for block in blocks:
        with path.open("ab") as stream:
            stream.write(block)
        whole_lines, offset = read_whole_lines(file, offset)
        read += whole_lines
    with path.open("ab") as stream:
        stream.write(b"\n")
    read += file.read_from(offset)[0]
    assert read == file.history()


def read_whole_lines(file: StatusFile, offset: int) -> tuple[list[StatusInfo], int]:
    """Read on, leaving out a last line that has no newline yet."""
    statuses, end = file.read_from(offset)
    data = Path(file.path).read_bytes()
    torn = split_statuses(data[end:])
    return statuses[: len(statuses) - len(torn)], end


def test_both_forms_of_time_in_one_file(tmp_path: Path) -> None:
    """2.1.1 wrote local time, 2.4 seconds since 1970."""
    (tmp_path / "status").write_bytes(
        b"2026-11-23T21:02:00.935696 CREATED a\n1795467106.571458 RUNNING b\n"
    )
    first, second = StatusFile(tmp_path / "status").history()
    assert (first.when, first.timestamp) == (WHEN, 1795467720.935696)
    assert second.timestamp == 1795467106.571458
    assert second.when == datetime(2026, 11, 23, 20, 51, 46, 571458)  # noqa: DTZ001 - local


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"yesterday RUNNING a b", ["RUNNING", "a b", None]),
        (b"yesterday MY_OWN_STATE a b", ["MY_OWN_STATE", "a b", None]),
        (b"RUNNING a b", ["RUNNING", "a b", None]),
        (b"no time, no state", ["", "no time, no state", None]),
        (b"1795467106.5", ["", "", 1795467106.5]),
        (b"1795467106.5 RUNNING", ["RUNNING", "", 1795467106.5]),
        (b"1795467106.5 whatever x", ["whatever", "x", 1795467106.5]),
        (b"1795467106.5 RUNNING \xff\xfe", ["RUNNING", "��", 1795467106.5]),
        (b"\0\0\0001795467106.5 RUNNING a", ["RUNNING", "a", 1795467106.5]),
        (b"1795467106.5 COMPLETE\r", ["COMPLETE", "", 1795467106.5]),
        (b"nan RUNNING x", ["RUNNING", "x", None]),
        (b"999999999999 RUNNING x", ["RUNNING", "x", None]),
        (b"2026-13-01T00:00:00.000000 RUNNING x", ["RUNNING", "x", None]),
        (b"0000-01-01T00:00:00.000000 RUNNING x", ["RUNNING", "x", None]),
        (b"2026-11-23T21:02:00 RUNNING x", ["RUNNING", "x", 1795467720.0]),
        (b"2026-11-23T21:02:00.5 RUNNING x", ["RUNNING", "x", 1795467720.5]),
    ],
)
def test_a_damaged_line_gives_what_can_be_read_of_it(line: bytes, expected: list[object]) -> None:
    """Time, state and note, each if it is there."""
    status = parse_line(line)
    assert status is not None
    assert as_recorded(status) == expected
    assert (status.when is None) == (expected[2] is None)


@pytest.mark.parametrize("line", [b"", b"\0\0\0", b"   ", b"\r"])
def test_a_blank_line_is_no_status(line: bytes) -> None:
    """Nor is what a failed append leaves on NFS."""
    assert parse_line(line) is None


@pytest.mark.parametrize(
    ("torn", "counts"),
    [
        (b"1795467106.5 RUNNING Currently run", True),
        (b"1795467106.5 RUNNING", True),
        (b"1795467106.5 RUN", False),
        (b"1795467106.5 RUNN", False),
        (b"1795467106.5 BOGUS note", False),
        (b"17954671", False),
        (b"yesterday RUNNING note", False),
    ],
)
def test_a_last_line_without_newline_counts_if_it_is_whole_enough(
    tmp_path: Path, torn: bytes, *, counts: bool
) -> None:
    """Its time must be one and its state a known one that cannot be the start of another."""
    (tmp_path / "status").write_bytes(b"1795467100.5 SCHEDULED a\n" + torn)
    file = StatusFile(tmp_path / "status")
    assert len(file.history()) == 1 + counts
    assert (file.current().state == "SCHEDULED") == (not counts)
    assert file.read_from(0)[1] == len(b"1795467100.5 SCHEDULED a\n")


def test_current_reads_the_end_of_a_large_file_only(tmp_path: Path) -> None:
    """A gigabyte of history costs nothing."""
    path = tmp_path / "status"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n1795467106.5 RUNNING at the end\n")
    assert StatusFile(path).current().note == "at the end"


def test_current_finds_a_status_before_a_long_tail_of_damage(tmp_path: Path) -> None:
    """The window grows until there is a status in it."""
    path = tmp_path / "status"
    path.write_bytes(b"1795467106.5 RUNNING here\n" + b"\n" * 50_000)
    assert StatusFile(path).current().note == "here"


def test_an_empty_file_has_an_invalid_current_status(tmp_path: Path) -> None:
    """As documented."""
    (tmp_path / "status").touch()
    file = StatusFile(tmp_path / "status")
    assert as_recorded(file.current())[:2] == ["INVALID", "Status file was empty."]
    assert file.history() == []


def test_failures_name_the_file_and_the_reason(tmp_path: Path) -> None:
    """Every failure to read or write is a TestStatusError, which is a RuntimeError."""
    with pytest.raises(TestStatusError, match=r"no/status.*No such file"):
        StatusFile(tmp_path / "no" / "status")
    file = StatusFile(tmp_path / "status")
    (tmp_path / "status").unlink()
    for read in (file.current, file.history, lambda: file.has_state("RUNNING")):
        with pytest.raises(RuntimeError, match="No such file"):
            read()
    (tmp_path / "status").mkdir()
    with pytest.raises(TestStatusError, match="directory"):
        file.set("RUNNING", "")


def test_status_files_are_equal_when_their_paths_are(tmp_path: Path) -> None:
    """And can be kept in sets."""
    first, second = StatusFile(tmp_path / "status"), StatusFile(tmp_path / "status")
    assert first == second
    assert first != StatusFile(tmp_path / "other")
    assert first != "status"
    assert len({first, second}) == 1


def test_a_status_as_a_dictionary_and_as_text() -> None:
    """The documented keys; a status without a time is of now."""
    status = StatusInfo("RUNNING", "a", WHEN)
    assert status.as_dict() == {"state": "RUNNING", "note": "a", "time": WHEN}
    assert str(status) == f"Status: {WHEN} RUNNING a"
    assert "RUNNING" in repr(status)
    assert StatusInfo("RUNNING", "a").when is not None
    status.when = None
    assert status.as_dict()["time"] is None
    assert status.timestamp is None
    assert status != "RUNNING"
    assert len({status, StatusInfo("RUNNING", "a", WHEN)}) == 2


SETTER = """
import sys
from statustui.core.status_file import STATES, StatusFile
file = StatusFile(sys.argv[1])
for number in range(50):
    file.set(STATES.RUN_USER, f"writer {sys.argv[2]} line {number} " + "x" * (number * 80))
"""


@pytest.mark.parametrize("count", [8, slow(64)])
def test_many_writers_at_once_lose_no_line(tmp_path: Path, count: int) -> None:
    """Each line is whole, on a local disk, up to the longest there can be."""
    path = tmp_path / "status"
    StatusFile(path)
    writers = [
        subprocess.Popen([sys.executable, "-c", SETTER, str(path), str(number)])
        for number in range(count)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * count
    notes = [status.note for status in StatusFile(path).history()[1:]]
    assert sorted(notes) == sorted(
        f"writer {writer} line {number} {'x' * (number * 80)}".strip()
        for writer in range(count)
        for number in range(50)
    )


def test_a_status_that_does_not_fit_on_the_disk_is_told(tmp_path: Path) -> None:
    """Though a part of it has been written."""
    file = StatusFile(tmp_path / "status")
    size = (tmp_path / "status").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        with pytest.raises(TestStatusError, match="no space left"):
            file.set(STATES.RUNNING, "more than ten bytes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_time_before_all_clocks_has_no_timestamp() -> None:
    """It is a time all the same."""
    status = StatusInfo("RUNNING", "x", datetime(1, 1, 1))  # noqa: DTZ001 - as in the format
    assert status.timestamp is None
    assert status.when is not None


def test_a_long_damaged_line_is_cut_where_it_is_kept() -> None:
    """As that of a state and a note is."""
    status = parse_line(b"RUNNING " + b"x" * 9000, 100)
    assert status is not None
    assert (status.state, len(status.note)) == ("RUNNING", 101)
