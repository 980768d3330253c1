"""A terminal live monitor for directory trees of runs."""

__version__ = "0.1.0"
