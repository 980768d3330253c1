"""The style of each category on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statustui import tui
from statustui.core.categories import Category
from statustui.presentation.glyphs import STYLES

THEMES = sorted(Path(tui.__file__).parent.glob("*.tcss"))


def test_there_are_two_sets_of_colours() -> None:
    """The default one, and the one for colour-blind users."""
    assert [path.name for path in THEMES] == ["colorblind.tcss", "statustui.tcss"]


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.name)
def test_every_category_with_a_colour_has_one_on_the_screen(path: Path) -> None:
    """The lists name the categories that lack a rule, and rules without a category."""
    found = set(re.findall(r"\.(category--\w+)", path.read_text()))
    lacking = [c.value for c in Category if c.colour is not None and STYLES[c] not in found]
    assert lacking == []
    assert found - set(STYLES.values()) == set()
