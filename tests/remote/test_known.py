"""What is kept of one root from batch to batch, and from connection to connection."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.monitor.batch import Batch, RootHealth
from statustui.remote.known import KnownRoot
from statustui.remote.outbox import Outbox

ROOT = "h:wd"
SWEPT = RootHealth(ROOT, swept=True, sweeps=1)


def a_run(name: str, error: str = "x") -> Run:
    """A run of the root."""
    place = RunDir(ROOT, f"{ROOT}/{name}", name, "plain")
    return make_unread_run(place, RunMetadata(), error, missing=True)


def test_a_run_that_an_agent_removes_is_not_missed_after_its_scan() -> None:
    """Whether it was from before the connection, or is brought again in the same batch."""
    known = KnownRoot(ROOT, None)
    one, two, three = a_run("1"), a_run("2"), a_run("3")
    known.apply(Batch((one, two, three)))
    known.begin()
    assert known.apply(Batch((), (one.path,))) == Batch((), (one.path,))
    assert known.apply(Batch((two,))) == Batch()
    last = known.apply(Batch(health=(SWEPT,)))
    assert (last.changed, last.removed) == ((), (three.path,))
    again = a_run("2", "new")
    assert known.apply(Batch((again,), (two.path,))) == Batch((again,), (two.path,))
    known.begin()
    assert known.apply(Batch((again,), (), (SWEPT,))).removed == ()


def test_silence_lasts_until_something_is_heard() -> None:
    """A connection that fails again and again is no answer."""
    known = KnownRoot(ROOT, None)
    known.apply(Batch((a_run("1"),), (), (SWEPT,)))
    assert known.lose("why", 5.0, needs_user=False).silent is None
    assert known.silence(9.0).silent == 9
    lost = known.lose("why", 5.0, needs_user=False)
    assert (lost.silent, lost.as_of) == (9.0, 5.0)
    known.begin()
    [health] = known.apply(Batch(health=(SWEPT,))).health
    assert (health.silent, health.as_of) == (None, None)
    assert health == SWEPT._replace(sweeps=2)


@example([("b", False), ("a", False), ("a", True)], 1)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12), st.integers(1, 2))
def test_however_slowly_changes_leave_they_end_at_the_last_state(
    changes: list[tuple[str, bool]], limit: int
) -> None:
    """A run that has gone and come again is there, and one that has come and gone is not."""
    outbox, known, expected = Outbox(), KnownRoot(ROOT, None), set[str]()
    for number, (name, is_there) in enumerate(changes):
        run = a_run(name, str(number))
        outbox.add_batch(Batch((run,)) if is_there else Batch((), (run.path,)))
        (expected.add if is_there else expected.discard)(run.path)
    shown: set[str] = set()
    while outbox:
        batch = known.apply(outbox.take(limit))
        shown.difference_update(batch.removed)
        shown.update(run.path for run in batch.changed)
    assert shown == expected
