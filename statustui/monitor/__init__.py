"""Turns directory trees into batches of changes; threads live here and nowhere else."""
