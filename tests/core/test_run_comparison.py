"""How two runs differ, against naive recomputations."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.config_values import flatten, format_value, read_config
from statustui.core.log_partings import MAX_PARTINGS, find_hunks, find_partings
from statustui.core.run_comparison import (
    MAX_ROWS,
    LogComparison,
    TimeRow,
    ValueRow,
    attributes_of,
    change_of,
    compare_times,
    compare_values,
    results_of,
)

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=30)
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=2), inner),
    max_leaves=12,
)


@given(LINES, LINES)
def test_what_is_outside_the_hunks_is_the_same_and_the_first_is_where_they_part(
    here: list[str], there: list[str]
) -> None:
    """Each hunk begins with different lines, or at the end of one of the texts."""
    hunks = find_hunks(here, there, 1000)
    one = two = 0
    for hunk in hunks:
        assert here[one : hunk.start_here] == there[two : hunk.start_there]
        assert here[hunk.start_here : hunk.stop_here] != there[hunk.start_there : hunk.stop_there]
        assert here[hunk.start_here :][:1] != there[hunk.start_there :][:1]
        one, two = hunk.stop_here, hunk.stop_there
    assert here[one:] == there[two:]
    common = next(
        (index for index, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]),
        min(len(here), len(there)),
    )
    assert [hunk.start_here for hunk in hunks[:1]] == [common] * (here != there)
    assert find_hunks(here, there, 1) == hunks[:1]
    assert find_hunks(here, here, 5) == []


def test_logs_part_where_more_than_times_numbers_and_paths_differ() -> None:
    """Loops that were run more often make no difference; where they part is said for both."""
    there = """2026-11-23 21:00:01 host cn0117
    MPI ranks: 64
    step 1 of 200
    step 2 of 200
    residual 1.2e-07, data in /scratch/12/out

    wall time 35.1 s
    done""".splitlines()
    here = """2026-11-24 22:10:59 host cn0204
    MPI ranks: 64
    Lmod: gcc was replaced
    step 1 of 200
    residual 3.9e-01, data in /scratch/77/out
    residual above tolerance 1.0e-06
    giving up""".splitlines()
    first, second = find_partings(here, there)
    assert (first.line_here, first.line_there) == (3, 3)
    assert first.before == (here[0], here[1])
    assert (first.here, first.there) == (("    Lmod: gcc was replaced",), ())
    assert (second.line_here, second.line_there) == (6, 7)
    assert second.here == (here[5], here[6])
    assert second.there == (there[6], there[7])
    assert find_partings(there, there) == ()
    assert LogComparison("run log", ()).is_alike
    for differs in (
        LogComparison("run log", (first,)),
        LogComparison("run log", (), missing="here"),
        LogComparison("run log", (), is_cut=True),
    ):
        assert not differs.is_alike
    assert find_partings([], []) == ()
    [gone] = find_partings([], there)
    assert (gone.line_here, gone.line_there, gone.more_there) == (1, 1, 0)


def test_only_a_few_partings_and_lines_are_kept() -> None:
    """The first ones; how many lines more there are is said."""
    here, there = [], []
    for letter in "abcdefghijkl":
        here += [letter * 3, letter * 2, f"here {letter}"]
        there += [letter * 3, letter * 2, f"there {letter}"]
    assert len(find_partings(here, there)) == MAX_PARTINGS
    [long] = find_partings([f"x{letter}" for letter in "abcdefghijkl"], ["end"])
    [wide] = find_partings(["x" * 64_000], ["y" * 64_000])
    assert (wide.here, wide.there) == (("x" * 1000,), ("y" * 1000,))
    assert len(long.here) + long.more_here == 12
    assert long.more_here


@given(JSON)
def test_every_value_has_a_dotted_name(value: object) -> None:
    """Lists of plain values are one value each; nothing is lost."""

    def naive(one: object, way: str) -> dict[str, object]:
        inner: dict[str, object] = {}
        if isinstance(one, dict):
            inner = one
        elif isinstance(one, list) and any(isinstance(item, dict | list) for item in one):
            inner = {str(index): item for index, item in enumerate(one)}
        if not inner:
            return {way: one} if way else {}
        found: dict[str, object] = {}
        for name, item in inner.items():
            found.update(naive(item, f"{way}.{name}" if way else name))
        return found

    assert repr(flatten(value)) == repr(naive(value, ""))


@pytest.mark.parametrize("is_json", [True, False])
def test_a_configuration_is_read_as_either_version_writes_it(*, is_json: bool) -> None:
    """JSON of Pavilion 2.1.1, YAML of 2.4; what is inside other names, and lists."""
    yaml = """run:
  modules: [gcc/12.2, openmpi/4]
  cmds:
  - make
  - make check
  timeout: '300'
  doc: runs it
    for long
# a remark
host: vm
not_if: {}
odd line
"""
    value = {
        "run": {
            "modules": ["gcc/12.2", "openmpi/4"],
            "cmds": ["make", "make check"],
            "timeout": "'300'",
            "doc": "runs it for long",
        },
        "host": "vm",
        "not_if": {} if is_json else "{}",
    }
    found = read_config(json.dumps(value) if is_json else yaml)
    odd = found.pop("not_if.odd line", None) or found.pop("odd line", None)
    assert found == flatten(value)
    assert (odd is None) is is_json
    assert read_config("[1]") == {}


@given(st.lists(st.sampled_from(["more", "a b", "- item", "- c"]), min_size=1, max_size=8))
def test_a_value_goes_on_over_any_number_of_lines(more: list[str]) -> None:
    """Text is joined by spaces; an item of a list takes the place of text before it."""
    expected: str | list[str] = "begun"
    for line in more:
        if line.startswith("- "):
            expected = [*(expected if isinstance(expected, list) else []), line[2:]]
        else:
            expected = f"{format_value(expected)} {line}"
    lines = ["key: begun", *(f"    {line}" for line in more), "last: 1"]
    assert list(read_config("\n".join(lines)).items()) == [("key", expected), ("last", "1")]
    assert read_config("\n".join([*lines, "key: anew"]))["key"] == "anew"


def test_results_are_told_from_attributes_and_what_always_differs_is_left_out() -> None:
    """Where and how a run ran is in several files, which repeat each other."""
    results = flatten(
        {
            "name": "a.b",
            "id": 12,
            "created": 1.5,
            "duration": 20.0,
            "result": "FAIL",
            "job_info": {"pid": 4, "host": "vm1"},
            "sched": {"nodes": "2"},
            "var": {"n": "1"},
            "per_file": {"out": {"gflops": 80}},
        }
    )
    attributes = flatten({"id": 12, "user": "mei", "result": "FAIL", "results": {"id": 12}})
    measured = results_of(results)
    assert set(measured) == {"id", "created", "duration", "result", "per_file.out.gflops"}
    found = attributes_of(results, attributes, {"pid": 4, "host": "vm1"}, {"run.modules": ["gcc"]})
    assert found["run.modules"] == ["gcc"]
    assert found["job_info.host"] == "vm1"
    assert found["sched.nodes"] == "2"
    assert not {"result", "results.id", "duration"} & set(found)
    there = {**measured, "id": 9, "created": 9.0, "duration": 10, "result": "PASS", "new": None}
    compared = compare_values(measured, there)
    assert compared.rows == (
        ValueRow("duration", "20.0", "10", 1.0),
        ValueRow("result", "FAIL", "PASS"),
        ValueRow("new", None, "null"),
    )
    assert compared.alike == 1


def test_of_two_lists_the_items_are_shown_that_the_other_does_not_have() -> None:
    """Such as modules; where only the order differs, all are."""
    [row] = compare_values({"m": ["a", "b"]}, {"m": ["a", "c", "d"]}).rows
    assert (row.here, row.there) == ("b", "c, d")
    [row] = compare_values({"m": ["a", "b"]}, {"m": ["b", "a"]}).rows
    assert (row.here, row.there) == ("a, b", "b, a")
    [row] = compare_values({"m": ["a"]}, {"m": []}).rows
    assert (row.here, row.there) == ("a", "")
    [row] = compare_values({"m": ["a"]}, {"m": 3}).rows
    assert (row.here, row.there) == ("a", "3")


@given(
    st.dictionaries(st.text("xyz", max_size=2), SCALARS),
    st.dictionaries(st.text("xyz", max_size=2), SCALARS),
)
def test_values_either_differ_or_are_alike(
    here: dict[str, object], there: dict[str, object]
) -> None:
    """Every name counts once."""
    compared = compare_values(here, there)
    differing = {
        name
        for name in {*here, *there}
        if (name in here) is not (name in there)
        or format_value(here[name]) != format_value(there[name])
    }
    assert {row.name for row in compared.rows} == differing
    assert compared.alike + len(compared.rows) == len({*here, *there})


def test_very_many_values_are_counted_but_not_kept() -> None:
    """The list of differences has an end."""
    here = {f"n{number}": number for number in range(MAX_ROWS + 7)}
    compared = compare_values(here, {})
    assert (len(compared.rows), compared.left_out) == (MAX_ROWS, 7)


def test_a_value_that_is_nested_too_deeply_is_not_shown() -> None:
    """Nobody writes one by mistake."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    assert format_value(value) == "(nested too deeply)"
    while isinstance(value, list):
        # Taken apart by hand: freeing it at once takes a deep stack.
        [value] = value


def test_changes_are_shares_of_the_other_value() -> None:
    """Of numbers that can be divided; True is not a number here."""
    assert change_of(15, 10) == 0.5
    assert change_of(-5.0, -10) == 0.5
    for here, there in ((1, 0), (None, 1), ("2", 1), (True, 1), (float("nan"), 1), (10**400, 1)):
        assert change_of(here, there) is None


def test_times_are_compared_state_by_state() -> None:
    """In the order of the one run, then what only the other was in; but for moments."""
    rows = compare_times({"A": 20.0, "B": 0.001, "C": 1.0}, {"A": 10.0, "D": 4.0})
    assert rows == [
        TimeRow("A", 20.0, 10.0),
        TimeRow("C", 1.0, None),
        TimeRow("D", None, 4.0),
    ]
    assert [row.change for row in rows] == [1.0, None, None]
