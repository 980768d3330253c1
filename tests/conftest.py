"""Every test sees UTC, and no settings of whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import hypothesis
import pytest

from tests.corpora import corpora as corpora  # noqa: PLC0414 - a fixture for every test

# How long an example takes is no matter of a test.
hypothesis.settings.register_profile("statustui", deadline=None)
hypothesis.settings.load_profile("statustui")


@pytest.fixture(autouse=True)
def _neutral_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
