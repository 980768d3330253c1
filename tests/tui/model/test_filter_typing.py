"""Filters that are being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.job import Job, JobStatus
from statustui.core.query import FIELDS, FLAGS, SETS
from statustui.tui.model.filter_typing import FilterHistory, completions, filter_while_typing
from tests.runs import make

RUNS = [
    make("r/1", "RUNNING x", name="osu.bw", user="mia"),
    make("r/2", "RUN_ERROR x", name="a b", user="max"),
    make("r/3", "RUNNING x", name="osu.lat", user='o"x')._replace(
        job=Job("7", "slurm", JobStatus("RUNNING", nodes="cn[1-3]"))
    ),
]


@pytest.mark.parametrize(
    ("typed", "applied"),
    [
        ("", ""),
        ("osu", "osu"),
        ("u", ""),
        ("use", ""),
        ("user", ""),
        ("user=", "user="),
        ("user=m", "user=m*"),
        ("user!=m", "user!=m*"),
        ("user=m*", "user=m*"),
        ("user=mia osu", "user=mia osu"),
        ("osu st", "osu "),
        ("stalled", "stalled"),
        ("(osu|sta", "(osu|"),
        ("!prob", "!"),
        ("age<1", ""),
        ("age<1h", "age<1h"),
        ("osu age>", "osu "),
        ('note="no sp', 'note="no sp'),
        ("has=RUN", "has=RUN*"),
        ("node=cn", "node=cn*"),
        ("nod", ""),
        ("nothing=RUN", "nothing=RUN"),
        ("note~(a st", "note~(a "),
    ],
)
def test_a_half_typed_term_counts_only_as_far_as_it_is_certain(typed: str, applied: str) -> None:
    """A beginning of a field or a flag not yet, a value as a beginning."""
    assert filter_while_typing(typed) == applied


@given(st.text())
def test_what_is_applied_is_what_was_typed_or_a_part_of_it(text: str) -> None:
    """Whatever is typed."""
    applied = filter_while_typing(text)
    assert text.startswith(applied) or applied == f"{text}*"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("us", ["user="]),
        ("osu us", ["osu user="]),
        ("se", ["series="]),
        ("user=m", ["user=max", "user=mia"]),
        ("user=O", ["user=o?x"]),
        ("name=a", ['name="a b"']),
        ("(name=osu.l", ["(name=osu.lat"]),
        ("has=", ["has=RUN_ERROR", "has=RUNNING"]),
        ("no", ["note=", "node="]),
        ("node=", ["node=cn1", "node=cn2", "node=cn3"]),
        ("state=RUN_E", ["state=RUN_ERROR"]),
        ("state=build_c", ["state=BUILD_CREATED"]),
        ("zz", []),
        ("zz=", []),
    ],
)
def test_a_term_is_completed_with_fields_flags_and_values(typed: str, completed: list[str]) -> None:
    """Those of the runs, and all known states; in quotes where they need them."""
    assert completions(typed, RUNS)[:3] == completed


def test_without_a_term_everything_is_offered() -> None:
    """Each field and each flag."""
    offered = set(completions("osu ", RUNS))
    assert {f"osu {name}=" for name in (*FIELDS, *SETS)} <= offered
    assert {f"osu {flag}" for flag in FLAGS} <= offered


def test_filters_are_remembered_once_and_not_without_end() -> None:
    """The last one is at the end; what an earlier session has left may be damaged."""
    history = FilterHistory(["a", "b"])
    for text in ("a", " ", *map(str, range(60)), "a"):
        history.add(text)
    assert len(history.texts) == 50
    assert history.texts[-2:] == ["59", "a"]
    for damaged in (None, 3, {"a": 1}, [1]):
        assert FilterHistory(damaged).texts == []
