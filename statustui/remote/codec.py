"""Values as JSON, by their types: what arrives is checked against the type that is expected.

The other side may be anybody. A value of another type, too long a list, an infinite number or a
path outside of its root ends the decoding with a `CodecError`; too long a text is cut. What all of
a message can hold is bounded by the size of a frame.
"""

from __future__ import annotations

import enum
import math
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import (
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from statustui.core.status_info import StatusInfo
from statustui.core.text import clean
from statustui.core.times import in_range
from statustui.remote.paths import PathError, Paths

_MAX_NUMBER = 2**63
"""Magnitude that no number of ours reaches."""
_MAX_TEXT = 1 << 16
"""Characters of one text; what is longer is cut."""
_MAX_ITEMS = 1 << 20
"""Values of one list, other than in a document."""
_MAX_DEPTH, _MAX_BITS = 64, 256
"""Levels of a document, and bits of an integer in it."""
_LEFT_OUT = "…"
"""Stands for a part of a document that is beyond these bounds."""
_PATH_FIELDS = frozenset({"root", "path"})
"""Fields of any type that hold paths."""
_TIME_FIELDS = frozenset({"as_of", "at"})
"""Fields of any type that hold times of this program's own."""
_CLEAN_FIELDS = frozenset(
    {
        *("basis", "before", "fallback", "filesystem", "here", "line", "name", "problem", "text"),
        *("there", "trouble"),
    }
)
"""Fields of any type that are printed as they are: their texts must be safe for a terminal."""

Value = TypeVar("Value")
Coder = Callable[[Any, Paths], Any]
"""Encodes or decodes a value, given the names of the roots."""


class CodecError(ValueError):
    """What has arrived is not what was expected."""


class Codec(NamedTuple):
    """How to encode and decode values of one type."""

    encode: Coder
    decode: Coder


def encode(kind: Any, value: Any, paths: Paths) -> Any:  # noqa: ANN401 - a type, or a form of `typing`
    """Return a value as what `json` can write."""
    return codec_of(kind).encode(value, paths)


def decode(kind: type[Value], data: object, paths: Paths) -> Value:
    """Return the value in what `json` has read.

    Raises:
        CodecError: It is not a value of that type.
    """
    try:
        return cast("Value", codec_of(cast("Any", kind)).decode(data, paths))
    except PathError as error:
        raise CodecError(str(error)) from None


def read_text(data: object) -> str:
    """Return a text that can be treated as if it came from a file.

    Raises:
        CodecError: It is not a text.
    """
    if type(data) is not str:
        raise CodecError(f"{type(data).__name__} instead of a text")
    text = data if len(data) <= _MAX_TEXT else data[:_MAX_TEXT]
    if not text.isascii():
        try:
            # Names of files may have bytes that are not UTF-8; other surrogates have no meaning.
            text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return text.encode("utf-8", "replace").decode()
    return text


def read_number(data: object) -> float:
    """Return a finite number.

    Raises:
        CodecError: It is none.
    """
    if type(data) not in {int, float}:
        raise CodecError(f"{type(data).__name__} instead of a number")
    number = cast("float", data)
    if not -_MAX_NUMBER < number < _MAX_NUMBER or not math.isfinite(number):
        raise CodecError("a number out of bounds")
    return float(number)


def _read_time(data: object) -> float:
    time = in_range(read_number(data))
    if time is None:
        raise CodecError("a time out of bounds")
    return time


def read_integer(data: object) -> int:
    """Return an integer.

    Raises:
        CodecError: It is none.
    """
    if type(data) is not int or not -_MAX_NUMBER < data < _MAX_NUMBER:
        raise CodecError("no integer, or one out of bounds")
    return data


def _read_flag(data: object) -> bool:
    if type(data) is not bool:
        raise CodecError(f"{type(data).__name__} instead of true or false")
    return data


def read_list(data: object) -> list[Any]:
    """Return a list.

    Raises:
        CodecError: It is none, or too long.
    """
    if type(data) is not list:
        raise CodecError(f"{type(data).__name__} instead of a list")
    if len(data) > _MAX_ITEMS:
        raise CodecError(f"a list of {len(data):,} values")
    return data


def read_items(data: object, count: int) -> list[Any]:
    """Return a list of `count` values.

    Raises:
        CodecError: It is none.
    """
    found = read_list(data)
    if len(found) != count:
        raise CodecError(f"{len(found):,} values instead of {count}")
    return found


def read_table(data: object) -> dict[str, Any]:
    """Return a dictionary.

    Raises:
        CodecError: It is none.
    """
    if type(data) is not dict:
        raise CodecError(f"{type(data).__name__} instead of an object")
    return data


def _plain(read: Callable[[object], Any]) -> Codec:
    return Codec(lambda value, _paths: value, lambda data, _paths: read(data))


_TEXT, _NUMBER, _INTEGER = _plain(read_text), _plain(read_number), _plain(read_integer)
_TIME = _plain(_read_time)
_CLEAN = _plain(lambda data: clean(read_text(data)))
_PATH = Codec(
    lambda value, paths: paths.encode(value), lambda data, paths: paths.decode(read_text(data))
)
_STATUS = Codec(
    lambda value, _paths: [value.state, value.note, value.timestamp],
    lambda data, _paths: read_status(data),
)


def read_status(data: object) -> StatusInfo:
    """Return a status, whose time is in seconds since 1970 on the line; None if out of range.

    Raises:
        CodecError: It is none.
    """
    state, note, time = read_items(data, 3)
    when = None if time is None else in_range(read_number(time))
    return StatusInfo.read(read_text(state), read_text(note), when)


_ANY = Codec(lambda value, _paths: _bounded(value), lambda data, _paths: _bounded(data))
_SIMPLE: dict[Any, Codec] = {
    float: _NUMBER,
    int: _INTEGER,
    bool: _plain(_read_flag),
    StatusInfo: _STATUS,
    Any: _ANY,
    object: _ANY,
}


@lru_cache(maxsize=256)
def codec_of(kind: Any, field: str = "") -> Codec:  # noqa: ANN401 - a type, or a form of `typing`
    """Return the codec of a type, in a field of that name of another one."""
    if kind is str:
        if field in _PATH_FIELDS:
            return _PATH
        return _CLEAN if field in _CLEAN_FIELDS else _TEXT
    if kind in _SIMPLE:
        return _TIME if kind is float and field in _TIME_FIELDS else _SIMPLE[kind]
    origin = get_origin(kind)
    if origin is not None:
        return _codec_of_form(kind, origin, field)
    if issubclass(kind, enum.Enum):
        return _choice({member.value: member for member in kind}, lambda value: value.value)
    return _record(kind)


def _codec_of_form(kind: Any, origin: Any, field: str) -> Codec:  # noqa: ANN401 - as above
    """Return the codec of a type with parameters."""
    parts = get_args(kind)
    if origin is Literal:
        return _choice({part: part for part in parts}, lambda value: value)
    if origin in {Union, types.UnionType}:
        [inner] = [codec_of(part, field) for part in parts if part is not types.NoneType]
        return Codec(
            lambda value, paths: None if value is None else inner.encode(value, paths),
            lambda data, paths: None if data is None else inner.decode(data, paths),
        )
    # A field `paths` holds several.
    codecs = [codec_of(part, field.removesuffix("s")) for part in parts if part is not Ellipsis]
    if issubclass(origin, tuple) and Ellipsis not in parts:
        return _fixed(codecs, tuple)
    if issubclass(origin, Mapping):
        return _mapping(*codecs)
    if issubclass(origin, tuple | Sequence | AbstractSet):
        made = frozenset if issubclass(origin, AbstractSet) else list if origin is list else tuple
        return _sequence(codecs[0], made)
    raise TypeError(f"{kind} cannot cross a connection")


def _choice(choices: dict[Any, Any], write: Callable[[Any], Any]) -> Codec:
    def decode_choice(data: Any, _paths: Paths) -> Any:  # noqa: ANN401 - as above
        if type(data) is not str or data not in choices:
            raise CodecError("a word that is not one of those known")
        return choices[data]

    return Codec(lambda value, _paths: write(value), decode_choice)


def _sequence(item: Codec, make: Callable[[Any], Any]) -> Codec:
    return Codec(
        lambda value, paths: [
            item.encode(one, paths)
            for one in (sorted(value) if isinstance(value, AbstractSet) else value)
        ],
        lambda data, paths: make([item.decode(one, paths) for one in read_list(data)]),
    )


def _mapping(key: Codec, item: Codec) -> Codec:
    pair = _fixed([key, item], tuple)
    return Codec(
        lambda value, paths: [pair.encode(one, paths) for one in value.items()],
        lambda data, paths: dict(pair.decode(one, paths) for one in read_list(data)),
    )


def _fixed(codecs: Sequence[Codec], make: Callable[[Any], Any]) -> Codec:
    """Return the codec of values with a part for each of `codecs`."""
    encoders, decoders = [one.encode for one in codecs], [one.decode for one in codecs]

    def encode_parts(value: Any, paths: Paths) -> list[Any]:  # noqa: ANN401 - as above
        return [write(part, paths) for write, part in zip(encoders, value, strict=True)]

    def decode_parts(data: Any, paths: Paths) -> Any:  # noqa: ANN401 - as above
        parts = read_items(data, len(decoders))
        return make(read(part, paths) for read, part in zip(decoders, parts, strict=True))

    return Codec(encode_parts, decode_parts)


def _record(kind: Any) -> Codec:  # noqa: ANN401 - as above
    """Return the codec of a named tuple or a dataclass: a list of the values of its fields."""
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind)] if is_dataclass(kind) else list(kind._fields)
    parts = _fixed([codec_of(hints[name], name) for name in names], lambda found: kind(*found))
    return Codec(
        lambda value, paths: parts.encode([getattr(value, name) for name in names], paths),
        parts.decode,
    )


def _bounded(data: object, depth: int = 0) -> object:
    """Return any JSON value with its texts made valid; what is too deep or too long is left out."""
    if isinstance(data, str):
        return read_text(data)
    if isinstance(data, list | dict) and depth > _MAX_DEPTH:
        return _LEFT_OUT
    if isinstance(data, list):
        return [_bounded(one, depth + 1) for one in data]
    if isinstance(data, dict):
        return {read_text(name): _bounded(one, depth + 1) for name, one in data.items()}
    if isinstance(data, int) and data.bit_length() > _MAX_BITS:
        return _LEFT_OUT
    return data
