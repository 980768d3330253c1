"""Reports on many runs, in each of their formats."""
