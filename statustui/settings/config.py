"""The user's configuration: ``config.toml`` in the XDG configuration directory."""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.order import GROUPINGS, SORT_KEYS, split_sort
from statustui.core.query import QueryError, parse_query
from statustui.core.text import clean, parse_span
from statustui.monitor.fs.deadline import PATIENCE, ask
from statustui.monitor.poll_policy import WATCH_MODES, Settings, WatchMode
from statustui.presentation.columns import COLUMNS

_TABLE = re.compile(r"\s*\[\s*([\w\"'.-]+)\s*\]")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+(?:\.[\w-]+)*))\s*=")


@dataclass(frozen=True)
class Config:
    """What a user can have otherwise; None and nothing stand for what the program does anyway."""

    columns: tuple[str, ...] = tuple(name for name, column in COLUMNS.items() if column.is_usual)
    """The columns of the table, from left to right."""
    sort: str = "category"
    """Sort key, with ``-`` in front in reverse."""
    group: str = "none"
    theme: str = "ansi-dark"
    watch: WatchMode = "auto"
    interval: float | None = None
    max_checks: float | None = None
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    patience: float = PATIENCE
    """Seconds without an answer after which a filesystem is given up."""
    bell: bool = False
    """Whether to ring when a run has got a problem, or all that is listed has ended."""
    on_problem: tuple[str, ...] = ()
    """A program and its arguments, run for each run that has got a problem."""
    ascii: bool | None = None
    """Whether nothing but ASCII characters may reach the terminal; None to go by what it can."""
    colorblind: bool = False
    """Whether to tell categories apart without red and green."""
    colours: Mapping[str, str] = field(default_factory=dict)
    """State -> name of a colour."""
    views: Mapping[str, str] = field(default_factory=dict)
    """Digit -> filter."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name of an action -> its keys, with commas between them."""
    changed_at: float = 0.0
    """When the file was written, in seconds since 1970; 0 if there is none."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Entry -> where it stands, in words."""
    mistakes: tuple[str, ...] = ()
    """What is wrong with the file, each in one clean line."""

    @property
    def settings(self) -> Settings:
        """How to watch."""
        return Settings(self.watch, self.interval, self.max_checks, self.stale_after)

    def complaint(self, entry: str, trouble: str) -> str:
        """Say that an entry is wrong, and where it is."""
        return clean(f"{self.lines.get(entry, entry)}: {trouble}")


def user_directory(variable: str, fallback: str) -> str:
    """A directory of the program's own below the one that an XDG variable names, or `fallback`."""
    base = os.environ.get(variable) or os.path.expanduser(fallback)
    return os.path.join(base, "statustui")


def default_path() -> str:
    """Where the configuration is, by the XDG rules."""
    return os.path.join(user_directory("XDG_CONFIG_HOME", "~/.config"), "config.toml")


def read_config(path: str | None = None, patience: float = PATIENCE) -> Config:
    """Read the configuration; what is wrong with it is in its `mistakes`, and the rest counts.

    Args:
        path: The file; None for the default one, which may be missing or unreadable.
        patience: Seconds without an answer after which it is given up.

    Raises:
        OSError: The file is not the default one, and cannot be read.
    """
    place = path or default_path()
    try:
        data, changed_at = ask(partial(_read_file, place), patience)
    except OSError as error:
        if path is not None:
            raise
        if isinstance(error, FileNotFoundError):
            return Config()
        return Config(mistakes=(clean(f"{place}: {error.strerror or error}"),))
    return replace(parse_config(data, place), changed_at=changed_at)


def _read_file(path: str) -> tuple[bytes, float]:
    """What is in a file, and when it was written, in seconds since 1970."""
    with open(path, "rb") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime


def parse_config(data: bytes, path: str) -> Config:
    """Understand the text of a configuration, which stands in the file at `path`."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only who has a configuration needs it
    else:
        import tomli as tomllib  # noqa: PLC0415 - as above

    try:
        text = data.decode()
        entries = _flatten(tomllib.loads(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Config(mistakes=(clean(f"{path}: {error}"),))
    lines = {entry: f"{path} line {number}: {entry}" for entry, number in _find_lines(text).items()}
    config = Config(lines=lines)
    mistakes = []
    for (table, key), value in entries:
        try:
            config = take(config, table, key, value)
        except ValueError as error:
            mistakes.append(config.complaint(f"{table}.{key}" if table else key, str(error)))
    return replace(config, mistakes=tuple(mistakes))


def _flatten(document: dict[str, Any]) -> list[tuple[tuple[str, str], Any]]:
    """The entries of a document: table and key, value."""
    entries = []
    for name, value in document.items():
        if name in _TABLES and isinstance(value, dict):
            entries += [((name, key), one) for key, one in _join(value).items()]
        else:
            entries.append((("", name), value))
    return entries


def _join(table: dict[str, Any]) -> dict[str, Any]:
    """The same table with the parts of dotted keys put together again."""
    joined: dict[str, Any] = {}
    for key, value in table.items():
        inner = _join(value) if isinstance(value, dict) else {"": value}
        joined.update({f"{key}.{rest}" if rest else key: one for rest, one in inner.items()})
    return joined


def _find_lines(text: str) -> dict[str, int]:
    """Entry, with its table in front -> number of its line."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _TABLE.match(line), _KEY.match(line)
        if header:
            table = header[1].strip("\"'") + "."
            lines.setdefault(header[1].strip("\"'"), number)
        elif key:
            lines.setdefault(table + (key[1] or key[2] or key[3]), number)
    return lines


def take(config: Config, table: str, key: str, value: object) -> Config:
    """The configuration with one entry more.

    Raises:
        ValueError: There is no such entry, or it cannot have this value.
    """
    if table:
        return _TABLES[table](config, key, value)
    read = _ENTRIES.get(key)
    if read is None:
        raise ValueError("there is no such entry")
    return read(config, value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes is wanted")  # noqa: TRY004 - what the caller reports
    return value


def _columns(config: Config, value: object) -> Config:
    if not isinstance(value, list) or not value or not set(map(str, value)) <= set(COLUMNS):
        raise ValueError(f"a list of some of {', '.join(COLUMNS)} is wanted")
    return replace(config, columns=tuple(dict.fromkeys(value)))


def _sort(config: Config, value: object) -> Config:
    _choose(split_sort(_text(value))[0], SORT_KEYS)
    return replace(config, sort=_text(value))


def _choose(value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise ValueError(f"{value} is none of {', '.join(choices)}")
    return value


def read_span(value: object) -> float:
    """The seconds of a span of time, of an option or an entry: a number, or a text like ``2h``.

    Raises:
        ValueError: It is none, or has no end.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value) if isinstance(value, int) else f"{value:f}"
    seconds = parse_span(_text(value))
    if not math.isfinite(seconds):
        raise ValueError("a time that comes to an end is wanted")
    return seconds


def read_number(value: object, least: float, most: float) -> float:
    """A number of an option or an entry.

    Raises:
        ValueError: It is none from `least` to `most`.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        raise ValueError(f"a number of at least {least:g} is wanted, and at most {most:g}")
    return float(value)  # type: ignore[arg-type]


INTERVAL = (0.1, 86400.0)
"""Seconds between two looks, at least and at the most."""
MAX_CHECKS = (1.0, 1e9)
"""The same for looks a second."""


def read_patience(value: object) -> float:
    """How many seconds a filesystem may not answer.

    Raises:
        ValueError: It is no span of time that can be waited for.
    """
    return read_number(read_span(value), *INTERVAL)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")  # noqa: TRY004 - what the caller reports
    return value


def _stale(config: Config, value: object) -> Config:
    return replace(config, stale_after=StaleAfter(read_span(value), config.stale_after.by_state))


def _stale_in(config: Config, state: str, value: object) -> Config:
    by_state = {**config.stale_after.by_state, state: read_span(value)}
    return replace(config, stale_after=StaleAfter(config.stale_after.default, by_state))


def _colour(config: Config, state: str, value: object) -> Config:
    from rich.color import Color, ColorParseError  # noqa: PLC0415 - only who has colours needs it

    try:
        Color.parse(_text(value))
    except ColorParseError as error:
        raise ValueError(str(error)) from None
    return replace(config, colours={**config.colours, state: _text(value)})


def _view(config: Config, key: str, value: object) -> Config:
    if len(key) != 1 or key not in "123456789":
        raise ValueError("views have the numbers from 1 to 9")
    try:
        parse_query(_text(value))
    except QueryError as error:
        raise ValueError(f"{error}, at character {error.position + 1}") from None
    return replace(config, views={**config.views, key: _text(value)})


def _keys(config: Config, action: str, value: object) -> Config:
    return replace(config, keys={**config.keys, action: _text(value)})


def _simple(name: str, read: Callable[[object], Any]) -> Callable[[Config, object], Config]:
    """What takes an entry whose value needs no more than being read."""
    return lambda config, value: replace(config, **{name: read(value)})


_ENTRIES: dict[str, Callable[[Config, object], Config]] = {
    "columns": _columns,
    "sort": _sort,
    "group": _simple("group", lambda value: _choose(_text(value), GROUPINGS)),
    "theme": _simple("theme", _text),
    "watch": _simple("watch", lambda value: _choose(_text(value), WATCH_MODES)),
    "interval": _simple("interval", lambda value: read_number(value, *INTERVAL)),
    "max-checks": _simple("max_checks", lambda value: read_number(value, *MAX_CHECKS)),
    "stale": _stale,
    "patience": _simple("patience", read_patience),
    "bell": _simple("bell", _flag),
    "on-problem": _simple("on_problem", lambda value: tuple(shlex.split(_text(value)))),
    "ascii": _simple("ascii", _flag),
    "colorblind": _simple("colorblind", _flag),
}
_TABLES: dict[str, Callable[[Config, str, object], Config]] = {
    "stale-in": _stale_in,
    "colours": _colour,
    "views": _view,
    "keys": _keys,
}
