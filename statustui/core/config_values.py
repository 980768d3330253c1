"""Names and values in the JSON files and the configuration of a run.

Pavilion 2.1.1 writes ``config`` as JSON, 2.4 as YAML. Of YAML only what Pavilion writes is read:
names with values, one below the other, those inside others indented.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_MAX_VALUES = 20_000
"""Values read of one file."""


def format_value(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a string as it is, and any other value as JSON."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


def flatten(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return the values in a JSON value, by their dotted names.

    A list without objects or lists in it is one value, and so is an empty object. Of very many
    values, the first `_MAX_VALUES` are returned.
    """
    found: dict[str, Any] = {}
    waiting = [("", value)]
    while waiting and len(found) < _MAX_VALUES:
        name, one = waiting.pop()
        inner = _inner(one)
        if inner:
            way = f"{name}." if name else ""
            waiting += [(f"{way}{key}", below) for key, below in reversed(inner.items())]
        elif name:
            found[name] = one
    return found


def _inner(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return what is in an object, or in a list that has objects or lists."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return {str(index): one for index, one in enumerate(value)}
    return {}


def read_config(text: str) -> dict[str, Any]:
    """Return the values of the configuration of a run, by their dotted names."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _read_indented(text)
    return flatten(value) if isinstance(value, dict) else {}


def _read_indented(text: str) -> dict[str, Any]:
    """Return the values of a text in which names and values are indented, as in YAML.

    What continues a value, or is an item of a list on a line of its own, is added to it.
    """
    found: dict[str, Any] = {}
    texts: dict[str, list[str]] = {}
    way: list[tuple[int, str]] = []
    for line in text.splitlines()[:_MAX_VALUES]:
        body = line.strip()
        if not body or body.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        is_item = body.startswith("- ")
        while way and way[-1][0] >= indent + is_item:
            way.pop()
        name, colon, value = body.partition(":")
        if not colon or is_item or value[:1].strip():
            place = ".".join(part for _indent, part in way) or body
            _continue_value(found, texts, place, body)
            continue
        way.append((indent, name))
        if value.strip():
            place = ".".join(part for _indent, part in way)
            found[place] = _read_flow(value.strip())
            texts.pop(place, None)
    return {**found, **{place: " ".join(parts) for place, parts in texts.items()}}


def _continue_value(
    found: dict[str, Any], texts: dict[str, list[str]], name: str, body: str
) -> None:
    """Add a line to a value: an item of a list, or more of a text.

    Args:
        found: The values so far.
        texts: Name -> the parts of a value that is continued, which are joined at the end.
        name: The name of the value.
        body: The line.
    """
    before = found.get(name)
    if body.startswith("- "):
        texts.pop(name, None)
        if isinstance(before, list):
            before.append(body[2:])
        else:
            found[name] = [body[2:]]
        return
    parts = texts.get(name)
    if parts is None:
        parts = texts[name] = [] if before is None else [format_value(before)]
        # It keeps its place among the values.
        found[name] = ""
    parts.append(body)


def _read_flow(value: str) -> str | list[str]:
    """Return a value; a list where it is one in brackets."""
    if not (value.startswith("[") and value.endswith("]")):
        return value
    return [item for part in value[1:-1].split(",") if (item := part.strip())]


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the values but for the one of a name, and for those inside it."""
    return {
        key: value
        for key, value in values.items()
        if key != name and not key.startswith(f"{name}.")
    }
