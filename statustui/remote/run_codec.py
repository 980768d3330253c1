"""Many runs as columns of JSON, which compress well.

Each column holds one field of all the runs. A column in which values repeat holds each value once,
and its number for each run. Times are in microseconds since a time that the reader knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, get_type_hints

from statustui.core.run import Run, RunMetadata
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import STATE_BYTES
from statustui.core.status_summary import NOTE_BYTES
from statustui.core.times import in_range
from statustui.remote.codec import (
    Codec,
    CodecError,
    codec_of,
    read_integer,
    read_items,
    read_list,
    read_number,
    read_status,
    read_table,
    read_text,
)
from statustui.remote.paths import Paths

MAX_RUNS = 10_000
"""Runs that are read at a time."""
MAX_ROOT_RUNS = 2_000_000
"""Runs of one root."""
_MAX_NOTE = NOTE_BYTES + STATE_BYTES
"""Characters of a note, with what this program says in front of one."""
_MICROSECONDS = 1e6
_SAME = "="
"""Stands for a value that another field of the run has too."""

_Result = Literal["PASS", "FAIL", "ERROR"]
_RESULTS = frozenset({"result", "status_result", "results_file"})
_HINTS = get_type_hints(Run)
_SPECIAL = (
    *("root", "path", "own_id", "metadata", "current", "problem", "stage"),
    *("is_muted", "is_cleaned"),
)
"""Fields with a form of their own. Whether a run is muted is known on this side alone; what is
sent is in the tree."""
_TIMES = [name for name in Run._fields if _HINTS[name] == float | None]
_PLAIN = [name for name in Run._fields if name not in {*_SPECIAL, *_TIMES}]
"""All the other fields."""


def _read_problem(data: object, _paths: Paths) -> StatusInfo | str | None:
    if data is None or data == _SAME:
        return None if data is None else _SAME
    status = read_status(data)
    return StatusInfo.read(status.state, status.note[:_MAX_NOTE], status.time)


_PROBLEM = Codec(
    lambda value, _paths: (
        [value.state, value.note, value.timestamp] if isinstance(value, StatusInfo) else value
    ),
    _read_problem,
)
_CODECS: dict[str, Codec] = {
    "path": codec_of(str, "path"),
    "id": codec_of(str | None),
    "state": codec_of(str),
    "note": Codec(lambda value, _paths: value, lambda data, _paths: read_text(data)[:_MAX_NOTE]),
    "problem": _PROBLEM,
    "stage": codec_of(str | None),
    **{f"metadata.{name}": codec_of(str) for name in RunMetadata._fields},
    **{
        name: codec_of(_Result | None if name in _RESULTS else _HINTS[name], name)
        for name in _PLAIN
    },
}
"""Column -> how its values are encoded."""


def encode_runs(runs: Sequence[Run], paths: Paths) -> dict[str, Any]:
    """Return runs as what `json` can write."""
    columns = _columns_of(runs, paths)
    began = [in_range(run.started) for run in runs]
    started = [time or 0.0 for time in began]
    now = [in_range(run.current.timestamp) for run in runs]
    before = [0.0, *_known(began)]
    times: list[list[Any]] = [list(map(_encode_time, now, started))]
    for name in _TIMES:
        values = [in_range(getattr(run, name)) for run in runs]
        bases = before if name == "started" else started
        times.append(
            [
                _SAME if value == moment and name != "started" else _encode_time(value, base)
                for value, moment, base in zip(values, now, bases, strict=False)
            ]
        )
    return {
        "count": len(runs),
        "fields": [
            _encode_column(columns[name], codec.encode, paths) for name, codec in _CODECS.items()
        ],
        "times": [_shortened(column) for column in times],
    }


def _columns_of(runs: Sequence[Run], paths: Paths) -> dict[str, list[Any]]:
    """Return the columns of `_CODECS`."""
    return {
        "path": [run.path for run in runs],
        # The last part of a root may be another one on the other side: `7` is `host:7` there.
        "id": [
            None if run.id == os.path.basename(run.path) and run.path not in paths.roots else run.id
            for run in runs
        ],
        "state": [run.current.state for run in runs],
        "note": [run.current.note for run in runs],
        "problem": [
            _SAME if run.problem is not None and run.problem == run.current else run.problem
            for run in runs
        ],
        "stage": [None if run.stage == run.current.state else run.stage for run in runs],
        **{
            f"metadata.{name}": [getattr(run.metadata, name) for run in runs]
            for name in RunMetadata._fields
        },
        **{name: [getattr(run, name) for run in runs] for name in _PLAIN},
    }


def decode_runs(data: object, paths: Paths) -> list[Run]:
    """Return the runs in what `json` has read.

    Args:
        data: What `encode_runs` has returned on the other side.
        paths: The names of the roots on this side.

    Raises:
        CodecError: These are no runs.
        ValueError: A path belongs to no root.
    """
    found = read_table(data)
    count = read_integer(found.get("count"))
    fields, times = read_list(found.get("fields")), read_list(found.get("times"))
    if not 0 <= count <= MAX_RUNS or len(fields) != len(_CODECS) or len(times) != 1 + len(_TIMES):
        raise CodecError("runs with other columns")
    columns: dict[str, Sequence[Any]] = {
        name: _decode_column(column, count, codec.decode, paths)
        for column, (name, codec) in zip(fields, _CODECS.items(), strict=True)
    }
    columns.update(_decode_all_times(times, count))
    states, notes, now = columns["state"], columns["note"], columns["now"]
    current = list(map(StatusInfo.read, states, notes, now))
    columns["current"] = current
    columns["root"] = [_root_of(path, paths) for path in columns["path"]]
    columns["own_id"] = [
        "" if own == os.path.basename(path) else own or ""
        for own, path in zip(columns["id"], columns["path"], strict=True)
    ]
    columns["stage"] = _filled(columns["stage"], states, None)
    columns["problem"] = _filled(columns["problem"], current, _SAME)
    columns["metadata"] = list(
        map(RunMetadata, *(columns[f"metadata.{name}"] for name in RunMetadata._fields))
    )
    columns["is_muted"] = columns["is_cleaned"] = [False] * count
    return list(map(Run._make, zip(*(columns[name] for name in Run._fields), strict=True)))


def _filled(values: Sequence[Any], others: Sequence[Any], missing: object) -> list[Any]:
    """Return values with those of `others` where there is the sign for a missing one."""
    return [
        other if value is missing or value == missing else value
        for value, other in zip(values, others, strict=True)
    ]


def _decode_all_times(data: Sequence[object], count: int) -> dict[str, list[float | None]]:
    """Return the columns of times; that of the current status is called ``now``.

    A time that no `datetime` can have is None, as in the files of this host.
    """
    columns: dict[str, list[float | None]] = {}
    started = _decode_started(data[1 + _TIMES.index("started")], count)
    bases = [time or 0.0 for time in started]
    now = list(map(_decode_time, _column(data[0], count), bases))
    for name, column in zip(_TIMES, data[1:], strict=True):
        columns[name] = [
            moment if one == _SAME else _decode_time(one, base)
            for one, moment, base in zip(_column(column, count), now, bases, strict=True)
        ]
    return {**columns, "now": now, "started": started}


def _root_of(path: str, paths: Paths) -> str:
    number = paths.number_of(path)
    if number is None:
        raise CodecError("a run outside of the roots")
    return paths.roots[number]


def _encode_column(values: Sequence[Any], encode: Callable[..., Any], paths: Paths) -> Any:  # noqa: ANN401 - JSON
    """Return a column: all values, or each value once with the numbers of the runs' values."""
    numbers: dict[Any, int] = {}
    at = [numbers.setdefault(value, len(numbers)) for value in values]
    once = [encode(value, paths) for value in numbers]
    return once if len(once) == len(values) else {"values": once, "at": _shortened(at)}


def _shortened(values: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON
    """Return a column of simple values: only one value if all are the same."""
    return {"all": values[0]} if values and set(values) == {values[0]} else list(values)


def _column(data: object, count: int) -> Sequence[Any]:
    """Return the values of a column of simple values.

    Raises:
        CodecError: There are more or fewer of them.
    """
    if isinstance(data, dict):
        return [data.get("all")] * count
    return read_items(data, count)


def _decode_column(
    data: object, count: int, decode: Callable[..., Any], paths: Paths
) -> Sequence[Any]:
    if not isinstance(data, dict):
        return [decode(value, paths) for value in _column(data, count)]
    once = [decode(value, paths) for value in read_list(data.get("values"))]
    at = [read_integer(number) for number in _column(data.get("at"), count)]
    if at and not 0 <= min(at) <= max(at) < len(once):
        raise CodecError("the number of a value that is not there")
    return [once[number] for number in at]


def _known(times: Sequence[float | None]) -> Iterator[float]:
    """Yield for each time the last one that is known by then; 0 if there is none."""
    last = 0.0
    for time in times:
        last = last if time is None else time
        yield last


def _encode_time(time: float | None, base: float) -> int | float | None:
    """Return a time as microseconds since `base`, or as it is if that would not be exact."""
    if time is None:
        return None
    micros = round(time * _MICROSECONDS)
    return micros - round(base * _MICROSECONDS) if micros / _MICROSECONDS == time else time


def _decode_time(data: object, base: float) -> float | None:
    if data is None or isinstance(data, float):
        return None if data is None else in_range(read_number(data))
    return in_range((read_integer(data) + round(base * _MICROSECONDS)) / _MICROSECONDS)


def _decode_started(data: object, count: int) -> list[float | None]:
    """Return the times of the first statuses, each of which is sent as since the one before."""
    times: list[float | None] = []
    last = 0.0
    for one in _column(data, count):
        time = _decode_time(one, last)
        last = last if time is None else time
        times.append(time)
    return times
