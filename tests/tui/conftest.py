"""Tests of the screens run without coverage.

Their filters set a timer, whose signal must not arrive while the tracer of coverage holds its lock:
the handler would wait for that lock for ever. What is measured, `core` and `monitor`, has tests of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.tui.model import store

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this directory."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="module")
def arranged_at_once() -> Iterator[None]:
    """Have a list arranged before the next step of a test, on a loaded machine too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_MAX_SECONDS", 600.0)
        yield
