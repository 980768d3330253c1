"""Runs the command line in forks of a process that has imported it: see `tests.commands`."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
import traceback
from importlib import import_module
from typing import Any, NoReturn

_PRELOADED = (
    "statustui.__main__",
    "statustui.cli.main",
    "statustui.cli.list",
    "statustui.cli.history",
    "statustui.cli.states",
    "statustui.cli.set",
    "statustui.cli.wait",
)


def main() -> None:
    """Fork a process for every request, and answer with its exit status, until nobody asks."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for module in _PRELOADED:
        import_module(module)
    while True:
        asked, descriptors, _flags, _address = socket.recv_fds(channel, 1, 3)
        if not asked:
            return
        pid = os.fork()
        if not pid:
            channel.close()
            _run(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _pid, status = os.waitpid(pid, 0)
        channel.sendall(struct.pack("i", os.waitstatus_to_exitcode(status)))


def _run(request: int, out: int, err: int) -> NoReturn:
    """Be the command of a request, and exit as it does."""
    with os.fdopen(request, encoding="utf-8") as file:
        wanted: dict[str, Any] = json.load(file)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, max(out, err) + 1)
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    os.chdir(wanted["cwd"])
    sys.argv[:] = ["statustui", *wanted["arguments"]]
    if any(name.startswith("COVERAGE_") for name in os.environ):
        import_module("coverage").process_startup()
    status: object = 1
    try:
        import_module("statustui.__main__").main()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - reported as the interpreter would
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    main()
