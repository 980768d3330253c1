"""`statustui report` and `wait --report`, through the command line, in this process."""

from __future__ import annotations

import json
import os
from pathlib import Path

from statustui.presentation.report.formats import FORMATS
from tests.cli.test_compare import FAILED, PASSED, add_run, run, two_nights
from tests.trees import write_run


def test_a_report_tells_what_is_new_with_the_log_that_explains_it(tmp_path: Path) -> None:
    """In each format; exit status 0 whatever has failed."""
    paths = two_nights(tmp_path)
    log = Path(paths["suite.broke"]) / "run.log"
    log.write_text("step 1\nresidual is NaN\n", encoding="utf-8")
    nights = ("-F", "age<12h", "--base", "age>12h age<36h")
    written = {form: run("report", tmp_path, *nights, "--format", form).stdout for form in FORMATS}
    first = "9 names: 2 new failures, 1 still failing, 1 fixed"
    for form in ("html", "md"):
        assert first in written[form]
    for form in ("html", "md", "junit", "json"):
        assert "residual is NaN" in written[form]
        assert "age&lt;12h" in written["html"]
    assert 'name="suite.broke" classname="suite"' in written["junit"]
    assert written["csv"].splitlines()[1].startswith("new,suite.broke,failed,COMPLETE,FAIL,")
    assert 'statustui_tests{roots="' in written["prom"]
    answer = json.loads(written["json"])
    assert (answer["filter"], answer["base_filter"]) == nights[1::2]
    assert [item["name"] for item in answer["new"]] == ["suite.broke", "suite.worse"]
    assert run("report", tmp_path, *nights).stdout.startswith("# Report on ")


def test_odd_times_logs_and_results_are_told_for_what_they_are(tmp_path: Path) -> None:
    """A log that is one line is cut; a clock set back, NaN and nested lists are no measures."""
    nested = "[" * 10_000 + "]" * 10_000
    odd = [
        '{"result": "PASS", "a": NaN, "b": 1e400, "c": -Infinity}',
        nested,
        f'{{"result": "PASS", "a": 1{"0" * 5000}, "b": {nested}}}',
    ]
    for night in range(2):
        for number, results in enumerate(odd):
            path = add_run(tmp_path, 10 * night + number, f"odd{number}", days=1 - night)
            (path / "results.json").write_text(results, encoding="utf-8")
        add_run(tmp_path, 10 * night + 5, "back", seconds=60 - 600 * night, days=1 - night)
        path = add_run(tmp_path, 10 * night + 6, "n" * 10_000, FAILED, days=1 - night)
        (path / "run.log").write_bytes(b"x" * 500_000)
    for form in FORMATS:
        assert len(run("report", tmp_path, "--format", form).stdout) < 120_000, form
    written = run("report", tmp_path, "--format", "junit").stdout
    assert "x" * 1900 + "x" * 50 in written
    assert "x" * 2100 not in written
    words = run("compare", tmp_path).stdout
    assert words.startswith("Nothing has changed in 5 names: 4 passed as before, 1 still failing")


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A reader of the file keeps what it has; permissions stay, and nothing else is left."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    add_run(tree, 1, "a", FAILED)
    out.mkdir()
    page = out / "night.html"
    page.write_text("as before", encoding="utf-8")
    page.chmod(0o640)
    link = out / "latest.html"
    link.symlink_to(page.name)
    with page.open(encoding="utf-8") as reader:
        run("report", tree, "-o", link)
        assert reader.read() == "as before"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert page.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(out)) == ["latest.html", "night.html"]
    run("report", tree, "-o", out / "ci.xml")
    assert (out / "ci.xml").read_text(encoding="utf-8").startswith("<?xml")
    run("report", tree, "-o", out / "as.txt", "--format", "csv")
    assert (out / "as.txt").read_text(encoding="utf-8").startswith("change,")


def test_nothing_is_written_into_a_run_or_where_there_is_no_directory(tmp_path: Path) -> None:
    """Exit status 2, with the reason; beside runs it may be written, since that was asked for."""
    path = add_run(tmp_path, 1, "a")
    before = sorted(os.listdir(path))
    plain = write_run(tmp_path / "plain" / "b", PASSED)
    for target, said in (
        (path / "status", "inside a run"),
        (path / "x.html", "inside a run"),
        (plain / "x.html", "inside a run"),
        (tmp_path / "none" / "x.html", "no such directory"),
        (tmp_path, "Is a directory"),
    ):
        done = run("report", tmp_path, "-o", target, "--format", "html", status=2)
        assert said in done.stderr
        assert "statustui: " in done.stderr
    link = tmp_path / "latest.html"
    for inside in ("status", "new.html"):
        link.unlink(missing_ok=True)
        link.symlink_to(path / inside)
        assert "inside a run" in run("report", tmp_path, "-o", link, status=2).stderr
    link.unlink()
    assert sorted(os.listdir(path)) == before
    run("report", tmp_path, "-o", tmp_path / "test_runs" / "x.html")
    assert sorted(os.listdir(tmp_path / "test_runs")) == ["1", "x.html"]


def test_parts_that_cannot_be_read_are_in_the_report(tmp_path: Path) -> None:
    """And on standard error, with exit status 2."""
    add_run(tmp_path / "here", 1, "a", FAILED)
    gone = tmp_path / "gone"
    done = run("report", tmp_path / "here", gone, "--format", "json", status=2)
    answer = json.loads(done.stdout)
    assert answer["incomplete"] == [{"path": str(gone), "error": "No such file or directory"}]
    assert [item["name"] for item in answer["new"]] == ["a"]
    assert f"statustui: {gone}: No such file" in done.stderr


def test_wait_writes_a_report_at_the_end(tmp_path: Path) -> None:
    """On the runs that were waited for, compared with those before; also after a timeout."""
    tree = tmp_path / "tree"
    add_run(tree, 1, "a", PASSED, days=1)
    add_run(tree, 2, "a", FAILED)
    add_run(tree, 3, "b", "RUNNING on")
    file = tmp_path / "night.json"
    run("wait", tree, "-F", "id=2", "--report", file, status=1)
    answer = json.loads(file.read_text(encoding="utf-8"))
    assert answer["failures"][0]["runs"][0]["past"]["change"] == "broke"
    assert (answer["total"], answer["remark"]) == (1, None)
    assert [(item["name"], item["base"]) for item in answer["new"]] == [
        ("a", str(tree / "test_runs" / "1"))
    ]
    run("wait", tree, "--timeout", "1", "--report", file, status=124)
    answer = json.loads(file.read_text(encoding="utf-8"))
    assert (answer["total"], answer["remark"]) == (3, "1 of 3 had not ended")
    refused = run("wait", tree, "--report", tmp_path / "night.txt", status=2)
    assert "none of the endings" in refused.stderr
