"""That nothing measures the tests of the screens."""

from __future__ import annotations

import sys


def test_coverage_is_paused() -> None:
    """With the main process of pytest as with a worker."""
    collector = sys.modules.get("coverage.collector")
    assert collector is None or collector.Collector._collectors == []  # noqa: SLF001 - no public name
