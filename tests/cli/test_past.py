"""The past of a test: the same words in `list`, `list --follow` and `wait`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import listed, run
from tests.monitor.follower import follower
from tests.trees import append, write_run
from tests.waiting import wait_until

START, DAY = 1_795_000_000.0, 86_400.0
TESTS = {"ok": "PPP", "broke": "PPF", "still": "PFF", "fixed": "PFP", "other": "PFG", "new": "F"}
ENDS = {"P": "COMPLETE result: PASS", "F": "RUN_FAILED exit 1", "G": "BUILD_FAILED make"}


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    """A tree of three nights; each run is called as its test and the number of the night."""
    for name, results in TESTS.items():
        for night, result in enumerate(results, 4 - len(results)):
            path = tmp_path / "test_runs" / f"{len(results)}{len(name)}{ord(name[0])}{night}"
            write_run(path, "RUNNING x", start=START + DAY * night)
            append(path, ENDS[result], START + DAY * night + 60)
            (path / "attributes").write_text(json.dumps({"name": name}))
    return tmp_path


@pytest.mark.parametrize(
    ("expression", "names"),
    [("broke|fixed|flaky", {"broke", "other", "fixed"}), ("since>0 !broke", {"still", "new"})],
)
def test_list_and_wait_say_the_same(nights: Path, expression: str, names: set[str]) -> None:
    """Of the last result of each test."""
    found = listed(str(nights), "-F", expression)
    assert {one["name"] for one in found.values()} == names
    problems = [one for one in found.values() if one["problem"]]
    waited = run("wait", str(nights), "-F", expression, status=1 if problems else 0).stdout
    plural = "" if len(found) == 1 else "s"
    assert waited.startswith(f"{len(found)} run{plural}")
    assert {line.split()[2] for line in waited.splitlines()[1:]} == {
        one["name"] for one in problems
    }
    counted = run("list", "--summary", str(nights), "-F", expression).stdout
    assert counted.startswith(f"{len(found)} run{plural}")


def test_a_run_object_holds_the_past(nights: Path) -> None:
    """Of the newest runs of each test; elsewhere it is null."""
    runs = listed(str(nights)).values()
    found = {one["name"]: one for one in sorted(runs, key=lambda one: float(one["timestamp"]))}
    broke = found["broke"]["past"]
    assert broke["results"] == ["passed", "passed", "failed"]
    assert (broke["is_last"], broke["change"], broke["flaky"]) == (True, "broke", False)
    assert broke["failing_since"] == {
        "path": found["broke"]["path"],
        "timestamp": START + 3 * DAY + 60,
    }
    assert broke["last_passed"]["timestamp"] == START + 2 * DAY + 60
    assert found["ok"]["past"]["failing_since"] is None
    assert all(one["past"] for one in runs)


def test_a_table_shows_the_results_and_sorts_by_what_has_changed(nights: Path) -> None:
    """In letters where the output has no glyphs."""
    columns = ["--columns", "name,past", "-s", "past", "-l", "6", str(nights)]
    lines = [line.split()[1:] for line in run("list", *columns).stdout.splitlines()]
    assert lines[0] == ["PAST"]
    assert {line[0]: line[1] for line in lines[1:]} == {
        "broke": "✓✓✗",
        "other": "✓✗✗",
        "still": "✓✗✗",
        "new": "✗",
        "fixed": "✓✗✓",
        "ok": "✓✓✓",
    }
    assert [line[0] for line in lines[3:]] == ["new", "still", "fixed", "ok"]
    plain = run("list", *columns, LC_ALL="C", PYTHONIOENCODING="ascii").stdout
    assert "==F" in plain
    assert "past" not in run("list", str(nights)).stdout.lower()


def test_a_follower_prints_no_run_for_the_past_of_another(nights: Path) -> None:
    """A run that comes to match is printed, one that no longer matches once more, others not."""
    with follower(nights, "--watch", "poll", "--interval", "0.1", "-F", "broke") as following:
        wait_until(lambda: len(following.runs) == 2)
        broke = next(one["id"] for one in following.runs.values() if one["name"] == "broke")
        path = write_run(nights / "test_runs" / "9", "RUNNING x", start=START + DAY * 5)
        (path / "attributes").write_text('{"name": "broke"}')
        append(path, ENDS["G"], START + 5 * DAY + 9)
        wait_until(lambda: "9" in following.runs and len(following.seen[broke]) == 2)
    assert following.seen["9"][-1]["past"]["results"] == ["passed", "passed", "failed", "failed"]
    with follower(nights, "--watch", "poll", "--interval", "0.1") as following:
        wait_until(lambda: len(following.runs) == 17)
        append(path, "RUNNING again", START + DAY * 6)
        wait_until(lambda: following.states()["9"] == "RUNNING")
        write_run(nights / "test_runs" / "10", "RUNNING x", start=START + DAY * 5)
        wait_until(lambda: "10" in following.runs)
        # The new one may have been seen before its status file was.
        others = {one: len(seen) for one, seen in following.seen.items() if one not in {"9", "10"}}
        assert set(others.values()) == {1}
        assert len(others) == 16
