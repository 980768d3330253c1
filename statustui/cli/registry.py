"""The names of the commands: each is the `command` of the module of that name in this package.

`__main__` reads this before the first frame, so nothing is imported here.
"""

SCREENLESS = frozenset({"history", "list", "set", "states", "wait"})
"""Commands that print, and leave the screen alone."""
WITH_SCREEN = frozenset({"demo", "monitor"})
"""Commands that open the screen."""
