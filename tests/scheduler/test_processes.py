"""What was killed leaves nothing behind, however busy the machine is."""

from __future__ import annotations

import subprocess
import sys
import threading

from statustui.scheduler.processes import reap
from tests.waiting import wait_until


def test_a_process_that_takes_long_to_end_is_reaped_on_a_thread() -> None:
    """It is not waited for here, and its exit status is taken all the same."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        reap(process, 0.0)
        assert process.returncode is None
        name = f"reap {process.pid}"
        assert name in {one.name for one in threading.enumerate()}
        process.kill()
        wait_until(lambda: name not in {one.name for one in threading.enumerate()})
        assert process.returncode == -9
