"""The logs of a run whose files do not answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.core.run import RunDir
from statustui.monitor.fs.prober import Prober
from statustui.monitor.run.run_logs import RunLogs
from tests.trees import write_run


def test_logs_that_do_not_answer_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a plain tree none is listed; Pavilion's are listed as not answering."""

    def hang(_self: Prober, _work: Callable[[], object], _target: object = None) -> object:
        raise TimeoutError(110, "not answering")

    plain = write_run(tmp_path / "a", "RUN_FAILED x")
    (plain / "run.log").write_text("fatal\n")
    test = write_run(tmp_path / "test_runs" / "1", "RUN_FAILED x")
    monkeypatch.setattr("statustui.monitor.run.run_logs.Prober.call", hang)
    found = RunLogs(RunDir(str(tmp_path), str(plain), "a", "plain"), 1.0).read_logs("RUN_FAILED")
    assert (found.logs, found.telling, found.trace) == ((), None, None)
    found = RunLogs(RunDir(str(tmp_path), str(test), "1", "test"), 1.0).read_logs("RUN_FAILED")
    assert found.trace is None
    assert found.logs
