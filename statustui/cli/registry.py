"""The names of the commands; each is the object `command` of the module of that name here.

`__main__` reads this before the first frame, so it imports nothing.
"""

SCREENLESS = frozenset({"compare", "history", "list", "report", "set", "states", "wait"})
"""Commands that only print."""
WITH_SCREEN = frozenset({"demo", "monitor"})
"""Commands that open the screen, for which the first frame is painted at once."""
