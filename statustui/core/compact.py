"""Named tuples of which very many are kept, and that mostly have default values at their ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

_Kind = TypeVar("_Kind")


def omit_defaults(kind: type[_Kind]) -> type[_Kind]:
    """Have a named tuple not store the last of its fields as long as these have default values.

    A class decorator. Fields are read, compared and replaced as before, by their names alone: how
    many items an instance has depends on their values.
    """
    fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    defaults: dict[str, Any] = kind._field_defaults  # type: ignore[attr-defined]
    stored = len(fields) - len(defaults)
    omitted = [(index, defaults[fields[index]]) for index in range(stored, len(fields))]
    complete = kind.__new__

    def _make(cls: type[_Kind], values: Iterable[Any]) -> _Kind:
        own = tuple(values)
        end = len(own)
        while end > stored and _is_default(own[end - 1], omitted[end - 1 - stored][1]):
            end -= 1
        return cast("_Kind", tuple.__new__(cast("type[tuple[Any, ...]]", cls), own[:end]))

    def __new__(cls: type[_Kind], *values: Any, **named: Any) -> _Kind:  # noqa: ANN401, N807 - of any fields
        if named or len(values) < stored:
            # This knows the names, and what is missing.
            values = tuple(cast("tuple[Any, ...]", complete(cls, *values, **named)))
        return _make(cls, values)

    def _asdict(self: _Kind) -> dict[str, Any]:
        return {name: getattr(self, name) for name in fields}

    def _replace(self: _Kind, **changes: Any) -> _Kind:  # noqa: ANN401 - of any fields
        return __new__(type(self), **{**_asdict(self), **changes})

    def __repr__(self: _Kind) -> str:  # noqa: N807 - the method of the class
        values = ", ".join(f"{name}={value!r}" for name, value in _asdict(self).items())
        return f"{kind.__name__}({values})"

    methods = {
        "__new__": staticmethod(__new__),
        "_make": classmethod(_make),
        "_asdict": _asdict,
        "_replace": _replace,
        "__repr__": __repr__,
    }
    for name, method in methods.items():
        setattr(kind, name, method)
    for index, default in omitted:
        setattr(kind, fields[index], _reader(index, default))
    return kind


def _is_default(value: object, default: object) -> bool:
    return value is default or value == default


def _reader(index: int, default: object) -> property:
    """Return what reads the item of a tuple at an index, which may not be stored."""

    def read(self: tuple[object, ...]) -> object:
        return self[index] if len(self) > index else default

    return property(read)
