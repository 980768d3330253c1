"""Reports: what they say, and that hostile text stays text in each format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from statustui.core.comparison import compare, with_one_before
from statustui.core.logs import Log, LogTail
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.text import clean
from statustui.presentation.report.formats import FORMATS, format_of, render
from statustui.presentation.report.report import MAX_CAUSES, MAX_ROWS, Report
from statustui.presentation.run_object import JSON_VERSION
from tests.runs import make

if TYPE_CHECKING:
    from xmlschema import XMLSchema

SCHEMA = Path(__file__).parent.parent / "data" / "junit-10.xsd"
"""The schema of Jenkins' xunit plugin."""
GENERATED = datetime(2026, 11, 26, 6, 30, tzinfo=timezone.utc)
PASSED = "COMPLETE The test completed with result: PASS"
FAILED = "COMPLETE The test completed with result: FAIL"

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "]]> &amp; &#0; </pre></td>",
    '=HYPERLINK("http://evil")',
    "@SUM(1)",
    "a|b ![x](http://evil) [y](javascript:z) http://evil www.evil.com me@evil.com",
    "``` ````` ~~~ `",
    "\\|<b>x</b>|",
    "{{ 7 * 7 }} {% raw %}",
    "\x00\x07\x1b[2J\x85\ufffe\U000e0001",
    "\u202eevil\u2066",
    "\udc80\ud800",
    "# heading\n- list\n| a |\n\n<b>",
    'label"} 1\nfake 2',
    "\r\n\t ",
]
TEXT = st.text(st.characters(), min_size=1, max_size=40)


def any_text(check: Callable[[str], None]) -> Callable[[], None]:
    """Have a test check each of `HOSTILE`, and whatever else is thought of."""
    for text in HOSTILE:
        check = example(text)(check)
    checked: Callable[[], None] = given(TEXT)(check)
    return checked


def report_on(known: list[Run], tails: dict[str, LogTail] | None = None) -> Report:
    """A report on runs, each name's last result compared with the one before."""
    return Report(
        roots=["r"],
        generated=GENERATED,
        runs=known,
        comparison=compare(with_one_before(known, known)),
        tails=tails or {},
    )


def usual_report() -> Report:
    """A report with something in most of its parts."""
    known = [
        make("r/test_runs/1", "RUNNING on", PASSED, name="osu.bw"),
        make("r/test_runs/2", "RUNNING on", "RUN_TIMEOUT silent for 9 s", name="osu.bw", start=5e3),
        make("r/test_runs/3", "BUILD_ERROR no gcc", name="osu.lat"),
        make("r/test_runs/4", "BUILD_ERROR no gcc", name="osu.lat", start=5e3),
        make("r/test_runs/5", FAILED, name="io.ior"),
        make("r/test_runs/6", PASSED, name="io.ior", start=5e3),
        make("r/test_runs/7", "SKIPPED not here", name="io.gpu"),
        make("r/test_runs/8", "RUNNING on", name="io.new"),
    ]
    log = Log("run", "r/test_runs/2/run.log")
    return report_on(known, {"r/test_runs/2": LogTail(log, ("step 1", "it hangs"), (1, 2, 3, 4))})


def hostile_report(text: str) -> Report:
    """A report that has `text` in every place where text of a tree can be."""
    broken = make("r/test_runs/2", "RUN_ERROR x", name=text, start=5e3)
    problem = StatusInfo.read("RUN_ERROR", text, 5e3)
    broken = broken._replace(path=f"r/{text}", problem=problem, current=problem)
    known = [make("r/test_runs/1", PASSED, name=text), broken]
    lines = tuple(map(clean, text.split("\n")))
    tail = LogTail(Log("run", f"r/{text}.log"), lines, (1, 2, 3, 4))
    report = report_on(known, {broken.path: tail})
    return Report(
        roots=[text],
        generated=GENERATED,
        runs=known,
        comparison=report.comparison,
        expression=text,
        base=text,
        tails=report.tails,
        incomplete=[(text, text)],
        remark=text,
    )


class Page(HTMLParser):
    """The elements, attributes and text of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self.attributes.update(name for name, _value in attrs)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text of the page."""
        return "".join(self.words)


@cache
def usual_page() -> Page:
    """The page of `usual_report`."""
    return Page(render(usual_report(), "html"))


@cache
def schema() -> XMLSchema:
    """The schema that JUnit XML is checked by."""
    import xmlschema  # noqa: PLC0415 - half a second in each process that collects the tests

    return xmlschema.XMLSchema(str(SCHEMA))


def everywhere(text: str) -> tuple[str, ...]:
    """The lines of a text as they are shown, and the text as one line."""
    return (*(clean(line).strip() for line in text.split("\n")), clean(text).strip())


@any_text
def test_text_stays_text_in_html(text: str) -> None:
    """It adds neither elements nor attributes, and is shown as it is."""
    written = render(hostile_report(text), "html")
    page = Page(written)
    assert page.tags <= usual_page().tags | {"code"}
    assert page.attributes <= usual_page().attributes
    assert all(words in page.text for words in everywhere(text))
    assert written.isascii()


def test_the_page_brings_everything_along() -> None:
    """No script, and nothing from outside; dark and light, and on paper."""
    written = render(usual_report(), "html")
    page = usual_page()
    assert not page.tags & {"script", "link", "img", "iframe", "object", "a", "base"}
    assert not page.attributes & {"src", "href", "srcset", "style"}
    assert not re.search(r"url\(|@import|https?:", written)
    assert "default-src 'none'" in written
    assert "prefers-color-scheme: dark" in written
    assert "@media print" in written


@any_text
def test_text_stays_text_in_junit(text: str) -> None:
    """Characters that XML 1.0 does not allow are escapes, and the schema accepts all."""
    written = render(hostile_report(text), "junit")
    schema().validate(written)
    suites = ET.fromstring(written)  # noqa: S314 - it is our own
    [case] = suites.iter("testcase")
    assert case.get("name") == "\n".join(map(clean, text.split("\n")))
    [error] = case
    assert all(words in (error.text or "") for words in everywhere(text)[:-1])
    assert written.isascii()


@any_text
def test_text_stays_text_in_markdown(text: str) -> None:
    """Rendered as GitHub does it, there is no markup in it, and no link."""
    written = render(hostile_report(text), "md")
    page = Page(MarkdownIt("gfm-like").render(written))
    tags = {"h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}
    assert page.tags <= tags | {"strong"}
    assert not page.attributes - {"class"}
    words = " ".join(page.text.replace("\\ |", "\\|").split())
    assert all(" ".join(one.split()) in words for one in everywhere(text))


@any_text
def test_text_stays_text_in_csv(text: str) -> None:
    """One line for a test, and no cell is a formula."""
    heading, *rows = csv.reader(io.StringIO(render(hostile_report(text), "csv")))
    assert len(rows) == 1
    [row] = [dict(zip(heading, row, strict=True)) for row in rows]
    assert row["change"] == "new"
    assert row["name"].removeprefix("'") == clean(text).strip().removeprefix("'")
    assert not any(cell.startswith(("=", "@")) for cell in row.values())


@any_text
def test_text_stays_text_in_metrics(text: str) -> None:
    """It is the value of a label, whatever is in it; samples have no time."""
    written = render(hostile_report(text), "prom")
    families = list(text_string_to_metric_families(written))
    [failed] = [family for family in families if family.name == "statustui_test_failed"]
    [sample] = failed.samples
    assert sample.labels["test"] == clean(text)
    assert all(sample.timestamp is None for family in families for sample in family.samples)


@any_text
def test_text_stays_text_in_json(text: str) -> None:
    """In ASCII, and as it was."""
    written = render(hostile_report(text), "json")
    assert written.isascii()
    [item] = json.loads(written)["new"]
    assert item["name"] == text


def test_junit_tells_each_test_by_its_last_result() -> None:
    """What is no result counts as skipped; a failure has its note and the end of its log."""
    written = render(usual_report(), "junit")
    schema().validate(written)
    suites = ET.fromstring(written)  # noqa: S314 - it is our own
    totals = {"name": "statustui", "tests": "5", "failures": "1", "errors": "1", "time": "1.000"}
    assert suites.attrib == totals
    assert [suite.get("name") for suite in suites] == ["io", "osu"]
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert {name: [inside.tag for inside in case] for name, case in cases.items()} == {
        "io.gpu": ["skipped"],
        "io.ior": ["system-out"],
        "io.new": ["skipped"],
        "osu.bw": ["failure"],
        "osu.lat": ["error"],
    }
    failure = cases["osu.bw"][0]
    assert failure.get("message") == "RUN_TIMEOUT: silent for 9 s"
    assert failure.get("type") == "RUN_TIMEOUT"
    words = failure.text or ""
    assert words.endswith("silent for 9 s\n\nend of r/test_runs/2/run.log:\nstep 1\nit hangs")
    assert "new failures (compared with r/test_runs/1)" in words
    assert "fixed: COMPLETE" in (cases["io.ior"][0].text or "")


def test_tests_of_a_plain_tree_are_in_the_suite_of_their_folder() -> None:
    """Their names are paths."""
    runs = [
        make(f"r/{path}", PASSED, name=path, kind="plain") for path in ("a/b/c.1", "a/b/d", "e")
    ]
    suites = ET.fromstring(render(report_on(runs), "junit"))  # noqa: S314 - it is our own
    assert {suite.get("name"): len(suite) for suite in suites} == {"a/b": 2, "r": 1}
    timeless = report_on([runs[0]._replace(started=None)])
    assert "started" in render(report_on(runs), "junit")
    assert "started" not in render(timeless, "junit")


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_report_begins_with_what_is_new_and_ends_with_the_slowest(form: str) -> None:
    """Between them are the failures by cause, each with its runs and the end of its log."""
    written = render(usual_report(), form)
    headings = re.findall(r"^(?:#+|<h\d[^>]*>) *(.*?)(?:</h\d>)?$", written, re.MULTILINE)
    first = "5 names: 1 new failure, 1 still failing, 1 fixed; 1 under way"
    titles = ["Report on r", "Failures by cause"] if form == "md" else [first, "Failures by cause"]
    cross = "\N{MULTIPLICATION SIGN}" if form == "md" else "&#215;"
    assert headings == [
        titles[0],
        "New failures (1)",
        "Still failing (1)",
        "Fixed (1)",
        "Under way (1)",
        titles[1],
        f"1 {cross} BUILD_ERROR: no gcc",
        f"1 {cross} "
        + ("`RUN_TIMEOUT: silent for # s`" if form == "md" else "RUN_TIMEOUT: silent for # s"),
        "Slowest",
    ]
    assert first in written
    assert "step 1\nit hangs" in written
    assert "8 runs: 2 error" in written or form == "html"


def test_a_report_names_what_it_leaves_out() -> None:
    """Long lists are cut where people read them, and nowhere else."""
    known = [
        make(f"r/test_runs/{number}", "RUN_ERROR x", name=f"t.{number}", start=start)
        for start in (1e3, 5e3)
        for number in range(int(start), int(start) + MAX_ROWS + 3)
    ]
    known = [
        run._replace(metadata=run.metadata._replace(name=f"t.{int(run.id) % 1000}"))
        for run in known
    ]
    report = report_on(known)
    for form in ("md", "html"):
        assert render(report, form).count("and 3 more") == 2
    assert len(json.loads(render(report, "json"))["still"]) == MAX_ROWS + 3


def test_a_report_says_how_many_causes_it_leaves_out() -> None:
    """Where people read them; scripts get all."""
    letters = "abcdefghijk"
    causes = [f"{one * 3} {other * 3}" for one in letters for other in letters]
    report = report_on(
        [make(f"r/{n}", f"RUN_ERROR {why}", name=f"t.{n}") for n, why in enumerate(causes)]
    )
    left = len(causes) - MAX_CAUSES
    for form in ("md", "html"):
        assert f"and {left} more causes of {len(causes)}" in render(report, form)
    answer = json.loads(render(report, "json"))
    assert (len(answer["failures"]), answer["logs_left_out"]) == (len(causes), 0)


def test_a_report_says_which_logs_it_leaves_out() -> None:
    """Of each failure in JUnit and JSON, where a script reads them; of each cause to people."""
    known = [make(f"r/{n}", "RUN_ERROR x", name=f"t.{n}") for n in range(4)]
    log = LogTail(Log("run", "r/0/run.log"), ("it hangs",), (1, 2, 3, 4))
    report = replace(report_on(known, {"r/0": log}), unquoted={"r/2", "r/3"})
    written = render(report, "junit")
    schema().validate(written)
    failures = list(ET.fromstring(written).iter("error"))  # noqa: S314 - it is our own
    assert ["left out" in (failure.text or "") for failure in failures] == [False] * 2 + [True] * 2
    assert "<system-out>The ends of the logs of 2 of these failures are left out" in written
    for form in ("md", "html"):
        assert "The ends of the logs of 2 of these runs are left out." in render(report, form)
        assert "left out" not in render(report_on(known), form)
    answer = json.loads(render(report, "json"))
    [cause] = answer["failures"]
    assert [one["log_left_out"] for one in cause["runs"]].count(True) == 2
    assert answer["logs_left_out"] == 2
    assert "left out" not in render(report_on(known), "junit")


def test_the_json_of_a_report_has_the_documented_keys() -> None:
    """Those of a comparison, and what only a report has."""
    answer = json.loads(render(usual_report(), "json"))
    assert {
        name: [item["name"] for item in answer[name]] for name in ("new", "still", "fixed")
    } == {
        "new": ["osu.bw"],
        "still": ["osu.lat"],
        "fixed": ["io.ior"],
    }
    [timeout] = [one for one in answer["failures"] if one["cause"].startswith("RUN_TIMEOUT")]
    assert timeout["runs"][0]["log"]["lines"] == ["step 1", "it hangs"]
    assert answer["slowest"] == [{"name": "osu.bw", "run": "r/test_runs/2", "seconds": 1.0}]
    assert answer["total"] == 8
    assert answer["version"] == JSON_VERSION


def test_metrics_count_runs_and_tests() -> None:
    """Each series has its own labels, or the collector would refuse the file."""
    families = {
        family.name: family.samples
        for family in text_string_to_metric_families(render(usual_report(), "prom"))
    }
    tests = {one.labels["change"]: one.value for one in families["statustui_tests"]}
    assert (tests["new"], tests["still"], tests["slower"]) == (1, 1, 0)
    samples = [sample for family in families.values() for sample in family]
    keys = [(one.name, *sorted(one.labels.items())) for one in samples]
    assert len(keys) == len(set(keys))
    assert families["statustui_report_time_seconds"][0].value == GENERATED.timestamp()


def test_the_ending_of_a_file_tells_its_format() -> None:
    """In any case of letters; other endings tell none."""
    assert format_of("out/Night.HTML") == "html"
    assert format_of("results.xml") == "junit"
    assert format_of("x.prom") == "prom"
    assert format_of("x.txt") is format_of("html") is None
    assert len({ending for form in FORMATS.values() for ending in form.endings}) == 8
