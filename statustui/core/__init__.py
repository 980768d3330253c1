"""The shared core: reads and writes status files and says what a run's statuses mean.

Standard library only; no threads, no clock but the time stamped on a new status.
"""
