"""What the sections of a run's screen say, on injected findings and a clock that stands still."""

from __future__ import annotations

from tests.tui.stand_in import make_app, settle
from tests.tui.test_app import screen_lines, shown
from tests.tui.test_run import wait_for


async def test_a_state_is_explained_beside_it_and_on_a_click_in_the_history() -> None:
    """The current state in the header; of an unknown one the ending tells."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("5", "a", "QUENCH_FAILED [b]hot|BUILD_WAIT for 4"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "BUILD_WAIT for 1m  Another run holds the lock of this build.")
        history = app.screen.query_one("#history").region
        lines = screen_lines(app)[history.y :]
        line = next(number for number, text in enumerate(lines) if "QUENCH_FAILED" in text)
        await pilot.click("#history", offset=(20, line))
        await wait_for(pilot, "QUENCH_FAILED: Not a known state")
        await pilot.click("#history", offset=(20, history.height - 1))
        await pilot.resize_terminal(30, 24)
        await settle(pilot)
        assert "Another run holds" not in shown(app)
