"""Settings for all tests: UTC, none of the user's own settings, how tests are distributed."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator

import hypothesis
import pytest

from tests.corpora import corpora as corpora  # noqa: PLC0414 - a fixture for every test

# No test depends on how long an example takes. `.ci/run` asks for the profile `ci`.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=25)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=40)
hypothesis.settings.load_profile("quick")

# Each worker imports all tests: without bytecode that takes it twice as long.
sys.dont_write_bytecode = False

_WORKERS_PER_CORE = 3
"""Most tests of the monitor wait for files and processes rather than compute."""
_MAX_WORKERS = 16

_MEASURED = frozenset({"test_commands", "test_wait", "test_unanswered", "test_dead_links"})
"""Modules in which coverage also measures the commands that run in processes of their own.

Elsewhere coverage would slow the processes down, and disturb those that are killed.
"""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of workers: none if all arguments are single files or tests."""
    if all(os.path.isfile(argument.partition("::")[0]) for argument in config.args):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(_WORKERS_PER_CORE * (cores or 1), _MAX_WORKERS)


def pytest_configure(config: pytest.Config) -> None:
    """Let each worker measure itself once, so that `no_cover` pauses all that is measured.

    pytest-cov starts a measurement of its own in a worker, on top of the one that any process of
    the tests begins with, and pauses only the former.
    """
    coverage = sys.modules.get("coverage")
    if hasattr(config, "workerinput") and coverage is not None:
        while (measurement := coverage.Coverage.current()) is not None and measurement._started:  # noqa: SLF001 - no public name
            measurement.stop()


def pytest_collection_finish() -> None:
    """Exclude the imported modules from garbage collection, and collect as rarely as the program.

    Closing a screen collects garbage, which would otherwise go through all modules of all tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(autouse=True)
def _neutral_environment(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home / name))
    # Without bytecode every start of the program compiles all its modules.
    for name in ("NO_COLOR", "TEXTUAL_THEME", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)
    if request.path.stem not in _MEASURED:
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
