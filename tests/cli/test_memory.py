"""What the monitor does for its memory once the first scan is done."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from statustui.cli import memory
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait for hardly anything, and leave the collector as it was."""
    monkeypatch.setattr(memory, "_PAUSES", (0.01, 0.01))
    yield
    gc.unfreeze()


def is_trimming() -> bool:
    """Whether memory is about to be given back."""
    return any(thread.name == "trim memory" for thread in threading.enumerate())


def test_memory_is_given_back_after_the_first_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a thread of its own, and no collection goes through all runs any more."""
    trimmed: list[str] = []
    library = SimpleNamespace(
        malloc_trim=lambda _keep: trimmed.append(threading.current_thread().name)
    )
    monkeypatch.setattr("ctypes.CDLL", lambda _name: library)
    memory.tidy_memory()
    assert gc.get_freeze_count() > 0
    wait_until(lambda: trimmed == ["trim memory"] * 2)


def refuse(_name: None) -> None:
    """Open no library."""
    raise OSError


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("opener", [refuse, lambda _name: SimpleNamespace()])
def test_a_c_library_that_keeps_its_memory_is_no_error(
    opener: Callable[[None], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As musl, or where no library can be opened."""
    opened: list[object] = []

    def load(name: None) -> object:
        opened.append(name)
        return opener(name)

    monkeypatch.setattr("ctypes.CDLL", load)
    memory.tidy_memory()
    wait_until(lambda: not is_trimming())
    assert opened == [None]
