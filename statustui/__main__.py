"""Where the program starts: ``statustui``, or ``python -m statustui``."""

from __future__ import annotations

import gc
import sys

from statustui.cli.registry import SCREENLESS
from statustui.startup import streams
from statustui.startup.splash import Splash

_INTERRUPTED = 130


def relax_collector() -> None:
    """Run the cyclic garbage collector rarely: runs form no reference cycles."""
    gc.set_threshold(100_000, 50, 100)


def main() -> None:
    """Paint the frame of the screen, then import the rest of the program and run it."""
    relax_collector()
    streams.prepare()
    splash = Splash()
    splash.paint(sys.argv[1:], SCREENLESS)
    try:
        from statustui.cli import main as cli  # noqa: PLC0415 - what takes time comes second

        cli.main(splash)
    except KeyboardInterrupt:
        # It came before there was a command to end.
        sys.exit(_INTERRUPTED)
    finally:
        splash.remove()


if __name__ == "__main__":
    main()
