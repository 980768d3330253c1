"""What a list without runs says."""

from __future__ import annotations

from tests.tui.stand_in import deliver_a_night, make_app, settle
from tests.tui.test_app import screen_lines, shown


async def test_an_empty_tree_says_what_a_run_is() -> None:
    """Once it has been looked at; a root that cannot be read says that instead."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver_health(swept=False)
        await settle(pilot)
        assert screen_lines(app)[4].strip() == "Looking for runs in ./working_dir …"
        source.deliver()
        await settle(pilot)
        assert screen_lines(app)[4].strip() == "No runs below ./working_dir yet."
        assert screen_lines(app)[5].strip() == "A run is a directory with a file called status."
        source.deliver_health(problem="./working_dir: No such file or directory")
        await settle(pilot)
        assert "./working_dir cannot be read: ./working_dir: No such file" in shown(app)
        source.deliver(("1", "a", "RUNNING x"))
        await settle(pilot)
        assert "cannot be read" not in screen_lines(app)[4]


async def test_where_nothing_is_listed_a_sentence_says_why_and_which_key_lists_all() -> None:
    """For a filter, for categories, and for what runs have in common."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        await settle(pilot)
        for keys, sentence in (
            ("1", "No run is in the category error or failed."),
            ("4", "No run has stalled."),
            ("5", "Nothing new: you have seen every problem."),
            ("9/", ""),
        ):
            await pilot.press(*keys)
            await settle(pilot)
            assert sentence in screen_lines(app)[4]
        await pilot.press(*"nothing", "enter")
        await settle(pilot)
        assert "No run matches nothing" in screen_lines(app)[4]
        assert "Esc clears the filter." in screen_lines(app)[5]
        await pilot.press("escape")
        await settle(pilot)
        assert "No run" not in shown(app)


async def test_a_second_q_does_not_quit_at_once() -> None:
    """Nor does a key that is held down; a moment later it does."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("q", "q", "q")
        await settle(pilot)
        screen = app.get_default_screen()
        assert app.screen is screen
        assert not source.stopped
        screen._back_at -= 1  # noqa: SLF001 - as time does
        await pilot.press("q")
    assert source.stopped
