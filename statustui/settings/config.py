"""The user's configuration: ``config.toml`` in the XDG configuration directory."""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from statustui.core.address import is_remote, with_home
from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.core.order import GROUPINGS, SORT_KEYS, split_sort
from statustui.core.query import QueryError, parse_query
from statustui.core.text import clean, parse_span
from statustui.monitor.fs.deadline import PATIENCE, ask
from statustui.monitor.poll_policy import WATCH_MODES, Settings, WatchMode
from statustui.presentation.columns import COLUMNS
from statustui.scheduler.pace import DEFAULT_EVERY, SCHEDULER_MODES, SchedulerMode
from statustui.settings.cache_directory import CacheDirectory, cache_directory
from statustui.settings.directories import user_directory
from statustui.settings.key_command import KeyCommand, read_key_command

_TABLE = re.compile(r"\s*\[\s*([\w\"'.-]+)\s*\]")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+(?:\.[\w-]+)*))\s*=")
_USUAL_COLUMNS = tuple(name for name, column in COLUMNS.items() if column.is_usual)


class Config(NamedTuple):
    """The user's settings; None or empty means the default."""

    roots: tuple[str, ...] = ()
    """What to watch where no root is given: directories, and addresses of other hosts."""
    columns: tuple[str, ...] = _USUAL_COLUMNS
    """The columns of the table, from left to right."""
    sort: str = "category"
    """Sort key; ``-`` in front reverses."""
    group: str = "none"
    theme: str | None = None
    """A theme; None for one that suits the background of the terminal."""
    watch: WatchMode = "auto"
    interval: float | None = None
    max_checks: float | None = None
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    patience: float = PATIENCE
    """Seconds after which a filesystem that does not answer is given up."""
    scheduler: SchedulerMode = "auto"
    """Whether to ask the scheduler about the jobs of runs under way."""
    ask_every: float = DEFAULT_EVERY
    """Seconds between two rounds of questions to it."""
    job_grace: float = DEFAULT_GRACE
    """Seconds after the end of its job until a run under way counts as dead."""
    cache: bool = True
    """Whether to keep what was read of finished runs for later sessions."""
    bell: bool = False
    """Whether to ring when a run gets a problem, and when all listed runs have finished."""
    on_problem: tuple[str, ...] = ()
    """A program and its arguments, called when runs get a problem."""
    on_end: tuple[str, ...] = ()
    """The same, called when all listed runs have finished."""
    gather: float = 0.0
    """Seconds for which runs are gathered for one call of these."""
    ascii: bool | None = None
    """Whether to send only ASCII characters to the terminal; None to decide by the locale."""
    campaign: bool = True
    """Whether a line above the list says what is under way, and when it ends."""
    colorblind: bool = False
    """Whether to avoid red and green."""
    colours: Mapping[str, str] = MappingProxyType({})
    """State -> name of a colour."""
    views: Mapping[str, str] = MappingProxyType({})
    """Digit -> filter."""
    keys: Mapping[str, str] = MappingProxyType({})
    """Name of an action -> its keys, separated by commas."""
    commands: Mapping[str, KeyCommand] = MappingProxyType({})
    """Key -> command."""
    changed_at: float = 0.0
    """Modification time of the file, in seconds since 1970; 0 if there is none."""
    lines: Mapping[str, str] = MappingProxyType({})
    """Entry -> file, line and name, for messages."""
    mistakes: tuple[str, ...] = ()
    """The mistakes in the file, each as one sanitised line."""

    @property
    def settings(self) -> Settings:
        """The entries on how to watch."""
        store = CacheDirectory(cache_directory()) if self.cache else None
        return Settings(
            self.watch,
            self.interval,
            self.max_checks,
            self.stale_after,
            store,
            scheduler=self.scheduler,
            ask_every=self.ask_every,
            job_grace=self.job_grace,
        )

    def complaint(self, entry: str, trouble: str) -> str:
        """Return the message that an entry is wrong, with its place."""
        return clean(f"{self.lines.get(entry, entry)}: {trouble}")


def default_path() -> str:
    """Return the path of the configuration, by the XDG rules."""
    return os.path.join(user_directory("XDG_CONFIG_HOME", "~/.config"), "config.toml")


def read_config(path: str | None = None, patience: float = PATIENCE) -> Config:
    """Read the configuration; wrong entries are in its `mistakes`, and the others apply.

    Args:
        path: The file; None for the default one, which may be missing or unreadable.
        patience: Seconds after which a filesystem that does not answer is given up.

    Raises:
        OSError: `path` was given, and cannot be read.
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
    return parse_config(data, place)._replace(changed_at=changed_at)


def _read_file(path: str) -> tuple[bytes, float]:
    """Return the content of a file and its modification time, in seconds since 1970."""
    with open(path, "rb") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime


def parse_config(data: bytes, path: str) -> Config:
    """Parse a configuration.

    Args:
        data: Its TOML text, encoded.
        path: Its file, for messages.
    """
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - not needed without a configuration
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
            config = with_entry(config, table, key, value)
        except ValueError as error:
            mistakes.append(config.complaint(f"{table}.{key}" if table else key, str(error)))
    return config._replace(mistakes=tuple(mistakes))


def _flatten(document: dict[str, Any]) -> list[tuple[tuple[str, str], Any]]:
    """Return the entries of a document: (table, key) and value."""
    entries = []
    for name, value in document.items():
        if name in _TABLES and isinstance(value, dict):
            table = value if name in _TABLES_OF_TABLES else _join(value)
            entries += [((name, key), one) for key, one in table.items()]
        else:
            entries.append((("", name), value))
    return entries


def _join(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table with nested tables joined to dotted keys."""
    joined: dict[str, Any] = {}
    for key, value in table.items():
        inner = _join(value) if isinstance(value, dict) else {"": value}
        joined.update({f"{key}.{rest}" if rest else key: one for rest, one in inner.items()})
    return joined


def _find_lines(text: str) -> dict[str, int]:
    """Return the line number of each entry, by its name with its table in front."""
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


def with_entry(config: Config, table: str, key: str, value: object) -> Config:
    """Return the configuration with one more entry.

    Raises:
        ValueError: The entry is unknown, or cannot have this value.
    """
    if table:
        return _TABLES[table](config, key, value)
    read = _ENTRIES.get(key)
    if read is None:
        raise ValueError("unknown entry")
    return read(config, value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string in quotes")  # noqa: TRY004 - the caller reports it
    return value


def _columns(config: Config, value: object) -> Config:
    if not isinstance(value, list) or not value or not set(map(str, value)) <= set(COLUMNS):
        raise ValueError(f"must be a list of some of {', '.join(COLUMNS)}")
    return config._replace(columns=tuple(dict.fromkeys(value)))


def _sort(config: Config, value: object) -> Config:
    _choose(split_sort(_text(value))[0], SORT_KEYS)
    return config._replace(sort=_text(value))


def _choose(value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise ValueError(f"{value} is not one of {', '.join(choices)}")
    return value


def read_span(value: object) -> float:
    """Return the seconds of a duration: a number of seconds, or text such as ``2h``.

    Raises:
        ValueError: `value` is not a finite duration.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value) if isinstance(value, int) else f"{value:f}"
    seconds = parse_span(_text(value))
    if not math.isfinite(seconds):
        raise ValueError("must be finite")
    return seconds


def read_number(value: object, minimum: float, maximum: float) -> float:
    """Return a number within bounds.

    Raises:
        ValueError: `value` is not a number from `minimum` to `maximum`.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not minimum <= value <= maximum:  # type: ignore[operator]
        raise ValueError(f"must be a number from {minimum:g} to {maximum:g}")
    return float(value)  # type: ignore[arg-type]


INTERVAL = (0.1, 86400.0)
"""Minimum and maximum of the seconds between two checks."""
ASK_EVERY = (1.0, 86400.0)
"""Minimum and maximum of the seconds between two rounds of questions to a scheduler."""
MAX_CHECKS = (1.0, 1e9)
"""Minimum and maximum of the checks per second."""


def read_patience(value: object) -> float:
    """Return the seconds to wait for a filesystem that does not answer.

    Raises:
        ValueError: `value` is not a duration within the bounds of `INTERVAL`.
    """
    return read_number(read_span(value), *INTERVAL)


def read_ask_every(value: object) -> float:
    """Return the seconds between two rounds of questions to a scheduler.

    Raises:
        ValueError: `value` is not a duration within the bounds of `ASK_EVERY`.
    """
    return read_number(read_span(value), *ASK_EVERY)


def read_gather(value: object) -> float:
    """Return the seconds for which runs are gathered for one call of a command.

    Raises:
        ValueError: `value` is not a duration of at most a day.
    """
    return read_number(read_span(value), 0.0, INTERVAL[1])


def read_command(value: object) -> tuple[str, ...]:
    """Return a program and its arguments: a command line, split as a shell does.

    Raises:
        ValueError: `value` is no string, or a quote in it is not closed.
    """
    return tuple(shlex.split(_text(value)))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - the caller reports it
    return value


def _stale(config: Config, value: object) -> Config:
    return config._replace(stale_after=StaleAfter(read_span(value), config.stale_after.by_state))


def _stale_in(config: Config, state: str, value: object) -> Config:
    by_state = {**config.stale_after.by_state, state: read_span(value)}
    return config._replace(stale_after=StaleAfter(config.stale_after.default, by_state))


def _colour(config: Config, state: str, value: object) -> Config:
    from rich.color import Color, ColorParseError  # noqa: PLC0415 - not needed without colours

    try:
        Color.parse(_text(value))
    except ColorParseError as error:
        raise ValueError(str(error)) from None
    return config._replace(colours={**config.colours, state: _text(value)})


def _view(config: Config, key: str, value: object) -> Config:
    if len(key) != 1 or key not in "123456789":
        raise ValueError("views are numbered 1 to 9")
    try:
        parse_query(_text(value))
    except QueryError as error:
        raise ValueError(f"{error}, at character {error.position + 1}") from None
    return config._replace(views={**config.views, key: _text(value)})


def _keys(config: Config, action: str, value: object) -> Config:
    return config._replace(keys={**config.keys, action: _text(value)})


def _command(config: Config, key: str, value: object) -> Config:
    return config._replace(commands={**config.commands, key: read_key_command(key, value)})


def _simple(name: str, read: Callable[[object], Any]) -> Callable[[Config, object], Config]:
    """Return the function that stores the result of `read` in the field `name`."""
    return lambda config, value: config._replace(**{name: read(value)})


def _read_roots(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of directories in quotes")
    roots = [with_home(root) for root in map(str, value)]
    return tuple(root if is_remote(root) else os.path.expanduser(root) for root in roots)


_ENTRIES: dict[str, Callable[[Config, object], Config]] = {
    "roots": _simple("roots", _read_roots),
    "columns": _columns,
    "sort": _sort,
    "group": _simple("group", lambda value: _choose(_text(value), GROUPINGS)),
    "theme": _simple("theme", _text),
    "watch": _simple("watch", lambda value: _choose(_text(value), WATCH_MODES)),
    "interval": _simple("interval", lambda value: read_number(value, *INTERVAL)),
    "max-checks": _simple("max_checks", lambda value: read_number(value, *MAX_CHECKS)),
    "stale": _stale,
    "patience": _simple("patience", read_patience),
    "scheduler": _simple("scheduler", lambda value: _choose(_text(value), SCHEDULER_MODES)),
    "ask-every": _simple("ask_every", read_ask_every),
    "job-grace": _simple("job_grace", read_span),
    "cache": _simple("cache", _flag),
    "bell": _simple("bell", _flag),
    "on-problem": _simple("on_problem", read_command),
    "on-end": _simple("on_end", read_command),
    "gather": _simple("gather", read_gather),
    "ascii": _simple("ascii", _flag),
    "campaign": _simple("campaign", _flag),
    "colorblind": _simple("colorblind", _flag),
}
_TABLES: dict[str, Callable[[Config, str, object], Config]] = {
    "stale-in": _stale_in,
    "colours": _colour,
    "views": _view,
    "keys": _keys,
    "commands": _command,
}
_TABLES_OF_TABLES = frozenset({"commands"})
