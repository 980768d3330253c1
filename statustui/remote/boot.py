"""The first thing that runs on the other host: import the package from standard input.

This module is sent as text, with a call of `run` after it, to a Python that knows nothing of the
package. Until that call it imports the standard library alone.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import sys
import zlib
from importlib.machinery import ModuleSpec
from types import ModuleType

Sources = dict[str, tuple[bool, str]]
"""Name of a module -> whether it is a package, and its source."""


class SourceFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from their sources in memory; nothing is written to a disk.

    Args:
        sources: The modules.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        """Return the spec of a module that was received."""
        if name not in self._sources:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=self._sources[name][0])

    def create_module(self, _spec: ModuleSpec) -> None:
        """Return None: the module is made as usual."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the source of a module."""
        source = self._sources[module.__name__][1]
        exec(compile(source, module.__name__, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - what was sent is the program


def run(size: int, marker: str) -> None:
    """Receive the package, and start the agent.

    Args:
        size: Bytes of the archive on standard input.
        marker: What to write before the first byte of the protocol.
    """
    os.nice(10)
    sources = json.loads(zlib.decompress(sys.stdin.buffer.read(size)).decode())
    sys.meta_path.insert(0, SourceFinder(sources))
    from statustui.remote.agent import serve  # noqa: PLC0415 - it could not be found before

    # What any library prints goes to standard error, and cannot disturb the protocol.
    output = os.dup(1)
    os.dup2(2, 1)
    serve(sys.stdin.buffer, output, marker.encode())
