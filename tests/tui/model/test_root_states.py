"""What is known of the roots, and what may be said of them so far."""

from __future__ import annotations

from statustui.monitor.batch import RootHealth
from statustui.tui.model.root_states import RootStates

READING = RootHealth("r", found=9, read=5)
SAVED = RootHealth("r", found=9, as_of=1000.0)
WHOLE = RootHealth("r", found=9, read=9, swept=True, sweeps=1)


def test_a_root_counts_as_whole_once_all_its_runs_are_in_the_store() -> None:
    """Its progress is told at once; that all were delivered is known beside."""
    roots = RootStates(["r"])
    roots.update([READING], has_more=True, behind={"r"})
    assert roots.by_root == {"r": READING}
    roots.update([WHOLE], has_more=True, behind={"r"})
    assert roots.by_root == {"r": WHOLE._replace(swept=False)}
    assert (roots.are_swept, roots.initial_scan_done) == (True, False)
    roots.update((), has_more=False)
    assert roots.by_root == {"r": WHOLE}
    assert roots.initial_scan_done
    again = WHOLE._replace(sweeps=2)
    roots.update([again], has_more=True, behind={"r"})
    assert roots.by_root == {"r": again}


def test_saved_runs_are_as_of_a_time_once_all_of_them_are_in_the_store() -> None:
    """They stay so until all have been checked, though changes come meanwhile."""
    roots = RootStates(["r", "other"])
    roots.update([SAVED], has_more=True, behind={"r"})
    assert roots.by_root["r"] == SAVED._replace(as_of=None)
    roots.update((), has_more=False)
    assert roots.by_root["r"] == SAVED
    checking = SAVED._replace(read=4)
    roots.update([checking], has_more=True, behind={"r"})
    assert roots.by_root["r"] == checking
    roots.update([WHOLE], has_more=True, behind={"r"})
    assert roots.by_root["r"] == WHOLE._replace(swept=False, as_of=SAVED.as_of)
    roots.update((), has_more=False)
    assert roots.by_root == {"r": WHOLE, "other": None}
