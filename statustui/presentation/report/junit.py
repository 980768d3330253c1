"""A report as JUnit XML, as Jenkins' xunit plugin and other CI services read it.

The elements and attributes are those of ``junit-10.xsd`` of that plugin.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from statustui.core.categories import Category
from statustui.core.comparison import MEANINGS, Pair, failure_of, in_one_line
from statustui.core.order import suite
from statustui.core.past import outcome
from statustui.core.run import Run
from statustui.core.text import clean_lines, format_iso
from statustui.core.work_times import seconds_at_work
from statustui.presentation.comparison import place_of
from statustui.presentation.report.report import Report

_TAGS = {Category.PASSED: "passed", Category.FAILED: "failure", Category.ERROR: "error"}
"""How a result is told; what is no result is told as ``skipped``."""


def render(report: Report) -> str:
    """Return the XML, in ASCII: a test case for each test, by its last result.

    Tests that were cancelled or skipped, or are under way, count as skipped.
    """
    said = _remarks(report)
    pairs = [pair for pair in report.comparison.pairs if pair.run or pair.idle]
    totals = {name: count for name, count in _counts(pairs).items() if name != "skipped"}
    suites = ET.Element("testsuites", {"name": "statustui", **totals})
    for (_root, _system, name), same in groupby(sorted(pairs, key=_suite_key), _suite_key):
        inside = list(same)
        system = inside[0].name.system
        one = ET.SubElement(
            suites,
            "testsuite",
            {"name": _text(f"{name} on {system}" if system else name), **_counts(inside)},
            timestamp=f"{report.generated:%Y-%m-%dT%H:%M:%S}",
        )
        for pair in inside:
            _add_case(one, _text(name), pair, report, said)
        left = sum(pair.run is not None and pair.run.path in report.unquoted for pair in inside)
        if left:
            ET.SubElement(
                one, "system-out"
            ).text = (
                f"The ends of the logs of {left} of these failures are left out: there are so many."
            )
    ET.indent(suites)
    data: bytes = ET.tostring(suites, encoding="us-ascii", xml_declaration=True)
    return f"{data.decode()}\n"


def _text(text: str) -> str:
    """Return text that XML 1.0 allows: characters that it does not allow become escapes."""
    return "\n".join(clean_lines(text))


def _suite_key(pair: Pair) -> tuple[str, str, str]:
    """Return root, system and suite of a test; in a plain tree the suite is the folder."""
    run, name = pair.run or pair.idle, pair.name
    folder = os.path.dirname(name.name) or os.path.basename(os.path.abspath(name.root))
    is_named = run is not None and run.kind != "plain" and suite(run)
    return name.root, name.system, suite(run) if run and is_named else folder


def _counts(pairs: Sequence[Pair]) -> dict[str, str]:
    """Return the numbers of test cases, and their time in seconds, as attributes."""
    tags = Counter(_tag(pair.run) for pair in pairs)
    seconds = sum((pair.run and seconds_at_work(pair.run)) or 0.0 for pair in pairs)
    return {
        "tests": str(tags.total()),
        "failures": str(tags["failure"]),
        "errors": str(tags["error"]),
        "skipped": str(tags["skipped"]),
        "time": f"{seconds:.3f}",
    }


def _tag(run: Run | None) -> str:
    result = None if run is None else outcome(run)
    return "skipped" if result is None else _TAGS[result]


def _remarks(report: Report) -> Mapping[str, list[str]]:
    """Return path of a run -> what the comparison says about it."""
    said: dict[str, list[str]] = {}
    for name, items in report.comparison.lists.items():
        for item in items:
            if item.run is not None and item.base is not None:
                cause = f": {item.cause}" if name in {"slower", "faster", "fixed"} else ""
                remark = f"{MEANINGS[name]}{cause} (compared with {place_of(item.base)})"
                said.setdefault(item.run.path, []).append(remark)
    return said


def _add_case(
    parent: ET.Element, classname: str, pair: Pair, report: Report, said: Mapping[str, list[str]]
) -> None:
    case = ET.SubElement(parent, "testcase", name=_text(pair.name.name), classname=classname)
    run, idle = pair.run, pair.idle
    if run is None:
        if idle is not None:
            ET.SubElement(
                case, "skipped", message=_text(in_one_line(idle.current.state, idle.headline))
            )
        return
    seconds = seconds_at_work(run)
    if seconds is not None:
        case.set("time", f"{seconds:.3f}")
    started = format_iso(run.started)
    words = [run.path, *([f"started {started}"] if started else []), *said.get(run.path, ())]
    if outcome(run) is Category.PASSED:
        ET.SubElement(case, "system-out").text = _text("\n".join(words))
        return
    state = "" if run.problem is None else run.problem.state
    failure = ET.SubElement(case, _tag(run), type=_text(state), message=_text(failure_of(run)))
    failure.text = _text("\n".join([*words, *_explanation(run, report)]))


def _explanation(run: Run, report: Report) -> list[str]:
    """Return the whole note of a failure, and the end of the log that explains it."""
    note = [] if run.problem is None else ["", run.problem.note]
    tail = report.tails.get(run.path)
    if tail is not None:
        return [*note, "", f"end of {tail.log.path}:", *tail.lines]
    return [*note, "", "end of the log: left out"] if run.path in report.unquoted else note
