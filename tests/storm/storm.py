"""A whole storm: writers and views at the same time, and then the wait for agreement."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.storm import compare, naive
from tests.storm.hand import OPEN, Hand, shutting
from tests.storm.operations import OPERATIONS, reads_everything, targets
from tests.storm.parties import Follower, Listing, Screen, list_afresh
from tests.storm.tree import make_tree
from tests.storm.writers import Deed, Plan, read_deeds, start_writers

_LINES = 700
"""Lines of the terminal: more than there are runs."""


@dataclass
class Outcome:
    """What came of a storm."""

    deeds: list[Deed] = field(default_factory=list)
    took: dict[str, dict[str, float]] = field(default_factory=dict)
    """Moment -> view -> seconds from then on until it was right."""
    wrong: dict[str, dict[str, str]] = field(default_factory=dict)
    """View -> path -> how it differs."""

    screen: list[str] = field(default_factory=list)
    """What the monitor shows, if that is wrong."""
    sent: bytes = b""
    """All that it has sent to its terminal."""

    def put(self, name: str, found: Mapping[str, str]) -> None:
        """Take in what is wrong with a view."""
        if found:
            self.wrong.setdefault(name, {}).update(found)


class _Views:
    """The views that run all the time."""

    def __init__(self, base: Path, roots: tuple[str, ...], modes: Sequence[str]) -> None:
        """Start them."""
        self.followers = [Follower(roots, mode, base / f"errors.{mode}") for mode in modes]
        self.screen = Screen(roots, _LINES, modes[0])

    def close(self, outcome: Outcome) -> None:
        """End them, and take in how they ended."""
        outcome.put(self.screen.name, {"its end": words} if (words := self.screen.close()) else {})
        for follower in self.followers:
            if not follower.is_running:
                outcome.put(follower.name, {"its end": follower.trouble})
            follower.close()
            if "Traceback" in follower.trouble or "internal error" in follower.trouble:
                outcome.put(follower.name, {"standard error": follower.trouble})


def run_storm(base: Path, plan: Plan) -> Outcome:
    """Let a storm go over a new tree in the directory `base`, and see what the views make of it."""
    if reads_everything():
        names = [name for name in plan.names if not OPERATIONS[name].needs_user]
        plan = replace(plan, names=names)
    rng = random.Random(plan.seed)  # noqa: S311 - nothing secret
    tree = make_tree(str(base), plan.runs, rng, plan.age)
    outcome = Outcome()
    views = _Views(base, tree.roots, plan.modes)
    try:
        _await_agreement(outcome, views, tree.roots, plan.patience, "from the start")
        writers = start_writers(base, plan)
        failed = sum(bool(writer.wait()) for writer in writers)
        outcome.put("writers", {"exit status": f"{failed} failed"} if failed else {})
        _open_most(tree.roots, rng, plan.leaves_shut)
        _await_agreement(outcome, views, tree.roots, plan.patience, "after the storm")
        outcome.deeds = read_deeds(base)
        for follower in views.followers:
            said = compare.said_without_cause(follower.events, outcome.deeds, plan.patience)
            outcome.put(f"{follower.name}, during the storm", said)
        if outcome.wrong.keys() <= {"list"}:
            _see_parts_go(outcome, views, Hand(rng, tree, "last"), plan.patience)
    finally:
        views.close(outcome)
    return outcome


def _open_most(roots: Sequence[str], rng: random.Random, share: float) -> None:
    """Give back the permissions of most that is shut."""
    for root in roots:
        os.chmod(root, OPEN)
        for path, directories, files in os.walk(root):
            for name in [*directories, *files]:
                inner = f"{path}/{name}"
                if not os.path.islink(inner) and rng.random() >= share:
                    with contextlib.suppress(PermissionError):
                        os.chmod(inner, OPEN)


def _await_agreement(
    outcome: Outcome, views: _Views, roots: tuple[str, ...], patience: float, moment: str
) -> None:
    """Wait until every view says what the naive reader and a fresh list say, from a `moment` on."""
    begun = time.monotonic()
    picture = naive.read_trees(roots)
    listing = list_afresh(roots)
    outcome.put("list", _faults(picture, listing))
    checks: dict[str, Callable[[], dict[str, str]]] = {
        follower.name: lambda follower=follower: (  # type: ignore[misc]
            compare.against_naive(picture, follower.said)
            | compare.against_list(picture, listing.said, follower.said)
        )
        for follower in views.followers
    }
    checks[views.screen.name] = lambda: compare.against_screen(
        picture, listing.said, views.screen.rows
    )
    waiting = dict(checks)
    while waiting and time.monotonic() < begun + patience:
        for name, check in list(waiting.items()):
            if not check():
                outcome.took.setdefault(moment, {})[name] = time.monotonic() - begun
                del waiting[name]
        time.sleep(0.05)
    # Nobody changes the tree any more: what has been right must stay so.
    for name, check in checks.items():
        outcome.put(name, check())
    if views.screen.name in outcome.wrong:
        outcome.screen = views.screen.lines
        outcome.sent = views.screen.output


def _faults(picture: naive.Picture, listing: Listing) -> dict[str, str]:
    """What is wrong with a fresh list."""
    found = compare.against_naive(picture, listing.said)
    unread = [*picture.unread, *picture.denied]
    if listing.status != (2 if unread else 0):
        found["exit status"] = f"{listing.status}, unread are {unread}: {listing.trouble}"
    if "Traceback" in listing.trouble:
        found["standard error"] = listing.trouble
    return found


def _see_parts_go(outcome: Outcome, views: _Views, hand: Hand, patience: float) -> None:
    """Open all that is shut; then let roots and a part go and come back, and nothing leave."""
    roots = hand.tree.roots
    _open_most(roots, hand.rng, 0.0)
    _await_agreement(outcome, views, roots, patience, "once all is open")
    goings: list[tuple[str, Callable[[str], AbstractContextManager[object]]]] = [
        (root, hand.without) for root in roots
    ]
    if not reads_everything():
        parts = [one for kind in ("folder", "part", "root") for one in targets(hand.tree, kind)]
        goings.append((hand.rng.choice([one for one in parts if os.path.isdir(one)]), shutting))
    for path, going in goings:
        before = [(len(follower.events), len(follower.trouble)) for follower in views.followers]
        with going(path):
            end = time.monotonic() + patience
            while time.monotonic() < end and not all(
                path in follower.trouble[start:]
                for follower, (_, start) in zip(views.followers, before, strict=True)
            ):
                time.sleep(0.05)
        name = os.path.relpath(path, hand.tree.base)
        moment = f"once {name} is {'back' if path in roots and going == hand.without else 'open'}"
        _await_agreement(outcome, views, roots, patience, moment)
        for follower, (start, _) in zip(views.followers, before, strict=True):
            gone = [event.path for event in follower.events[start:] if event.said.get("removed")]
            said = f"said to be removed while {path} was away or shut"
            outcome.put(f"{follower.name}, at the end", dict.fromkeys(gone, said))
