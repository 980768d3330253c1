"""The line above the list that says what is under way."""

from __future__ import annotations

from pathlib import Path

from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.tui.widgets.campaign_line import CampaignLine
from tests.tui.stand_in import NOW, ROOT, Clock, StandIn, make_app, settle
from tests.tui.test_app import screen_lines

LIFE = "CREATED a|SCHEDULED b|RUNNING c"
ENDED = f"{LIFE}|COMPLETE The test completed with result: "


def deliver_campaign(source: StandIn) -> None:
    """Deliver two runs at work and one that waits; others of their name took 17 seconds."""
    for number in range(10):
        source.deliver((f"{number}", "hpcg.n4", f"{ENDED}PASS"), ago=4000)
    source.deliver(("20", "hpcg.n4", LIFE), ("21", "hpcg.n4", LIFE), ago=5)
    source.deliver(("22", "hpcg.n4", "CREATED a|SCHEDULED b"), ago=400)


async def test_the_line_is_on_top_of_the_list_and_changes_now_and_then() -> None:
    """Every ten seconds at most; it goes when nothing is under way."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock, campaign=True)
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_campaign(source)
        await settle(pilot)
        assert screen_lines(app)[2].startswith(" 3 under way  0/h finished  0/h failed  ends ~")
        assert "(0 min - 1 min)" in screen_lines(app)[2]
        assert "NAME" in screen_lines(app)[3]
        source.deliver(("20", "hpcg.n4", "RUN_FAILED no"), ago=0)
        await settle(pilot)
        assert " 3 under way" in screen_lines(app)[2]
        clock.now += 10
        source.deliver(("23", "hpcg.n4", "CREATED a"), ago=-10)
        await settle(pilot)
        assert " 3 under way" in screen_lines(app)[2]
        assert "0/h failed" not in screen_lines(app)[2]
        source.deliver(("23", "hpcg.n4", "COMPLETE result: PASS"))
        source.deliver(removed=("21", "22"))
        await settle(pilot)
        assert "NAME" in screen_lines(app)[2]


async def test_a_key_hides_the_line_and_the_next_session_remembers_it(tmp_path: Path) -> None:
    """The same key shows it again, at once."""
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]), campaign=True)
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_campaign(source)
        await settle(pilot)
        for is_shown in (False, True, False):
            await pilot.press("C")
            await settle(pilot)
            assert ("under way" in screen_lines(app)[2]) is is_shown
    assert not SessionState(str(tmp_path), [ROOT]).recall(Config()).campaign


async def test_the_line_needs_room_and_follows_the_width() -> None:
    """On fewer than 20 lines the list is more important."""
    app, source = make_app(config=Config(ascii=True), campaign=True)
    async with app.run_test(size=(80, 19)) as pilot:
        deliver_campaign(source)
        await settle(pilot)
        assert "NAME" in screen_lines(app)[2]
        await pilot.resize_terminal(80, 20)
        await settle(pilot)
        assert "finished" in screen_lines(app)[2]
        await pilot.resize_terminal(45, 20)
        await settle(pilot)
        line = app.screen.query_one(CampaignLine)
        assert str(line.render()).startswith(" 3 under way  ends ~")
        assert "finished" not in str(line.render())
