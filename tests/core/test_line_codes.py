"""Telling what lines mean in bulk, against a naive reader that takes them one at a time."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.line_codes import NO_WORK, read_codes
from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.states import KNOWN_STATES, LOG_STATES, categorise
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import parse_line
from statustui.core.status_summary import StatusSummary
from statustui.core.times import seconds_of

RUNNING = {state for state in KNOWN_STATES if categorise(state) is Category.RUNNING}
PLACE = RunDir("root", "root/7", "7", "test")

WORDS = st.sampled_from([*sorted(KNOWN_STATES), "A", "S1", "X_ERROR", "low_FAILED", "", "9X", "é"])
TIMES = st.sampled_from(
    ["1000", "1000.5", "2026-11-23T21:02:00", "x", "9x", "", "RUNNING", "\0001"]
)
NOTES = st.sampled_from(["", "note", "result: PASS", "result: FAIL", "result: PASS result: ERROR"])
LINE = st.builds("{} {} {}".format, TIMES, WORDS, NOTES).map(str.encode)
DAMAGED = st.binary(max_size=12).map(lambda line: line.replace(b"\n", b""))
LINES = st.lists(LINE | DAMAGED | st.sampled_from([b"1 A", b"1 RUNNING", b"", b" ", b"1 S1\r"]))


def naive(lines: list[bytes]) -> tuple[object, ...]:
    """What a run is made of, by the rules as they are told.

    Number of statuses, last state, problem, recovered problem, states, and when it began to run.
    """
    statuses = [status for line in lines if (status := parse_line(line)) is not None]
    problem: StatusInfo | None = None
    recovered: StatusInfo | None = None
    for status in statuses:
        results = re.findall(r"\bresult: (PASS|FAIL|ERROR)\b", status.note)
        if status.state == "COMPLETE":
            if not results:
                continue
            category = categorise("COMPLETE", results[-1])
            if results[-1] == "PASS":
                problem = None
                continue
        else:
            category = categorise(status.state)
        if status.state in LOG_STATES or status.state == "INVALID":
            continue
        if category.is_problem:
            problem = problem or status
        elif category.is_under_way and status.state not in NO_WORK and problem is not None:
            recovered, problem = problem, None
    return (
        len(statuses),
        statuses[-1].state if statuses else None,
        problem.state if problem else None,
        recovered.state if recovered else None,
        {status.state for status in statuses},
        next(filter(None, map(begin_in, lines)), None),
    )


def begin_in(line: bytes) -> float | None:
    """The time in a line, if its state is one of running."""
    status = parse_line(line)
    is_running = line.split(b" ")[1:2] and line.split(b" ")[1].decode("utf-8", "replace") in RUNNING
    return status.timestamp if status is not None and is_running else None


def quick(lines: list[bytes], cuts: list[int]) -> tuple[object, ...]:
    """The same by the incremental reader, given the lines by pieces."""
    tally = StatusSummary()
    for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        block = b"".join(line + b"\n" for line in lines[start:end])
        if block:
            tally = tally.add(block, tally.offset + len(block))
    return (
        tally.status_count,
        tally.current and tally.current.state,
        tally.problem and tally.problem.state,
        tally.recovered and tally.recovered.state,
        {word.decode() for word in tally.seen},
        seconds_of(tally.began),
    )


@given(LINES, st.data())
@example([b"1 X_ERROR", b"1 S1", b"1 RUN"], None)
def test_reading_by_pieces_agrees_with_reading_line_by_line(
    lines: list[bytes], data: st.DataObject | None
) -> None:
    """Whatever is in the lines, and wherever the pieces end."""
    cut = st.lists(st.integers(0, len(lines)), max_size=4)
    cuts = [1] if data is None else sorted(data.draw(cut))
    assert quick(lines, cuts) == naive(lines)


@given(st.lists(LINE | DAMAGED, min_size=1, max_size=6), st.integers(300, 700))
def test_many_repeated_lines_agree_too(few: list[bytes], number: int) -> None:
    """They are told from each other only once."""
    lines = [few[n * n % len(few)] for n in range(number)]
    assert quick(lines, [number // 2]) == naive(lines)
    assert quick([*lines, b"1 NEW_ERROR x"], []) == naive([*lines, b"1 NEW_ERROR x"])


def test_each_line_has_a_code() -> None:
    """Blank ones too."""
    lines = [b"1 RUNNING", b"", b"2 INFO x", b"3 RUN_ERROR y", b"4 COMPLETE result: PASS", b"5 A"]
    assert read_codes(lines, b"\n".join(lines) + b"\n").codes == b"wbrpvn"


def test_a_run_of_repeated_short_lines_is_told_whole() -> None:
    """All are counted, and the last one counts."""
    block = b"1 A\n" * 20_000 + b"2 RUNNING x\n"
    run = make_run(PLACE, RunMetadata("x"), StatusSummary().add(block, len(block)))
    assert (run.status_count, run.current.state, run.seen) == (
        20_001,
        "RUNNING",
        frozenset({"A", "RUNNING"}),
    )
