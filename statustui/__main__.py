"""Where the program starts: ``statustui``, or ``python -m statustui``."""

from __future__ import annotations

import gc
import sys

from statustui import streams
from statustui.skeleton import Skeleton

_INTERRUPTED = 130


def relax_collector() -> None:
    """Look for garbage in circles rarely: runs are in none, and there may be 100,000 of them."""
    gc.set_threshold(100_000, 50, 100)


def main() -> None:
    """Paint the frame of the screen, then import the rest of the program and run it."""
    relax_collector()
    streams.prepare()
    skeleton = Skeleton()
    skeleton.paint(sys.argv[1:])
    try:
        from statustui import cli  # noqa: PLC0415 - what takes time comes second

        cli.main(skeleton)
    except KeyboardInterrupt:
        # It came before there was a command to end.
        sys.exit(_INTERRUPTED)
    finally:
        skeleton.remove()


if __name__ == "__main__":
    main()
