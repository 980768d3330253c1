"""The categories, each defined by one entry."""

from __future__ import annotations

import copy
import pickle

import pytest

from statustui.core import categories
from statustui.core.categories import Category


def test_no_part_of_an_entry_can_be_forgotten() -> None:
    """No field has a default, so that mypy reports a new entry that lacks one."""
    assert categories._Entry._field_defaults == {}  # noqa: SLF001 - what mypy checks the entries by


@pytest.mark.parametrize("part", ["value", "rank", "glyph", "letter", "meaning"])
def test_no_two_categories_look_or_read_the_same(part: str) -> None:
    """Values, ranks, glyphs, ASCII letters and meanings are all different."""
    found = [getattr(category, part) for category in Category]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("category", Category)
def test_a_category_is_consistent(category: Category) -> None:
    """It is not both under way and final; problems are final; glyph and letter fill one cell."""
    assert not (category.is_under_way and category.is_final)
    assert category.is_final or not category.is_problem
    assert (len(category.glyph), len(category.letter)) == (1, 1)
    assert category.letter.isascii()
    assert category.value == category.name.lower()
    assert category.value.isalpha()


def test_the_order_of_definition_is_the_order_of_urgency() -> None:
    """Problems come first, and `rank` counts from 0."""
    assert [category.rank for category in Category] == list(range(len(Category)))
    assert [category for category in Category if category.is_problem] == list(Category)[:2]


def test_problems_keep_their_words_and_no_two_others_lose_theirs_at_once() -> None:
    """On a narrow terminal the words of the summary bar go one at a time."""
    order = [category.word_drop_order for category in Category if not category.is_problem]
    assert len(set(order)) == len(order)
    assert None not in order
    assert all(category.word_drop_order is None for category in Category if category.is_problem)


@pytest.mark.parametrize("category", Category)
def test_a_category_stays_itself(category: Category) -> None:
    """A category can be looked up by its word, copied, and pickled for the cache."""
    assert Category(category.value) is category
    assert copy.deepcopy(category) is category
    assert pickle.loads(pickle.dumps(category)) is category  # noqa: S301 - pickled just now
