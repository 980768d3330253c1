"""When styles are parsed."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.css.stylesheet import Stylesheet

from statustui.tui.services.stylesheet import LazyStylesheet


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that were parsed, one after another."""
    sources: list[str] = []
    parse = Stylesheet.parse

    def spy(stylesheet: Stylesheet) -> None:
        sources.extend(source.content for source in stylesheet.source.values())
        parse(stylesheet)

    monkeypatch.setattr(Stylesheet, "parse", spy)
    return sources


def colours(stylesheet: Stylesheet) -> list[Color]:
    """The background that each rule sets."""
    return [rule.styles.background for rule in stylesheet.rules]


def test_sources_are_parsed_again_only_for_other_variables(parsed: list[str]) -> None:
    """The same variables change nothing, others do, and what is added is parsed."""
    one, other = "A { background: $base; }", "B { background: $base; }"
    stylesheet = LazyStylesheet({"base": "red"})
    stylesheet.add_source(one)
    assert colours(stylesheet) == [Color.parse("red")]
    stylesheet.set_variables({"base": "red"})
    stylesheet.reparse()
    assert parsed == [one]
    stylesheet.set_variables({"base": "blue"})
    stylesheet.reparse()
    assert colours(stylesheet) == [Color.parse("blue")]
    assert parsed == [one, one]
    stylesheet.add_source(other)
    stylesheet.reparse()
    assert colours(stylesheet) == [Color.parse("blue")] * 2
