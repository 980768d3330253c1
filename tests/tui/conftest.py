"""Tests of the screens run without coverage.

Their filters set a timer, whose signal must not arrive while the tracer of coverage holds its lock:
the handler would wait for that lock for ever. What is measured, `core` and `monitor`, has tests of
its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this directory."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
