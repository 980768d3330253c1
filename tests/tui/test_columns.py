"""The columns of the list: chosen in the program, and clicked."""

from __future__ import annotations

from pathlib import Path

from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from tests.tui.stand_in import LIFE, ROOT, deliver_a_night, make_app, settle
from tests.tui.test_app import ids, screen_lines, shown


async def test_columns_are_chosen_in_the_program_and_remembered(tmp_path: Path) -> None:
    """The list follows at once; the last column cannot be hidden."""
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]))
    async with app.run_test(size=(120, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("c", *"jjjjj", "space", "k", "K")
        await settle(pilot)
        assert screen_lines(app)[2].split() == ["↓", "AGE", "ID", "STATE", "NAME", "NOTE"]
        assert "[ ] result" in shown(app)
        await pilot.press(*"jjjjjj", "space", "escape")
        await settle(pilot)
        assert screen_lines(app)[2].split()[-2:] == ["NOTE", "STARTED"]
        assert "[ ] result" not in shown(app)
        chosen = app.get_default_screen().column_names
    config = SessionState(str(tmp_path), [ROOT]).recall(Config())
    assert config.columns == chosen == ("age", "root", "id", "state", "name", "note", "started")


async def test_one_column_stays() -> None:
    """Whichever it is."""
    app, source = make_app(config=Config(columns=("id",)))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("c", "space", "K", "c")
        await settle(pilot)
        assert screen_lines(app)[2].split() == ["↓", "ID"]


async def test_a_click_on_a_title_sorts_and_a_second_one_reverses() -> None:
    """In front of the first one, by category; a note has no order."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        place = screen_lines(app)[2].index("NAME")
        for arrow, expected in (("↓", "40"), ("↑", "20")):
            await pilot.click("#runs", offset=(place, 0))
            await settle(pilot)
            assert f"NAME{arrow}" in screen_lines(app)[2]
            await pilot.press("g")
            assert ids(app)[0] == expected
        await pilot.click("#runs", offset=(screen_lines(app)[2].index("NOTE"), 0))
        await settle(pilot)
        assert "NAME↑" in screen_lines(app)[2]
        await pilot.click("#runs", offset=(1, 0))
        await settle(pilot)
        assert ids(app)[:3] == ["12", "13", "14"]


async def test_a_column_widens_for_a_run_that_comes_into_view() -> None:
    """Of very many runs that come at once, only some are measured."""
    app, source = make_app()
    async with app.run_test(size=(140, 24)) as pilot:
        long = "lammps.longer-name"
        names = dict.fromkeys(range(600), "lj") | {598: long}
        source.deliver(*[(str(number), name, LIFE) for number, name in names.items()], ago=30)
        await settle(pilot)
        assert long not in shown(app)
        narrow = screen_lines(app)[2]
        await pilot.press("G")
        await settle(pilot)
        assert ids(app)[-2:] == ["598", "599"]
        assert long in shown(app)
        wide = screen_lines(app)[2]
        assert wide.index("NOTE") - narrow.index("NOTE") >= len(long) - len("NAME")
