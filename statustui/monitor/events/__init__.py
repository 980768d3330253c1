"""Change events of the operating system: hints that trigger an early check."""
