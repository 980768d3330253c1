"""Named tuples of which very many are kept, and that mostly have default values at their ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

_Kind = TypeVar("_Kind")
_Items: TypeAlias = "tuple[Any, ...]"


def omit_defaults(kind: type[_Kind]) -> type[_Kind]:
    """Have a named tuple not store the last of its fields as long as these have default values.

    A class decorator. Fields are read, compared and replaced as before, by their names alone: how
    many items an instance has depends on their values.
    """
    layout = _Layout(kind)
    complete = kind.__new__

    def _make(cls: type[_Kind], values: Iterable[Any]) -> _Kind:
        items = layout.shortened(tuple(values))
        return cast("_Kind", tuple.__new__(cast("type[_Items]", cls), items))

    def __new__(cls: type[_Kind], *values: Any, **named: Any) -> _Kind:  # noqa: ANN401, N807 - of any fields
        if named:
            # This knows the names, and what is missing.
            values = tuple(cast("_Items", complete(cls, *values, **named)))
        return _make(cls, values)

    def _replace(self: _Kind, **changes: Any) -> _Kind:  # noqa: ANN401 - of any fields
        return _make(type(self), layout.changed(cast("_Items", self), changes))

    methods = {
        "__new__": staticmethod(__new__),
        "_make": classmethod(_make),
        "_replace": _replace,
        "__replace__": _replace,
        "_asdict": _asdict,
        "__repr__": _repr,
    }
    for name, method in {**methods, **layout.readers()}.items():
        setattr(kind, name, method)
    return kind


class _Layout:
    """Which fields a named tuple has, and which of them it may omit.

    Args:
        kind: The class.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - any named tuple
        self._name: str = kind.__name__
        self._fields: tuple[str, ...] = kind._fields
        self._stored = len(kind._fields) - len(kind._field_defaults)
        """How many fields are always stored."""
        self._defaults = [kind._field_defaults[name] for name in kind._fields[self._stored :]]
        """Those of all others."""
        self._places = {name: place for place, name in enumerate(kind._fields)}

    def shortened(self, values: _Items) -> _Items:
        """Return values without those at the end that are defaults.

        Raises:
            TypeError: There are too few or too many of them.
        """
        stored, end = self._stored, len(values)
        if end == stored:
            return values
        if not stored < end <= len(self._fields):
            raise TypeError(f"{self._name} has {stored} to {len(self._fields)} fields, not {end}")
        while end > stored and _is_same(values[end - 1], self._defaults[end - 1 - stored]):
            end -= 1
        return values[:end]

    def changed(self, items: _Items, changes: Mapping[str, Any]) -> list[Any]:
        """Return the values of all fields, some of them changed.

        Raises:
            TypeError: There is no such field.
        """
        values = [*items, *self._defaults[len(items) - self._stored :]]
        for name, value in changes.items():
            if name not in self._places:
                raise TypeError(f"{self._name} has no field {name!r}")
            values[self._places[name]] = value
        return values

    def readers(self) -> dict[str, property]:
        """Return what reads each field that may be omitted, by its name."""
        return {
            self._fields[place]: _reader(place, default)
            for place, default in enumerate(self._defaults, self._stored)
        }


def _is_same(value: object, default: object) -> bool:
    return value is default or value == default


def _reader(place: int, default: object) -> property:
    def read(self: tuple[object, ...]) -> object:
        return self[place] if len(self) > place else default

    return property(read)


def _asdict(self: Any) -> dict[str, Any]:  # noqa: ANN401 - any named tuple
    return {name: getattr(self, name) for name in self._fields}


def _repr(self: Any) -> str:  # noqa: ANN401 - any named tuple
    values = ", ".join(f"{name}={value!r}" for name, value in _asdict(self).items())
    return f"{type(self).__name__}({values})"
