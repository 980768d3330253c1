"""How runs look, in a terminal and as text: what the command line and the screens share."""
