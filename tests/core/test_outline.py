"""A run that is built quickly is the same as one that is built thoroughly."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.outline import build_outlined, read_outline
from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.states import KNOWN_STATES
from statustui.core.status_summary import StatusSummary
from tests.trees import DATA

STATES = st.one_of(
    st.sampled_from(sorted(KNOWN_STATES)),
    st.sampled_from(["COMPLETE", "RUN_FAILED", "RUNNING", "INFO", "ODD_FAILED", "odd", "", "RUN1"]),
)
NOTES = st.one_of(
    st.sampled_from(
        ["", " x", " The test completed with result: FAIL", " result: PASS", " a\\nb", "  two  "]
    ),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=8).map(
        " {}".format
    ),
    st.just(" " + "long " * 100),
    st.just(" tail\0"),
    st.just(" back\r"),
)
TIMES = st.one_of(
    st.sampled_from(
        [
            "1795467106.571458",
            "1795467107",
            "1795467108.",
            "1.5",
            "17954671065714580000",
            "2026-10-25T02:30:00.000000",
            "2026-11-23T21:02:00.935696",
            "2026-11-23T21:02:00Z",
            "x",
            "",
            "-",
            "-5",
            "\0\0001795467106.5",
            "1795467106.5.5",
            "٣٣٣٣٣٣٣٣٣٣",
        ]
    ),
    st.floats(0, 3e9).map("{:.6f}".format),
)
LINES = st.builds("{} {}{}\n".format, TIMES, STATES, NOTES)
PLACE = RunDir("r", "r/1", "1", "test")
METADATA = RunMetadata("a.b", "mia", "4")


@pytest.fixture(autouse=True, scope="module")
def _zone() -> Iterator[None]:
    """A zone in which an hour comes twice a year."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@given(st.lists(LINES, max_size=8), st.sampled_from([None, 1795467110.0]))
@example(["1795467106.5 RUN_FAILED x\n", "1795467107 COMPLETE result: PASS\n"], None)
@example(["1795467106.5 RUN_FAILED x\n", "1795467107 COMPLETE result: FAIL\n"], None)
@example(["1795467106.5 COMPLETE result: FAIL\n", "1795467107 INFO z\n"], None)
@example(["1795467106.5 RUN_FAILED x\n", "1795467107 RUNNING y\n", "1795467108 INFO z\n"], None)
@example(["1795467106.5 BUILD_FAILED x\n", "1795467107 BUILD_CREATED y\n"], None)
@example(["1795467106.5 RUN_ERROR x\n", "1795467107 RUNNING y\n", "x RUNNING y\n"], None)
@example(["x RUN_ERROR x\n", "1795467107 RUNNING y\n", "1795467108 RUNNING y\n"], None)
@example(["1795467106.5 CREATED x\n", "x RUNNING y\n", "1795467108 COMPLETE result: PASS\n"], None)
@example(["1795467106.5 INFO x\n"], None)
@example(["1795467106.5 INVALID x\n"], None)
@example(
    ["1795467106 RUNNING x\n", "1795467108. RUN_ERROR y\n", "1795467109 COMPLETE result: FAIL\n"],
    None,
)
@example(["1795467106.5\n"], None)
@example(["1795467106.5 RUNNING x\n"] * 70, None)
@example(["1795467106.5 COMPLETE result: PASS\n", "1795467107 RUNNING y\n"], None)
@example(["1795467494.4 COMPLETE result: FAIL²\n"], None)
@example(["1795467494.4 COMPLETE éresult: PASS\n"], None)
@example(["1795467494 COMPLETE -result: FAIL-éresult: PASS\n"], None)
@example(["1795468727 COMPLETE result: PASS\\nresult: ERROR\n"], None)
def test_the_quick_way_builds_what_the_thorough_one_builds(
    lines: list[str], modified: float | None
) -> None:
    """Of lines in any order, known, unknown and damaged."""
    block = "".join(lines).encode()
    thorough = make_run(PLACE, METADATA, StatusSummary().add(block, len(block)), modified=modified)
    outline = read_outline(block)
    if outline is not None:
        assert outline.digest.category is thorough.category
        assert outline.digest.is_final == thorough.is_finished
        assert build_outlined(PLACE, METADATA, outline) in {None, thorough}


def test_the_files_of_genuine_runs_take_the_quick_way() -> None:
    """Most of them; the others are damaged, or name no result or states that nobody knows."""
    blocks = [path.read_bytes() for path in sorted(DATA.rglob("status"))]
    outlines = [outline for block in blocks if (outline := read_outline(block)) is not None]
    quick = [one for one in outlines if build_outlined(PLACE, METADATA, one) is not None]
    assert len(blocks) >= 30
    assert len(quick) > 0.7 * len(blocks)
