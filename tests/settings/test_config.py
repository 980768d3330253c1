"""The user's configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statustui.core.durations import StaleAfter
from statustui.core.order import GROUPINGS, SORT_KEYS
from statustui.monitor.poll_policy import Settings
from statustui.presentation.columns import COLUMNS
from statustui.settings.config import Config, default_path, parse_config, read_config

WHOLE = """
columns = ["id", "state", "user"]
sort = "-time"
group = "failure"
theme = "ansi-light"
watch = "poll"
interval = 10
max-checks = 200
stale = "1h"
patience = "20s"
scheduler = "off"
ask-every = "2m"
job-grace = 30
bell = true
on-problem = "mail -s 'a b' me"
on-end = "mail me"
gather = "2m"
ascii = true
colorblind = true
[stale-in]
SCHEDULED = "12h"
[colours]
RUN_USER = "bright_blue"
[views]
1 = "problem !user=mia"
[keys]
"runs.sort" = "o"
table.open = "enter"
"""


def mistakes(text: str) -> tuple[str, ...]:
    """Return the mistakes in a configuration."""
    return parse_config(text.encode(), "c.toml").mistakes


def test_every_entry_is_taken() -> None:
    """With the type that the program uses."""
    config = parse_config(WHOLE.encode(), "c.toml")
    assert config.mistakes == ()
    assert config.columns == ("id", "state", "user")
    assert (config.sort, config.group, config.theme) == ("-time", "failure", "ansi-light")
    assert config.settings._replace(store=None) == Settings(
        *("poll", 10, 200, StaleAfter(3600, {"SCHEDULED": 43200})),
        scheduler="off",
        ask_every=120,
        job_grace=30,
    )
    assert config.patience == 20.0
    assert (config.bell, config.ascii, config.colorblind) == (True, True, True)
    assert config.on_problem == ("mail", "-s", "a b", "me")
    assert (config.on_end, config.gather) == (("mail", "me"), 120.0)
    assert config.colours == {"RUN_USER": "bright_blue"}
    assert config.views == {"1": "problem !user=mia"}
    assert config.keys == {"runs.sort": "o", "table.open": "enter"}


def test_the_documented_example_has_every_entry_and_is_right() -> None:
    """So that it can be copied."""
    section = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    config = parse_config(example.encode(), "c.toml")
    assert config.mistakes == ()
    known = {entry.split(".")[0].replace("-", "_") for entry in config.lines}
    others = {"stale_after", "changed_at", "lines", "mistakes"}
    assert known - {"stale", "stale_in"} == set(Config._fields) - others
    assert [name for name in (*COLUMNS, *SORT_KEYS, *GROUPINGS) if name not in section] == []


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('sort = "size"', "sort: size is not one of category, time"),
        ("sort = 3", "sort: must be a string in quotes"),
        ('columns = ["id", "size"]', "columns: must be a list of some of age, root"),
        ("columns = []", "columns: must be a list of some of"),
        ("columns = [{}]", "columns: must be a list of some of"),
        ("interval = 0", "interval: must be a number from 0.1"),
        ("interval = nan", "interval: must be a number from 0.1"),
        ("interval = true", "interval: must be a number"),
        ("interval = inf", "interval: must be a number from 0.1 to 86400"),
        ("interval = -1", "interval: must be a number from 0.1"),
        ("scheduler = true", "scheduler: must be a string"),
        ("scheduler = 'on'", "scheduler: on is not one of auto, off"),
        ("ask-every = 0.5", "ask-every: must be a number from 1 to 86400"),
        ("max-checks = inf", "max-checks: must be a number from 1 to 1e+09"),
        ("max-checks = nan", "max-checks: must be a number from 1"),
        ("stale = inf", "stale: a time is a number and s, m, h or d"),
        ("stale = nan", "stale: a time is a number and s, m, h or d"),
        ("stale = -3", "stale: a time is a number and s, m, h or d"),
        (f"stale = '{'9' * 400}'", "stale: must be finite"),
        ("patience = nan", "patience: a time is a number and s, m, h or d"),
        ("patience = 0", "patience: must be a number from 0.1"),
        ("patience = '9d'", "patience: must be a number from 0.1 to 86400"),
        ('stale = "soon"', "stale: a time is a number and s, m, h or d"),
        ('bell = "yes"', "bell: must be true or false"),
        ('on-problem = "a \'b"', "on-problem: No closing quotation"),
        ("on-end = 1", "on-end: must be a string in quotes"),
        ('gather = "2d"', "gather: must be a number from 0 to 86400"),
        ('size = "x"', "size: unknown entry"),
        ('views = "x"', "views: unknown entry"),
        ('[views]\n12 = "x"', "views.12: views are numbered 1 to 9"),
        ('[views]\n1 = "(a"', "views.1: this parenthesis is not closed, at character 1"),
        ('[colours]\nRUNNING = "warm"', "colours.RUNNING: 'warm' is not a valid color"),
        ('[stale-in]\n"A B" = "x"', "stale-in.A B: a time is a number"),
        ("[keys]\nruns.sort = 3", "keys.runs.sort: must be a string in quotes"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line_and_the_rest_counts(
    entry: str, complaint: str
) -> None:
    """Whatever kind of mistake it is."""
    config = parse_config(f'# mine\ngroup = "user"\n\n{entry}\n'.encode(), "c.toml")
    [mistake] = config.mistakes
    line = 4 + entry.count("\n")
    assert mistake.startswith(f"c.toml line {line}: {complaint}")
    assert config.group == "user"


def test_a_text_that_is_no_toml_is_told_with_its_place() -> None:
    """The defaults apply, and control characters are escaped in the message."""
    [mistake] = mistakes("sort = \n")
    assert mistake.startswith("c.toml: ")
    assert "line 1" in mistake
    [undecodable] = parse_config(b'sort = "\xff"', "c\x1b.toml").mistakes
    assert undecodable.startswith("c\\x1b.toml: ")


def test_a_file_is_read_from_where_xdg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default file may be missing; a named one must exist."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_config() == Config()
    path = Path(default_path())
    path.parent.mkdir()
    path.write_text('sort = "id"\n')
    assert path == tmp_path / "statustui" / "config.toml"
    assert read_config().sort == "id"
    assert read_config().changed_at == path.stat().st_mtime
    path.unlink()
    path.mkdir()
    assert read_config() == Config(mistakes=(f"{path}: Is a directory",))
    with pytest.raises(FileNotFoundError):
        read_config(str(tmp_path / "other.toml"))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert default_path() == str(Path.home() / ".config" / "statustui" / "config.toml")
