"""The formats of reports. What a format takes is imported when it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple

from statustui.presentation.report.report import Report


class Format(NamedTuple):
    """A format of reports."""

    module: str
    """The module of this package whose function `render` writes it."""
    endings: tuple[str, ...]
    """The endings of the names of its files."""
    quotes: int
    """Runs of one cause whose logs are quoted."""
    has_objects: bool = False
    """Whether it has whole runs, with their pasts."""


FORMATS: Mapping[str, Format] = {
    "md": Format("markdown", (".md", ".markdown"), quotes=3),
    "html": Format("html", (".html", ".htm"), quotes=3),
    "junit": Format("junit", (".xml",), quotes=20),
    "csv": Format("table", (".csv",), quotes=0),
    "json": Format("document", (".json",), quotes=20, has_objects=True),
    "prom": Format("prometheus", (".prom",), quotes=0),
}
"""Name -> format."""


def format_of(path: str) -> str | None:
    """Return the name of the format that the ending of a file tells; None if it tells none."""
    ending = os.path.splitext(path)[1].lower()
    return next((name for name, form in FORMATS.items() if ending in form.endings), None)


def render(report: Report, name: str) -> str:
    """Return a report as text in the format `name`.

    HTML and XML are ASCII, so that they mean the same in any encoding.
    """
    module = import_module(f"{__package__}.{FORMATS[name].module}")
    write: Callable[[Report], str] = module.render
    return write(report)
