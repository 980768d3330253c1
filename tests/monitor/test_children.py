"""The subdirectories of a directory, and those of them that are no longer there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from statustui.monitor.children import NO_CHILDREN, Children

PATHS = st.text("abc/", min_size=1, max_size=4)


@given(st.dictionaries(PATHS, st.integers(0, 1 << 63)), st.lists(PATHS))
def test_children_are_what_a_mapping_without_the_discarded_ones_is(
    inodes: dict[str, int], discarded: list[str]
) -> None:
    """Whatever is discarded, and however often."""
    children = Children([*inodes], [*inodes.values()])
    for path in discarded:
        assert children.discard(path) == (inodes.pop(path, None) is not None)
        assert path not in children
    assert (len(children), children.inodes()) == (len(inodes), inodes)
    assert list(children) == sorted(inodes)
    assert all(path in children for path in inodes)


def test_nothing_can_be_discarded_where_nothing_is() -> None:
    """What all directories share that have none stays as it is."""
    assert not NO_CHILDREN.discard("r/1")
    assert (len(NO_CHILDREN), NO_CHILDREN.inodes()) == (0, {})
