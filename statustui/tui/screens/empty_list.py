"""What an empty list of runs says."""

from __future__ import annotations

from statustui.core.text import clean
from statustui.tui.model.root_states import RootStates
from statustui.tui.model.store import PROBLEMS, RunStore
from statustui.tui.model.view import Subset

_WHAT_A_RUN_IS = "A run is a directory with a file called status."


def describe_empty_list(
    store: RunStore, roots: RootStates, text: str, subset: Subset
) -> tuple[str, ...]:
    """Return the sentences that stand in place of runs; none if there are any.

    Args:
        store: The runs.
        roots: The health of the roots.
        text: The filter.
        subset: The subset that is listed.
    """
    if len(store):
        return ()
    if store.runs:
        return _describe_no_match(store, text, subset)
    troubles = [
        f"{clean(health.root)} cannot be read: {clean(health.problem)}."
        for health in roots.known
        if health.problem is not None
    ]
    if troubles:
        return (*troubles, "It is tried again until it can.")
    names = ", ".join(map(clean, roots.by_root))
    if not roots.is_settled:
        return (f"Looking for runs in {names} …",)
    return (f"No runs below {names} yet.", _WHAT_A_RUN_IS)


def _describe_no_match(store: RunStore, text: str, subset: Subset) -> tuple[str, ...]:
    """Return why none of the runs is listed, and the key that lists them again."""
    if text.strip():
        return (f"No run matches {clean(text)}", "Esc clears the filter.")
    if subset.trait == "new":
        return ("Nothing new: you have seen every problem.", "Esc lists all runs.")
    if subset.trait == "stalled":
        return ("No run has stalled.", "Esc lists all runs.")
    if subset.trait == "muted":
        return ("No failure is muted.", "Esc lists all runs.")
    if subset.categories == PROBLEMS and store.muted:
        return ("There are no problems but muted ones.", "Esc lists all runs.")
    words = " or ".join(sorted(one.value for one in subset.categories or ()))
    return (f"No run is in the category {words}.", "Esc lists all runs.")
