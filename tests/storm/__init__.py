"""A differential storm: writers change a tree at random, and every view of it must end up the same.

`operations` are what the writers do, `writers` the processes that do it, `naive` an independent
reader, `parties` the views of the program, `compare` what must agree, and `storm` all of it
together. ``python -m tests.storm`` is a long one.
"""
