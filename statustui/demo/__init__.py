"""A simulated cluster that writes real status files."""
