"""`statustui compare`, through the command line, in this process."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from statustui.cli.main import cli
from tests.trees import write_run

DAY = 86400.0
PASSED = "COMPLETE The test completed with result: PASS"
FAILED = "COMPLETE The test completed with result: FAIL"


def run(*arguments: str | Path, status: int = 0) -> Result:
    """Run statustui and expect this exit status."""
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == status, done.output
    return done


def add_run(  # noqa: PLR0913 - one argument for each thing that tests differ in
    tree: Path,
    number: int,
    name: str,
    last: str = PASSED,
    *,
    days: float = 0,
    seconds: float = 60,
    **results: float,
) -> Path:
    """Write a run of the test `name` that began `days` ago and was at work for some seconds."""
    begin = time.time() - 3600 - days * DAY + number
    path = write_run(tree / "test_runs" / str(number))
    lines = [(0, "CREATED a"), (1, "RUNNING b"), (1 + seconds, last)]
    text = "".join(f"{begin + delay:.6f} {status}\n" for delay, status in lines)
    (path / "status").write_text(text, encoding="utf-8")
    (path / "attributes").write_text(json.dumps({"name": name}), encoding="utf-8")
    if results:
        (path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return path


def names(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The names in each list that has any."""
    lists = ("new", "still", "fixed", "missing", "added", "slower", "faster")
    return {name: [item["name"] for item in answer[name]] for name in lists if answer[name]}


def two_nights(tree: Path) -> dict[str, str]:
    """Write two nights with a test in each list; names of tests -> paths of their last runs."""
    nights = {
        "suite.broke": (PASSED, FAILED),
        "suite.worse": ("RUN_TIMEOUT silent", FAILED),
        "suite.still": ("RUN_ERROR no space 7", "RUN_ERROR no space 8"),
        "suite.fixed": ("RUN_ERROR no space", PASSED),
        "suite.gone": (PASSED, None),
        "suite.more": (None, PASSED),
        "suite.slow": (PASSED, PASSED),
        "suite.fast": (PASSED, PASSED),
        "suite.same": (PASSED, PASSED),
    }
    paths = {}
    for number, (name, lasts) in enumerate(nights.items()):
        seconds = {"suite.slow": (60, 90), "suite.fast": (60, 40)}.get(name, (60, 62))
        for night, last in enumerate(lasts):
            if last is not None:
                path = add_run(
                    tree, 100 * night + number, name, last, days=1 - night, seconds=seconds[night]
                )
                paths[name] = str(path)
    return paths


def test_this_night_is_compared_with_the_last_one(tmp_path: Path) -> None:
    """Each test is in the lists that tell what became of it; something new is broken: status 1."""
    paths = two_nights(tmp_path)
    nights = ("-F", "age<12h", "--base", "age>12h age<36h")
    answer = json.loads(run("compare", tmp_path, *nights, "--json", status=1).stdout)
    assert names(answer) == {
        "new": ["suite.broke", "suite.worse"],
        "still": ["suite.still"],
        "fixed": ["suite.fixed"],
        "missing": ["suite.gone"],
        "added": ["suite.more"],
        "slower": ["suite.slow"],
        "faster": ["suite.fast"],
    }
    keys = {"new", "still", "fixed", "missing", "added", "slower", "faster"}
    assert set(answer) == keys | {
        "version",
        "roots",
        "generated",
        "incomplete",
        "unfinished",
        "repeated",
    }
    assert answer["new"][0] == {
        "name": "suite.broke",
        "run": paths["suite.broke"],
        "base": str(tmp_path / "test_runs" / "0"),
        "cause": "COMPLETE: The test completed with result: FAIL",
    }
    assert answer["missing"][0]["run"] is None
    assert answer["added"][0]["base"] is None
    assert answer["slower"][0]["cause"] == "1m30s, before 1m00s (+50 %)"
    words = run("compare", tmp_path, *nights, status=1).stdout
    assert words.splitlines()[0] == (
        "9 names: 2 new failures, 1 still failing, 1 fixed, 1 missing, 1 added, 1 slower, 1 faster"
    )
    line = next(line for line in words.splitlines() if "suite.broke" in line)
    assert line.split(maxsplit=3)[:3] == ["F", "suite.broke", "test_runs/100"]
    # A missing test has no result: the sign of its base would be that of one.
    line = next(line for line in words.splitlines() if "suite.gone" in line)
    assert line.split(maxsplit=2)[:2] == ["-", "suite.gone"]
    ticket = run("compare", tmp_path, *nights, "--format", "md", status=1).stdout
    assert (
        "## New failures\n\n| test | run | cause |\n| --- | --- | --- |\n| suite.broke |" in ticket
    )


def test_a_quiet_night_is_one_line(tmp_path: Path) -> None:
    """What is still broken is no change, and neither is what is under way."""
    for night in range(2):
        add_run(tmp_path, 10 * night, "a", PASSED, days=1 - night)
        add_run(tmp_path, 10 * night + 1, "b", FAILED, days=1 - night)
    add_run(tmp_path, 30, "c", "RUNNING on")
    for form in ("table", "md"):
        words = run("compare", tmp_path, "--format", form).stdout
        assert "Nothing has changed in 3 names: 1 passed as before, 1 still failing (b)" in words
        assert "1 under way" in words
        assert words.count("\n") == 1
    answer = json.loads(run("compare", tmp_path, "--json").stdout)
    assert names(answer) == {"still": ["b"]}
    assert [item["name"] for item in answer["unfinished"]] == ["c"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("compare", empty).stdout == "Nothing to compare: there is no run\n"


def test_by_default_each_last_result_is_compared_with_the_one_before(tmp_path: Path) -> None:
    """By their starts: an id that was used again does not come first."""
    old = add_run(tmp_path, 9, "a", FAILED, days=3)
    former = add_run(tmp_path, 7, "a", PASSED, days=2)
    last = add_run(tmp_path, 8, "a", FAILED, days=1)
    [item] = json.loads(run("compare", tmp_path, "--json", status=1).stdout)["new"]
    assert (item["run"], item["base"]) == (str(last), str(former))
    answer = json.loads(run("compare", tmp_path, "--json", "-F", f"id={former.name}").stdout)
    assert [(one["run"], one["base"]) for one in answer["fixed"]] == [(str(former), str(old))]


def test_runs_that_were_cleaned_away_are_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the cache, which says that there is nothing to open; not without it."""
    monkeypatch.setattr("statustui.monitor.outlined_run.is_racy", lambda _signature: False)
    for number in range(30):
        add_run(tmp_path, number, f"t{number}", PASSED if number else "RUN_ERROR x", days=1)
        add_run(tmp_path, 100 + number, f"t{number}", FAILED if number == 1 else PASSED)
    before = run("compare", tmp_path, "--json", status=1)
    for number in range(30):
        shutil.rmtree(tmp_path / "test_runs" / str(number))
    answer = json.loads(run("compare", tmp_path, "--json", status=1).stdout)
    assert names(answer) == names(json.loads(before.stdout)) == {"new": ["t1"], "fixed": ["t0"]}
    [new] = answer["new"]
    assert new["base"] is None
    assert new["base_cleaned"] == str(tmp_path / "test_runs" / "1")
    nights = ("-F", "age<12h", "--base", "age>12h", "--json")
    assert names(json.loads(run("compare", tmp_path, *nights, status=1).stdout)) == names(answer)
    shutil.rmtree(tmp_path / "test_runs" / "129")
    others = ("-F", "age<12h", "--base", "age>12h")
    missing = run("compare", tmp_path, *others, status=1).stdout
    assert "test_runs/29, cleaned away" in missing
    report = run("report", tmp_path, "--format", "csv", *others).stdout
    assert f"{tmp_path}/test_runs/29, cleaned away" in report
    listed = json.loads(run("list", tmp_path, "--json", "-F", "broke").stdout)
    [broke] = listed["runs"]
    assert broke["past"]["last_passed"]["cleaned"] is True
    assert "cleaned" not in broke["past"]["failing_since"]
    words = run("compare", tmp_path, "--no-cache", status=1).stdout
    assert "Nothing to compare with" in words


def test_of_several_runs_of_a_name_the_last_counts_and_that_is_said(tmp_path: Path) -> None:
    """In words and in JSON."""
    add_run(tmp_path, 1, "a", PASSED, days=2)
    add_run(tmp_path, 2, "a", FAILED)
    add_run(tmp_path, 3, "a", PASSED)
    nights = ("-F", "age<12h", "--base", "age>12h")
    words = run("compare", tmp_path, *nights).stdout
    assert words == (
        "Nothing has changed in 1 name: 1 passed as before; "
        "1 name with several results, of which the last counts\n"
    )
    answer = json.loads(run("compare", tmp_path, *nights, "--json").stdout)
    assert answer["repeated"] == [{"name": "a", "runs": 2, "base_runs": 1}]


def test_a_run_is_not_its_own_base(tmp_path: Path) -> None:
    """Where both filters match it, it is compared with the others that the second one matches."""
    former = add_run(tmp_path, 1, "a", PASSED, days=1)
    last = add_run(tmp_path, 2, "a", FAILED)
    nights = ("-F", "age<12h", "--base", "age<36h")
    [item] = json.loads(run("compare", tmp_path, *nights, "--json", status=1).stdout)["new"]
    assert (item["run"], item["base"]) == (str(last), str(former))


def test_two_trees_are_compared_by_name(tmp_path: Path) -> None:
    """The filter holds for both, unless there is one for the base."""
    here, there = tmp_path / "here", tmp_path / "there"
    for tree, last in ((here, "RUN_ERROR x"), (there, PASSED)):
        write_run(tree / "deep" / "a", last)
        write_run(tree / "b", PASSED)
    answer = json.loads(run("compare", here, "--with", there, "--json", status=1).stdout)
    assert names(answer) == {"new": ["deep/a"]}
    assert answer["new"][0]["base"] == str(there / "deep" / "a")
    assert answer["roots"] == [str(here), str(there)]
    assert "1 passed as before" in run("compare", here, "--with", there, "-F", "name=b").stdout
    only = run("compare", here, "--with", there, "-F", "name=b", "--base", "name=deep*", "--json")
    assert names(json.loads(only.stdout)) == {"missing": ["deep/a"], "added": ["b"]}


def test_the_roots_are_those_of_the_configuration(tmp_path: Path) -> None:
    """Unless some are given; two trees are compared only one with one."""
    trees = [tmp_path / "one", tmp_path / "two"]
    for tree in trees:
        add_run(tree, 1, "a", PASSED, days=1)
        add_run(tree, 2, "a", FAILED)
    config = tmp_path / "config.toml"
    config.write_text(f"roots = {json.dumps([*map(str, trees)])}", encoding="utf-8")
    answer = json.loads(run("compare", "--config", config, "--json", status=1).stdout)
    assert answer["roots"] == [*map(str, trees)]
    assert names(answer) == {"new": ["a", "a"]}
    answer = json.loads(run("compare", "--config", config, trees[1], "--json", status=1).stdout)
    assert answer["roots"] == [str(trees[1])]
    refused = run("compare", "--config", config, "--with", trees[0], status=2)
    assert "--with" in refused.stderr


def test_results_are_slower_beyond_the_tolerance_and_what_is_usual(tmp_path: Path) -> None:
    """The name of a value tells which way is better; values that always vary are no news."""
    usual = {
        "steady": [100, 100, 100, 60],
        "noisy": [100, 55, 95, 60],
        "little": [100, 100, 100, 90],
    }
    number = 0
    for name, values in usual.items():
        for day, value in enumerate(values):
            number += 1
            cost = 10.0 * value / 100
            add_run(
                tmp_path, number, name, days=4 - day, bandwidth=value, latency_us=cost, nodes=day
            )
    answer = json.loads(run("compare", tmp_path, "--json").stdout)
    assert names(answer) == {"slower": ["steady"], "faster": ["steady"]}
    assert answer["slower"][0]["cause"] == "bandwidth 60, before 100 (-40 %)"
    assert answer["faster"][0]["cause"] == "latency_us 6, before 10 (-40 %)"
    strict = json.loads(run("compare", tmp_path, "--json", "--tolerance", "5 %").stdout)
    assert names(strict)["slower"] == ["little", "steady"]
    assert names(json.loads(run("compare", tmp_path, "--json", "--tolerance", "41").stdout)) == {}


def test_text_of_the_tree_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    """In no format."""
    evil = "\x1b[2J\u202e<b>|x|`y`"
    add_run(tmp_path, 1, evil, PASSED, days=1)
    add_run(tmp_path, 2, evil, f"RUN_ERROR {evil}")
    for form in ("table", "md", "json"):
        words = run("compare", tmp_path, "--format", form, status=1).stdout
        assert not set("\x1b\u202e") & set(words)
    assert "`` \\x1b[2J" in run("compare", tmp_path, "--format", "md", status=1).stdout


def test_what_cannot_be_read_is_told_after_what_can(tmp_path: Path) -> None:
    """With exit status 2; so are mistakes, each with a line that names it."""
    add_run(tmp_path / "here", 1, "a", FAILED)
    done = run("compare", tmp_path / "here", "--with", tmp_path / "gone", status=2)
    assert "COMPLETE: The test completed with result: FAIL" in done.stdout
    assert f"statustui: {tmp_path / 'gone'}: No such file or directory" in done.stderr
    for options, said in (
        (("--base", "name="), "'--base'"),
        (("--tolerance", "much"), "much:"),
        (("--interval", "3"), "have no effect here"),
    ):
        assert said in run("compare", tmp_path, *options, status=2).stderr


@pytest.mark.parametrize("given", ["20", "20%", " 20 % "])
def test_a_tolerance_is_given_in_percent(tmp_path: Path, given: str) -> None:
    """With or without the sign."""
    for number, seconds in ((1, 100), (2, 119)):
        add_run(tmp_path, number, "a", seconds=seconds, days=3 - number)
    assert run("compare", tmp_path, "--tolerance", given).stdout.startswith("Nothing has changed")


@pytest.mark.slow
def test_the_nights_of_the_demo_show_every_list(tmp_path: Path) -> None:
    """Tests break, stay broken, are mended, come, go and become slower."""
    tree = tmp_path / "nights"
    run("demo", tree, "--nights", "7", "--once")
    nights = ("-F", "age<24h", "--base", "age>24h age<48h")
    answer = json.loads(run("compare", tree, *nights, "--json", status=1).stdout)
    assert set(names(answer)) >= {"new", "still", "fixed", "missing", "added", "slower"}
    assert not answer["unfinished"]
    assert not answer["repeated"]
