"""What statustui promises, by package: core, monitor, screens, command line, whole program."""
