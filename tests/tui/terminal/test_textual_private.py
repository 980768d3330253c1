"""Private parts of Textual: each is still there, and no other one is used."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from textual.dom import DOMNode
from textual.driver import Driver

import statustui.tui
from statustui.tui.terminal import textual_private
from statustui.tui.terminal.textual_private import PRIVATE_PARTS, PrivatePart

ROOT = Path(statustui.tui.__file__).parent


def find(path: str) -> object:
    """Return the module, class or function called ``module:name``."""
    module, _colon, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


@cache
def assigned_in(owner: type) -> frozenset[str]:
    """Return the attributes that the methods of a class set on ``self``."""
    return frozenset(
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(owner)))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def has_part(owner: object, name: str) -> bool:
    """Whether a class of Textual has an attribute, or a function works with one."""
    if not inspect.isclass(owner):
        return callable(owner) and f'"{name}"' in inspect.getsource(owner)
    bases = [base for base in inspect.getmro(owner) if base.__module__.startswith("textual")]
    return hasattr(owner, name) or any(name in assigned_in(base) for base in bases)


@pytest.mark.parametrize("part", PRIVATE_PARTS, ids=lambda part: f"{part.owner}.{part.name}")
def test_textual_still_has_each_private_part(part: PrivatePart) -> None:
    """If not, the failure names the part, what uses it and what it does for us."""
    consequence = (
        f"Textual has changed: {part.owner} has no {part.name} any more. "
        f"{part.user} in textual_private.py needs it to: {part.reason}"
    )
    try:
        owner = find(part.owner)
    except (ImportError, AttributeError) as error:
        pytest.fail(f"{consequence} ({error})")
    if not has_part(owner, part.name):
        pytest.fail(consequence)


@pytest.mark.parametrize("part", PRIVATE_PARTS, ids=lambda part: f"{part.owner}.{part.name}")
def test_each_listed_part_is_used(part: PrivatePart) -> None:
    """By the class or function that the list names."""
    source = inspect.getsource(getattr(textual_private, part.user))
    assert part.name in source or part.user == "make_key_parser"


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax tree of every module of the screens."""
    for info in pkgutil.walk_packages([str(ROOT)], "statustui.tui."):
        path = importlib.import_module(info.name).__file__
        assert path is not None
        yield info.name, ast.parse(Path(path).read_text("utf-8"))


def test_only_one_module_imports_private_modules_of_textual() -> None:
    """Except for types, which are not there at run time."""
    offenders = [
        name
        for name, tree in modules()
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and "textual." in (node.module or "")
        if any(part.startswith("_") for part in (node.module or "").split("."))
    ]
    assert set(offenders) == {"statustui.tui.terminal.textual_private"}


def is_private(name: str) -> bool:
    """Whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.slow
def test_no_other_class_uses_or_hides_a_private_attribute_of_its_base() -> None:
    """Neither on purpose nor by a name of ours that Textual happens to have too."""
    listed = {part.name for part in PRIVATE_PARTS}
    found = []
    for name, tree in modules():
        module = importlib.import_module(name)
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            bases = [
                base
                for base in inspect.getmro(getattr(module, node.name))
                if base.__module__.startswith("textual") and issubclass(base, DOMNode | Driver)
            ]
            theirs = {
                attribute
                for base in bases
                for attribute in (*vars(base), *assigned_in(base))
                if is_private(attribute)
            }
            used = {
                one.attr
                for one in ast.walk(node)
                if isinstance(one, ast.Attribute)
                and isinstance(one.value, ast.Name)
                and one.value.id == "self"
            }
            used |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
            found += [
                f"{name}:{node.name}.{attribute}"
                for attribute in sorted(used & theirs)
                if not (module is textual_private and attribute in listed)
            ]
    assert found == []
