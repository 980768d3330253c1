"""Which of very many paths are watched first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.monitor.events import newest as module
from statustui.monitor.events.newest import newest

PATHS = st.lists(st.sampled_from([f"r/{number}" for number in range(60)]))
MOMENTS = st.dictionaries(
    st.sampled_from([f"r/{number}" for number in range(60)]),
    st.none() | st.sampled_from([float("inf"), *map(float, range(20))]),
)


@given(PATHS, MOMENTS, st.none() | st.integers(0, 40))
def test_the_newest_are_chosen(
    paths: list[str], moments: dict[str, float | None], room: int | None
) -> None:
    """Each once, as if all were sorted at once; one more tells that there are more than wanted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_AT_ONCE", 8)
        patch.setattr(module, "_SAMPLES", 2)
        chosen = newest(paths, moments.get, room)
    resting = {path for path in paths if moments.get(path) is not None}
    known = [moments.get(path) or 0.0 for path in chosen]
    assert known == sorted(known)
    most = len(resting) if room is None else room + 1
    assert len(chosen) == len(set(chosen)) == min(len(resting), most)
    left_out = [moments.get(path) or 0.0 for path in resting.difference(chosen)]
    assert max(left_out, default=0.0) <= min(known, default=float("inf"))


def test_of_those_from_the_same_moment_the_first_are_the_newest() -> None:
    """Paths come in that order when a tree is read."""
    assert newest(["r/9", "r/8", "r/7"], lambda _path: 1.0, 1) == ["r/8", "r/9"]
    assert newest(["r/9", "r/8", "r/9", "r/7"], lambda _path: 1.0, 1) == ["r/8", "r/9"]
