"""Pictures of the screens, at sizes that matter.

A picture is taken even where the application has raised: what each shows is asserted by the tests
of `test_app` and `test_run`, on the same runs.
"""

from __future__ import annotations

from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from statustui.core.documents import Document
from tests.tui.stand_in import StandIn, deliver_a_night, make_app, settle
from tests.tui.test_run import BUILD_LOG, RESULTS


class Compare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self, app: App[None], *, terminal_size: tuple[int, int], run_before: object
    ) -> bool:
        """Compare a picture of `app` with the one that is kept."""


SHOTS = {
    "runs_80x24": ((80, 24), ()),
    "runs_160x45": ((160, 45), ("j",)),
    "runs_40x12": ((40, 12), ()),
    "problems_80x24": ((80, 24), ("exclamation_mark",)),
    "run_80x24": ((80, 24), ("j", "enter")),
    "run_160x45": ((160, 45), ("g", "enter")),
    "log_80x24": ((80, 24), ("j", "enter", "enter", "exclamation_mark")),
    "results_80x24": ((80, 24), ("j", "enter", "shift+tab")),
    "help_80x24": ((80, 24), ("question_mark",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("shot", SHOTS)
def test_a_screen_looks_as_it_did(snap_compare: Compare, shot: str) -> None:
    """Pixel for pixel."""
    size, keys = SHOTS[shot]
    app, source = make_app()

    async def prepare(pilot: Pilot[None]) -> None:
        deliver_a_night(source)
        source.logs = {"build": BUILD_LOG}
        source.documents = (Document("results.json", RESULTS, None),)
        await settle(pilot)
        await pilot.press(*keys)
        # The preview comes after a moment.
        while size[0] >= 140 and not source.inspections:
            await pilot.pause(0.01)
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=prepare)


def test_an_empty_tree_looks_as_it_did(snap_compare: Compare) -> None:
    """Nothing is wrong with it, and it says so."""
    source = StandIn()
    app, _source = make_app(source)

    async def prepare(pilot: Pilot[None]) -> None:
        source.deliver()
        await settle(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=prepare)
