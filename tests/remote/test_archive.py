"""What is sent to another host to start the agent."""

from __future__ import annotations

from statustui.remote.archive import command_line, escape, program


def test_the_command_line_is_one_word_for_any_shell() -> None:
    """It has neither quotes, nor what a C shell takes for history, nor newlines."""
    line = command_line()
    assert not set(line) & set("'\"!\n`")
    assert escape("import sys;a(b)") == r"import\ sys\;a\(b\)"
    assert "statustui-agent" in line
    assert program("0123").count(b"run(") >= 1
