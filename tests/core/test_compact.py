"""Named tuples that do not store default values at their ends."""

from __future__ import annotations

import copy
import sys
from typing import NamedTuple

import pytest
from hypothesis import given

from statustui.core.compact import omit_defaults
from statustui.core.run import Run
from tests.remote.values import runs_of


@omit_defaults
class Parcel(NamedTuple):
    """Something with few and with many fields."""

    name: str
    weight: float
    note: str | None = None
    is_fragile: bool = False
    stamps: tuple[int, ...] = ()


def test_default_values_at_the_end_take_no_memory() -> None:
    """However they came to be there, and all others are kept."""
    bare = Parcel("a", 1.5)
    whole = Parcel("a", 1.5, None, True, (3,))
    assert sys.getsizeof(bare) == sys.getsizeof(("a", 1.5)) < sys.getsizeof(whole)
    assert sys.getsizeof(whole._replace(is_fragile=False, stamps=())) == sys.getsizeof(bare)
    assert (whole.note, whole.is_fragile, whole.stamps) == (None, True, (3,))
    assert (bare.note, bare.is_fragile, bare.stamps) == (None, False, ())


def test_equal_values_are_equal_and_have_one_hash() -> None:
    """Whether default values are named, given by position, or left out."""
    same = [
        Parcel("a", 1.5),
        Parcel(name="a", weight=1.5, is_fragile=False),
        Parcel("a", 1.5, None),
        Parcel._make(("a", 1.5, None, False, ())),
        Parcel("a", 1.5, "x")._replace(note=None),
        copy.copy(Parcel("a", 1.5)),
    ]
    assert set(same) == {Parcel("a", 1.5)}
    assert Parcel("a", 1.5, is_fragile=True) not in same


def test_names_that_are_missing_or_unknown_are_refused() -> None:
    """As by any other named tuple."""
    with pytest.raises(TypeError):
        Parcel("a")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Parcel("a", 1.5, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Parcel._make(("a",))
    with pytest.raises(TypeError):
        Parcel._make(("a", 1.5, None, False, (), "more"))
    with pytest.raises(TypeError):
        Parcel("a", 1.5)._replace(colour="red")  # type: ignore[call-arg]


def test_every_field_is_in_the_text_of_it() -> None:
    """And in its dictionary."""
    expected = "Parcel(name='a', weight=1.5, note=None, is_fragile=False, stamps=())"
    assert repr(Parcel("a", 1.5)) == expected
    assert Parcel("a", 1.5)._asdict() == {
        "name": "a",
        "weight": 1.5,
        "note": None,
        "is_fragile": False,
        "stamps": (),
    }


@given(runs_of("wd"))
def test_any_run_is_made_again_of_its_fields(run: Run) -> None:
    """By name and by position."""
    values = run._asdict()
    assert Run(**values) == Run(*values.values()) == run
    assert all(getattr(run, name) == value for name, value in values.items())
