"""Many runs as columns of JSON, which compress well.

Each column holds one field of all the runs. A column in which values repeat holds each value once,
and its number for each run. Times are in microseconds since a time that the reader knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, cast, get_type_hints

from statustui.core.categories import Category
from statustui.core.job import Job
from statustui.core.members import Members
from statustui.core.run import Kind, Run, RunMetadata, Stall
from statustui.core.status_info import StatusInfo
from statustui.remote.codec import (
    CodecError,
    codec_of,
    read_integer,
    read_list,
    read_number,
    read_table,
)
from statustui.remote.paths import Paths

MAX_RUNS = 10_000
"""Runs that are read at a time."""
_Result = Literal["PASS", "FAIL", "ERROR"]
_MICROSECONDS = 1e6
_SAME = "="
"""Stands for a value that another field of the run has too."""


class _Row(NamedTuple):
    """A run, as it crosses the line."""

    path: str
    id: str | None
    """None if it is the last part of the path."""
    test: str
    """`Run.name`."""
    user: str
    series: str
    kind: Kind
    state: str
    note: str
    category: Category
    problem: StatusInfo | None
    is_problem_current: bool
    """Whether the current status is the problem; `problem` is then None."""
    result: _Result | None
    status_count: int
    seen: frozenset[str]
    error: str | None
    stage: str | None
    """None if it is the current state."""
    has_run_complete: bool
    stall: Stall | None
    recovered: StatusInfo | None
    is_abandoned: bool
    status_result: _Result | None
    results_file: _Result | None
    members: Members | None
    job: Job | None


_CODECS = [codec_of(kind, name) for name, kind in get_type_hints(_Row).items()]
_TIMES = 3
"""Columns of times: of the first status, of the current one, and of `Run.updated_at`."""


def encode_runs(runs: Sequence[Run], paths: Paths) -> dict[str, Any]:
    """Return runs as what `json` can write."""
    rows = [_row(run) for run in runs]
    columns = [
        _encode_column([row[number] for row in rows], codec.encode, paths)
        for number, codec in enumerate(_CODECS)
    ]
    started = [run.started for run in runs]
    current = [run.current.timestamp for run in runs]
    updated = [
        _SAME if run.updated_at == time else _encode_time(run.updated_at, 0.0)
        for run, time in zip(runs, current, strict=True)
    ]
    return {
        "count": len(runs),
        "fields": columns,
        "times": [
            [*map(_encode_time, started, [0.0, *_known(started)])],
            [*map(_encode_time, current, [time or 0.0 for time in started])],
            _shortened(updated),
        ],
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
    if not 0 <= count <= MAX_RUNS or len(fields) != len(_CODECS) or len(times) != _TIMES:
        raise CodecError("runs with other columns")
    columns = [
        _decode_column(column, count, codec.decode, paths)
        for column, codec in zip(fields, _CODECS, strict=True)
    ]
    started = _decode_times(times[0], count)
    current = _decode_times(times[1], count, started)
    last = _column(times[2], count)
    updated = [
        time if one == _SAME else _decode_time(one, 0.0)
        for one, time in zip(last, current, strict=True)
    ]
    rows = map(_Row._make, zip(*columns, strict=True))
    return [
        _run(row, paths.roots[_root_number(row.path, paths)], *moments)
        for row, *moments in zip(rows, started, current, updated, strict=True)
    ]


def _root_number(path: str, paths: Paths) -> int:
    number = paths.number_of(path)
    if number is None:
        raise CodecError("a run outside of the roots")
    return number


def _row(run: Run) -> _Row:
    current, metadata, problem = run.current, run.metadata, run.problem
    is_problem_current = problem is not None and problem == current
    return _Row(
        path=run.path,
        id=None if run.id == _last_part(run.path) else run.id,
        test=metadata.name,
        user=metadata.user,
        series=metadata.series,
        kind=run.kind,
        state=current.state,
        note=current.note,
        category=run.category,
        problem=None if is_problem_current else problem,
        is_problem_current=is_problem_current,
        result=cast("_Result | None", run.result),
        status_count=run.status_count,
        seen=run.seen,
        error=run.error,
        stage=None if run.stage == current.state else run.stage,
        has_run_complete=run.has_run_complete,
        stall=run.stall,
        recovered=run.recovered,
        is_abandoned=run.is_abandoned,
        status_result=cast("_Result | None", run.status_result),
        results_file=cast("_Result | None", run.results_file),
        members=run.members,
        job=run.job,
    )


def _run(
    row: _Row, root: str, started: float | None, current: float | None, updated: float | None
) -> Run:
    status = StatusInfo.read(row.state, row.note, current)
    return Run(
        root=root,
        path=row.path,
        id=_last_part(row.path) if row.id is None else row.id,
        metadata=RunMetadata(row.test, row.user, row.series),
        kind=row.kind,
        current=status,
        category=row.category,
        problem=status if row.is_problem_current else row.problem,
        result=row.result,
        status_count=row.status_count,
        seen=row.seen,
        started=started,
        updated_at=updated,
        error=row.error,
        stage=row.state if row.stage is None else row.stage,
        has_run_complete=row.has_run_complete,
        stall=row.stall,
        recovered=row.recovered,
        is_abandoned=row.is_abandoned,
        status_result=row.status_result,
        results_file=row.results_file,
        members=row.members,
        job=row.job,
    )


def _last_part(path: str) -> str:
    return os.path.basename(path)


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
    found = read_list(data)
    if len(found) != count:
        raise CodecError("a column of another length")
    return found


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
        return None if data is None else read_number(data)
    return read_number((read_integer(data) + round(base * _MICROSECONDS)) / _MICROSECONDS)


def _decode_times(
    data: object, count: int, bases: Sequence[float | None] | None = None
) -> list[float | None]:
    """Return a column of times, each since its base, or since the one before."""
    times: list[float | None] = []
    last = 0.0
    for one, base in zip(_column(data, count), bases or [None] * count, strict=True):
        time = _decode_time(one, last if bases is None else base or 0.0)
        last = last if time is None else time
        times.append(time)
    return times
