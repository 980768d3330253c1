"""Commands of the user on keys: an entry of the configuration, and how it is filled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statustui.settings.config import parse_config
from statustui.settings.key_command import PLACEHOLDERS, KeyCommand, read_key_command


def test_a_command_is_a_line_or_a_list_of_words() -> None:
    """The line is split as a shell does; the label is the program if there is none."""
    config = parse_config(
        b"""
        [commands]
        X = {run = "less '+F' {log}", label = "follow"}
        [commands."ctrl+t"]
        run = ["touch", "a b {path}"]
        background = true
        """,
        "c.toml",
    )
    assert config.mistakes == ()
    assert list(config.commands.values()) == [
        KeyCommand("X", ("less", "+F", "{log}"), "follow"),
        KeyCommand("ctrl+t", ("touch", "a b {path}"), "touch", in_background=True),
    ]
    assert [command.needs_log for command in config.commands.values()] == [True, False]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("X = 1", "must be a table of run, label and background"),
        ("X = {run = 'a', shell = true}", "must be a table of run, label and background"),
        ("X = {}", "run must be a command line or a list of words"),
        ("X = {run = ['a', 1]}", "run must be a command line or a list of words"),
        ('X = {run = "a \'b"}', "No closing quotation"),
        ("X = {run = '{path} a'}", "run must begin with a program"),
        ("X = {run = 'a', label = 1}", "label must be a string, background true or false"),
        ("X = {run = 'a', background = 1}", "label must be a string, background true or false"),
        ('"x,y" = {run = "a"}', "must be the name of one key"),
    ],
)
def test_a_wrong_command_is_reported_with_its_line(entry: str, complaint: str) -> None:
    """And is left out."""
    config = parse_config(f"[commands]\n{entry}\n".encode(), "c.toml")
    [mistake] = config.mistakes
    assert mistake.startswith("c.toml line 2: commands.")
    assert complaint in mistake
    assert config.commands == {}


def test_a_word_with_a_placeholder_is_given_once_for_each_run() -> None:
    """All else stays as it is, braces of other programs too."""
    words = ("tar", "c", "{print}", "--to={path}.tar", "{id}")
    command = read_key_command("X", {"run": list(words)})
    runs = [{"path": "/r/1", "id": "{path}"}, {"path": "/r/2", "id": "2"}]
    assert command.fill(runs) == [
        *("tar", "c", "{print}", "--to=/r/1.tar", "--to=/r/2.tar", "{path}", "2")
    ]


def test_every_placeholder_is_documented() -> None:
    """On the page of the configuration."""
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    assert set(PLACEHOLDERS) <= set(re.findall(r"`\{(\w+)\}`", page))
