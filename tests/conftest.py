"""Every test sees UTC, and no settings of whoever runs it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import hypothesis
import pytest

from tests.corpora import corpora as corpora  # noqa: PLC0414 - a fixture for every test

# How long an example takes is no matter of a test.
hypothesis.settings.register_profile("statustui", deadline=None)
hypothesis.settings.load_profile("statustui")


_MEASURED = frozenset({"test_cli", "test_wait", "test_unanswered", "test_dead_links"})
"""Where the branches that commands take in processes of their own are counted too.

Elsewhere that would be in the way: it needs files, time, and an end that it is told of.
"""


@pytest.fixture(autouse=True)
def _neutral_environment(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    if request.path.stem not in _MEASURED:
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
