"""The entry point: ``statustui``, or ``python -m statustui``."""

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
    """Paint the first frame, then import the rest of the program and run it."""
    relax_collector()
    streams.prepare()
    splash = Splash()
    splash.paint(sys.argv[1:], SCREENLESS)
    try:
        from statustui.cli import main as cli  # noqa: PLC0415 - slow, so after the first frame

        cli.main(splash)
    except KeyboardInterrupt:
        # Interrupted before a command was running.
        sys.exit(_INTERRUPTED)
    finally:
        splash.remove()


if __name__ == "__main__":
    main()
