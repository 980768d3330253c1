"""The JSON files of a run as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from statustui.core.config_values import format_value
from statustui.core.documents import Document
from statustui.core.text import clean, ignores_case
from statustui.tui.widgets.pager import WRAPPED

_MAX_VALUE = 2000
"""Characters of a value that are shown."""
_MAX_CHILDREN = 1000
"""Values of one object or array that are shown."""


class DocumentValue(NamedTuple):
    """A value in a document."""

    path: tuple[str, ...]
    """The name of the file, then keys and indices."""
    value: Any


class DocumentTree(Tree[DocumentValue]):
    """Names and values; the content of a folded node is made when it is first unfolded."""

    BINDING_GROUP_TITLE = "Results"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="results.down"),
        Binding("k", "cursor_up", "Up", show=False, id="results.up"),
        Binding("g", "scroll_home", "First", show=False, id="results.first"),
        Binding("G", "scroll_end", "Last", show=False, id="results.last"),
        Binding("left", "scroll_left", "Scroll left", show=False, id="results.left"),
        Binding("right", "scroll_right", "Scroll right", show=False, id="results.right"),
        Binding("enter,space,l", "toggle_node", "Fold", id="results.fold"),
        Binding("n", "match(1)", "Next match", show=False, id="results.next-match"),
        Binding("N", "match(-1)", "Previous match", show=False, id="results.previous-match"),
    ]

    def __init__(self) -> None:
        super().__init__("", id="results")
        self.show_root = False
        self.auto_expand = False
        self.guide_depth = 2
        self.word = ""
        self._documents: tuple[Document, ...] = ()
        self._texts: list[tuple[tuple[str, ...], str]] = []
        """What is searched: the path of each value, and its name and value as text."""

    def set_documents(self, documents: tuple[Document, ...]) -> None:
        """Show these documents, with the same nodes unfolded as before."""
        open_places = {
            node.data.path for node in self._made_nodes(self.root) if node.data and node.is_expanded
        }
        is_first = not self._documents
        chosen = self.chosen
        self._documents = documents
        self._texts = []
        self.clear()
        for document in documents:
            place = DocumentValue((document.name,), document.value)
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

    def _made_nodes(self, node: TreeNode[DocumentValue]) -> Iterator[TreeNode[DocumentValue]]:
        """Yield the nodes below one that have been made."""
        waiting = list(node.children)
        while waiting:
            one = waiting.pop()
            yield one
            waiting += one.children

    def _unfold(self, node: TreeNode[DocumentValue], paths: set[tuple[str, ...]]) -> None:
        waiting = [node]
        while waiting:
            one = waiting.pop()
            one.expand()
            self._fill(one)
            waiting += [child for child in one.children if child.data and child.data.path in paths]

    def _add(self, node: TreeNode[DocumentValue], name: str, place: DocumentValue) -> None:
        value = place.value
        label = Text(clean(name), "bold" if node is self.root else "")
        if isinstance(value, dict | list) and value:
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            label.append(f"  {opening}{len(value):,}{closing}", "dim")
            node.add(label, place)
        else:
            label.append(
                f"  {clean(format_value(value))}"[:_MAX_VALUE], "dim" if value is None else ""
            )
            node.add_leaf(label, place)

    def _fill(self, node: TreeNode[DocumentValue]) -> None:
        """Make the children of a node, unless they exist."""
        if node.data is None or node.children:
            return
        path, value = node.data
        inner = items(value)
        for name, below in inner[:_MAX_CHILDREN]:
            self._add(node, name, DocumentValue((*path, name), below))
        if len(inner) > _MAX_CHILDREN:
            node.add_leaf(
                Text(f"({len(inner) - _MAX_CHILDREN:,} more)", "dim"), DocumentValue(path, value)
            )

    @on(Tree.NodeExpanded)
    def _fill_unfolded(self, message: Tree.NodeExpanded[DocumentValue]) -> None:
        message.stop()
        self._fill(message.node)

    @property
    def chosen(self) -> DocumentValue | None:
        """The value under the cursor."""
        return None if self.cursor_node is None else self.cursor_node.data

    # Searching.

    def search(self, word: str) -> bool:
        """Go to the first name or value that contains a word; return whether there is one."""
        self.word = word
        return not word or self._go(1, includes_here=True)

    def action_match(self, direction: int) -> None:
        """Go to the next name or value that contains the word, or (-1) the one before."""
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
                self.notify(WRAPPED[direction], timeout=3)
        self._go_to(found)
        return True

    def _all(self) -> Iterator[DocumentValue]:
        """Yield every value of the documents, in the order of the unfolded tree."""
        waiting = [
            DocumentValue((document.name,), document.value)
            for document in reversed(self._documents)
            if document.trouble is None
        ]
        while waiting:
            place = waiting.pop()
            yield place
            inner = [
                DocumentValue((*place.path, name), value) for name, value in items(place.value)
            ]
            waiting += inner[:_MAX_CHILDREN][::-1]

    def _go_to(self, path: tuple[str, ...]) -> None:
        """Move the cursor to a value, unfolding the nodes that it is in."""
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


def _text(place: DocumentValue) -> str:
    """Return the name of a value, followed by the value itself if it has no children."""
    name, value = place.path[-1], place.value
    return name if isinstance(value, dict | list) else f"{name} {format_value(value)}"


def items(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    """Return the names and values of the children of a value."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(index), below) for index, below in enumerate(value)]
    return []
