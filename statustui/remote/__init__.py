"""Roots on other hosts: the batches of a monitor that runs there, over the user's own ssh."""
