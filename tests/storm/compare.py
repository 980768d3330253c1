"""What the views must agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.storm.naive import Picture, View
from tests.storm.parties import Event, Row, Said
from tests.storm.writers import Deed

_PASSING = {"time", "stalled", "past"}
"""What two views of the program may say otherwise: said elsewhere too, a matter of time, or of
other runs, because of which a follower prints no run again."""
_BESIDE = {"name", "user", "series", "system"}
"""What may be known from when a run could be read."""

_MISSING = "no run"


def against_naive(picture: Picture, said: Said) -> dict[str, str]:
    """Path -> how what is `said` of it differs from what is sure."""
    found = {}
    for path in sorted(picture.runs.keys() | said.keys()):
        if picture.is_hidden(path):
            continue
        view, one = picture.runs.get(path), said.get(path)
        if view is None or one is None:
            if (view is None) != (one is None):
                found[path] = f"is {view or _MISSING}, said {one or _MISSING}"
        elif wrong := _wrong(view, one):
            found[path] = f"is {view}, said {wrong} in {dict(one)}"
    return found


def _wrong(view: View, one: Mapping[str, Any]) -> list[str]:
    """The keys that say otherwise than the view."""
    sure = {
        key: value
        for key in ("state", "note", "updates", "category")
        if (value := getattr(view, key)) is not None
    }
    wrong = [key for key, value in sure.items() if one[key] != value]
    return wrong + (["error"] if view.is_readable != (one["error"] is None) else [])


def against_list(picture: Picture, listed: Said, said: Said) -> dict[str, str]:
    """Path -> how what is `said` of it differs from what a fresh list says."""
    found = {}
    for path in sorted(listed.keys() & said.keys()):
        if not picture.is_hidden(path):
            mine, other = listed[path], said[path]
            left_out = _PASSING if mine["error"] is None else _PASSING | _BESIDE
            wrong = [key for key in mine if key not in left_out and mine[key] != other[key]]
            if wrong:
                found[path] = "; ".join(
                    f"{key} is {mine[key]!r}, said {other[key]!r}" for key in wrong
                )
    return found


def against_screen(picture: Picture, listed: Said, rows: Sequence[Row]) -> dict[str, str]:
    """Path -> how the rows on the screen differ from what a fresh list says."""
    left = Counter(rows)
    found = {}
    for path, run in listed.items():
        if picture.is_hidden(path):
            continue
        row = next((row for row in left if _tells(row, run)), None)
        if row is None:
            shown = [row for row in left if (row.id, row.name) == (run["id"], run["name"])]
            found[path] = f"is {dict(run)}, shown {shown or _MISSING}"
        else:
            left -= Counter([row])
    if not picture.unread:
        found |= {f"{row.id} {row.name}": f"is {_MISSING}, shown {row}" for row in left}
    return found


def _tells(row: Row, run: Mapping[str, Any]) -> bool:
    others = [run[key] for key in ("problem", "recovered") if run.get(key)]
    notes = [run["note"], *(f"{one['state']}: {one['note']}" for one in others)]
    return (
        row.id == run["id"]
        and (row.name == run["name"] or run["error"] is not None)
        and run["state"].startswith(row.state.rstrip("…"))
        and (row.state or run["kind"] == "series" or not run["state"])
        and any(row.note.rstrip("…")[-20:] in note.replace("\n", "\\n") for note in notes)
    )


def said_without_cause(
    events: Sequence[Event], deeds: Sequence[Deed], patience: float
) -> dict[str, str]:
    """Path -> that it was said to be removed or unreadable, although nobody had done such a thing.

    Args:
        events: What a follower has said.
        deeds: What was done.
        patience: Seconds that may lie between the two.
    """
    found = {}
    for event in events:
        what = "removed" if event.said.get("removed") else event.said["error"]
        if what and not any(
            deed.begun <= event.when <= deed.ended + patience and deed.may_hide(event.path)
            for deed in deeds
        ):
            found[event.path] = f"said at {event.when:.3f} without a cause: {what}"
    return found
