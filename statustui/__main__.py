"""Run the command line with ``python -m statustui``."""

from statustui.cli import main

main()
