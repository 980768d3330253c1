"""Change events of the operating system."""
