"""A pretend cluster that writes real status files."""
