"""The agent by itself."""

from __future__ import annotations

import subprocess
import sys

from statustui.remote.codec import encode
from statustui.remote.messages import Hello
from statustui.remote.paths import Paths
from statustui.remote.protocol import PROTOCOL, FrameReader, FrameWriter

_PROGRAM = """
import os, sys
from statustui.remote.agent import Agent
from statustui.remote.protocol import FrameReader
reader = FrameReader(sys.stdin.buffer.read)
Agent(reader, lambda data: os.write(1, data), max_idle=float(sys.argv[1])).serve()
"""


def test_it_ends_when_nobody_has_said_anything_for_long() -> None:
    """Even though its input is open: the other side may have been frozen for an hour."""
    words = [sys.executable, "-c", _PROGRAM, "0.5"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert agent.stderr is not None
        greeting = {"hello": encode(Hello, Hello(PROTOCOL), Paths(()))}
        agent.stdin.write(FrameWriter().frame(greeting))
        agent.stdin.flush()
        reader = FrameReader(agent.stdout.read)
        assert "hello" in (reader.next() or {})
        # To the end of the stream; heartbeats may come before.
        while reader.next() is not None:
            pass
        assert agent.wait(60) == 0
        assert agent.stderr.read() == b"statustui-agent: nobody has read for too long\n"
