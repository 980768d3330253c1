"""The JSON files of a run as a tree that can be folded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from statustui.core.documents import Document
from statustui.core.text import clean, ignores_case
from statustui.tui.widgets.pager import GONE_ROUND

_LONGEST = 2000
"""Characters of a value that are shown."""
_MOST = 1000
"""Values below one that are shown at the most."""


class Place(NamedTuple):
    """A value in a document."""

    path: tuple[str, ...]
    """The name of the file, then keys and indices."""
    value: Any


class DocumentTree(Tree[Place]):
    """Names and values; what is folded is not made until it is unfolded."""

    BINDING_GROUP_TITLE = "Results"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="results.down"),
        Binding("k", "cursor_up", "Up", show=False, id="results.up"),
        Binding("g", "scroll_home", "First", show=False, id="results.first"),
        Binding("G", "scroll_end", "Last", show=False, id="results.last"),
        Binding("left", "scroll_left", "Look left", show=False, id="results.left"),
        Binding("right", "scroll_right", "Look right", show=False, id="results.right"),
        Binding("enter,space,l", "toggle_node", "Fold", id="results.fold"),
        Binding("n", "match(1)", "Next match", show=False, id="results.next-match"),
        Binding("N", "match(-1)", "Previous match", show=False, id="results.previous-match"),
    ]

    def __init__(self) -> None:
        """Start without documents."""
        super().__init__("", id="results")
        self.show_root = False
        self.auto_expand = False
        self.guide_depth = 2
        self.word = ""
        self._documents: tuple[Document, ...] = ()
        self._texts: list[tuple[tuple[str, ...], str]] = []
        """What can be searched: the way to a value, and its name and the value as text."""

    def show(self, documents: tuple[Document, ...]) -> None:
        """Show these documents, unfolded as they were."""
        open_places = {
            node.data.path for node in self._made_nodes(self.root) if node.data and node.is_expanded
        }
        is_first = not self._documents
        chosen = self.chosen
        self._documents = documents
        self._texts = []
        self.clear()
        for document in documents:
            place = Place((document.name,), document.value)
            if document.trouble is not None:
                label = Text.assemble((document.name, "bold"), f"  {clean(document.trouble)}")
                self.root.add_leaf(label, place._replace(value=document.trouble))
            else:
                self._add(self.root, document.name, place)
        for node in list(self.root.children):
            is_object = isinstance(node.data and node.data.value, dict)
            if node.data and (node.data.path in open_places or (is_first and is_object)):
                self._unfold(node, open_places)
        if documents:
            self._go_to((documents[0].name,) if chosen is None else chosen.path)

    def _made_nodes(self, node: TreeNode[Place]) -> Iterator[TreeNode[Place]]:
        """The nodes that have been made below one."""
        waiting = list(node.children)
        while waiting:
            one = waiting.pop()
            yield one
            waiting += one.children

    def _unfold(self, node: TreeNode[Place], paths: set[tuple[str, ...]]) -> None:
        waiting = [node]
        while waiting:
            one = waiting.pop()
            one.expand()
            self._fill(one)
            waiting += [child for child in one.children if child.data and child.data.path in paths]

    def _add(self, node: TreeNode[Place], name: str, place: Place) -> None:
        value = place.value
        label = Text(clean(name), "bold" if node is self.root else "")
        if isinstance(value, dict | list) and value:
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            label.append(f"  {opening}{len(value):,}{closing}", "dim")
            node.add(label, place)
        else:
            label.append(f"  {clean(shown(value))}"[:_LONGEST], "dim" if value is None else "")
            node.add_leaf(label, place)

    def _fill(self, node: TreeNode[Place]) -> None:
        """Make what is directly below a node, if that has not been done."""
        if node.data is None or node.children:
            return
        path, value = node.data
        inner = items(value)
        for name, below in inner[:_MOST]:
            self._add(node, name, Place((*path, name), below))
        if len(inner) > _MOST:
            node.add_leaf(Text(f"({len(inner) - _MOST:,} more)", "dim"), Place(path, value))

    @on(Tree.NodeExpanded)
    def _fill_unfolded(self, message: Tree.NodeExpanded[Place]) -> None:
        message.stop()
        self._fill(message.node)

    @property
    def chosen(self) -> Place | None:
        """What the cursor is on."""
        return None if self.cursor_node is None else self.cursor_node.data

    # Searching.

    def seek(self, word: str) -> bool:
        """Search for a word as it is typed; whether it is there."""
        self.word = word
        return not word or self._go(1, includes_here=True)

    def action_match(self, direction: int) -> None:
        """Go to the next name or value with what is searched for."""
        if self.word and not self._go(direction):
            self.notify(f"Not found: {clean(self.word)}", timeout=3, markup=False)

    def _go(self, direction: int, *, includes_here: bool = False) -> bool:
        here = None if self.chosen is None else self.chosen.path
        first = last = before = after = None
        is_behind = here is None
        folds = ignores_case(self.word)
        self._texts = self._texts or [(place.path, _text(place)) for place in self._all()]
        for path, text in self._texts:
            is_here = path == here
            is_behind = is_behind or is_here
            if self.word not in (text.lower() if folds else text):
                continue
            first, last = first or path, path
            if is_behind and (includes_here or not is_here):
                after = after or path
            elif not is_behind:
                before = path
        found = after if direction > 0 else before
        if found is None:
            found = first if direction > 0 else last
            if found is None:
                return False
            if not includes_here:
                self.notify(GONE_ROUND[direction], timeout=3)
        self._go_to(found)
        return True

    def _all(self) -> Iterator[Place]:
        """Every value of the documents, as it would stand in the unfolded tree."""
        waiting = [
            Place((document.name,), document.value)
            for document in reversed(self._documents)
            if document.trouble is None
        ]
        while waiting:
            place = waiting.pop()
            yield place
            inner = [Place((*place.path, name), value) for name, value in items(place.value)]
            waiting += inner[:_MOST][::-1]

    def _go_to(self, path: tuple[str, ...]) -> None:
        """Put the cursor on a value, unfolding what is around it."""
        node = self.root
        for depth in range(1, len(path) + 1):
            if node is not self.root:
                node.expand()
                self._fill(node)
            inner = (child for child in node.children if child.data is not None)
            found = next((one for one in inner if one.data and one.data.path == path[:depth]), None)
            if found is None:
                break
            node = found
        if node is not self.root:
            self.call_after_refresh(self.move_cursor, node)


def _text(place: Place) -> str:
    """The name of a value, and the value if it is not made of others."""
    name, value = place.path[-1], place.value
    return name if isinstance(value, dict | list) else f"{name} {shown(value)}"


def items(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - whatever JSON can hold
    """The names and values directly below a value."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(index), below) for index, below in enumerate(value)]
    return []


def shown(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A value as text: a string as it is, anything else as JSON."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"
