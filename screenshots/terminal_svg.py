"""Draw pictures of a terminal as SVG that looks the same in every viewer.

Rich's own export relies on spaces inside text and on one font, and draws the window of a desktop.
Here every word is an element at its own position, so that a viewer may drop spaces or use another
font, and lines, bars and blocks are rectangles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from rich.cells import cell_len

CELL_WIDTH, CELL_HEIGHT = 8.4, 18
_BASELINE = 13.5
_MARGIN = 10
_BACKGROUND, _FOREGROUND, _CAPTION = "#292929", "#c5c8c6", "#3a3f47"
_RICH_WIDTH, _RICH_HEIGHT = 12.2, 24.4
"""Size of a cell in Rich's export."""
_FONT = "14px 'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace"
_SVG = "{http://www.w3.org/2000/svg}"
_STROKES = {
    "━": (0, 8, CELL_WIDTH, 2),
    "─": (0, 8.5, CELL_WIDTH, 1),
    "│": (3.7, 0, 1, CELL_HEIGHT),
    **{chr(0x2580 + n): (0, CELL_HEIGHT * (1 - n / 8), CELL_WIDTH, 0) for n in range(1, 9)},
}
"""Character -> x, y, width and height of the rectangle that it is; height 0 is to the bottom."""


class Frame(NamedTuple):
    """What a terminal shows at one moment, as parts of an SVG document."""

    rows: tuple[str, ...]
    """One group of elements for each line, at y 0."""
    styles: frozenset[str]
    """The CSS declarations that the rows use as class names."""
    columns: int


def read_frame(exported: str) -> Frame:
    """Read what a terminal shows from the SVG that Textual exports.

    Args:
        exported: The result of `App.export_screenshot`.
    """
    document = ET.fromstring(exported)  # noqa: S314 - made by this process
    style = document.findtext(f"{_SVG}style") or ""
    css = dict(re.findall(r"-(r\d+) \{ (.*?) \}", style))
    texts = [text for text in document.iter(f"{_SVG}text") if "clip-path" in text.attrib]
    height = max(round(float(text.attrib["y"]) / _RICH_HEIGHT) for text in texts)
    rows: list[list[str]] = [[] for _ in range(height)]
    columns = 0
    for rect in document.iter(f"{_SVG}rect"):
        if "shape-rendering" in rect.attrib:
            column, line = _cell(rect, 0)
            width = round(float(rect.attrib["width"]) / _RICH_WIDTH) * CELL_WIDTH
            rows[line].append(
                _rect(column * CELL_WIDTH, 0, width, CELL_HEIGHT, rect.attrib["fill"])
            )
    for text in texts:
        column, line = _cell(text, 1)
        said = (text.text or "").replace("\xa0", " ").rstrip("\n")
        declarations = css[text.attrib["class"].rpartition("-")[2]]
        rows[line] += _draw(said, column, declarations)
        columns = max(columns, column + cell_len(said))
    styles = frozenset(css.values())
    return Frame(tuple("".join(row) for row in rows), styles, columns)


def _cell(element: ET.Element, line_offset: int) -> tuple[int, int]:
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    return round(x / _RICH_WIDTH), round(y / _RICH_HEIGHT) - line_offset


def _draw(said: str, column: int, declarations: str) -> Iterator[str]:
    """Draw text in one style, each word by itself; an underline is a line below all of it."""
    fill = re.sub(r"fill: (#\w+).*", r"\1", declarations)
    if "underline" in declarations:
        width = cell_len(said) * CELL_WIDTH
        yield _rect(column * CELL_WIDTH, CELL_HEIGHT - 2, width, 1, fill)
    weight = ' font-weight="bold"' if "bold" in declarations else ""
    slant = ' font-style="italic"' if "italic" in declarations else ""
    for kind, characters in groupby(said, _kind):
        part = "".join(characters)
        x, width = column * CELL_WIDTH, cell_len(part) * CELL_WIDTH
        column += cell_len(part)
        if kind in _STROKES:
            left, top, thick, high = _STROKES[kind]
            across = width if thick == CELL_WIDTH else thick
            yield _rect(x + left, top, across, high or CELL_HEIGHT - top, fill)
        elif kind != " ":
            yield (
                f'<text x="{x:g}" y="{_BASELINE}" fill="{fill}"{weight}{slant}'
                f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs">{escape(part)}</text>'
            )


def _kind(character: str) -> str:
    """Return what goes into one element: a word of ASCII, a space, or one character of its own."""
    return "word" if "!" <= character <= "~" else character


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'


def draw_picture(frame: Frame) -> str:
    """Draw one frame."""
    rows = [
        f'<g transform="translate(0,{index * CELL_HEIGHT})">{row}</g>'
        for index, row in enumerate(frame.rows)
        if row
    ]
    return _document(frame.columns, len(frame.rows), "\n".join(rows))


def draw_session(scenes: Sequence[tuple[Frame, str, str, float]]) -> str:
    """Draw a session that plays by itself, again and again; a still viewer shows its first frame.

    Each different row is drawn once, and each frame refers to its rows.

    Args:
        scenes: Frame, keys pressed to get there, what they do, and the seconds that it stays.
    """
    known: dict[str, str] = {}
    total = sum(seconds for *_, seconds in scenes)
    groups, rules, passed = [], [], 0.0
    for index, (frame, keys, caption, seconds) in enumerate(scenes):
        rows = (*frame.rows, "".join(_draw_caption(frame.columns, keys, caption)))
        uses = "".join(
            f'<use href="#{known.setdefault(row, f"r{len(known)}")}" y="{line * CELL_HEIGHT}"/>'
            for line, row in enumerate(rows)
            if row
        )
        groups.append(f'<g class="frame" id="f{index}">{uses}</g>')
        begin, end = passed / total * 100, (passed + seconds) / total * 100
        passed += seconds
        rules.append(
            f"#f{index}{{animation-name:k{index}}}"
            f"@keyframes k{index}{{0%{{visibility:{'hidden' if index else 'visible'}}}"
            f"{begin:.2f}%{{visibility:visible}}{end:.2f}%{{visibility:hidden}}}}"
        )
    style = (
        f".frame{{visibility:hidden;animation:{total:g}s step-end infinite}}"
        "#f0{visibility:visible}"
        + "".join(rules)
        + "@media (prefers-reduced-motion:reduce){.frame{animation:none}}"
    )
    rows_once = "\n".join(f'<g id="{name}">{row}</g>' for row, name in known.items())
    body = f"<style>{style}</style>\n<defs>\n{rows_once}\n</defs>\n" + "\n".join(groups)
    first = scenes[0][0]
    return _document(first.columns, len(first.rows) + 1, body)


def _draw_caption(columns: int, keys: str, caption: str) -> Iterator[str]:
    yield _rect(-_MARGIN, 4, columns * CELL_WIDTH + 2 * _MARGIN, CELL_HEIGHT + 6, _CAPTION)
    yield '<g transform="translate(0,6)">'
    column = 1
    if keys:
        width = (len(keys) + 1) * CELL_WIDTH
        yield _rect((column - 0.5) * CELL_WIDTH, 0, width, CELL_HEIGHT, _FOREGROUND)
        yield from _draw(keys, column, f"fill: {_BACKGROUND};font-weight: bold")
        column += len(keys) + 2
    yield from _draw(caption, column, f"fill: {_FOREGROUND}")
    yield "</g>"


def _document(columns: int, lines: int, body: str) -> str:
    width = columns * CELL_WIDTH + 2 * _MARGIN
    height = lines * CELL_HEIGHT + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}">\n'
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="{_BACKGROUND}"/>\n'
        f'<g transform="translate({_MARGIN},{_MARGIN})" style="font:{_FONT}">\n'
        f"{body}\n</g>\n</svg>\n"
    )
