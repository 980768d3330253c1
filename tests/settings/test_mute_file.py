"""What is muted, from one session to the next."""

from __future__ import annotations

import json
from pathlib import Path

from statustui.core.mutes import Mute
from statustui.settings.mute_file import read_mutes, save_mutes
from statustui.settings.session_state import SessionState

ONE = Mute("r", "RUN_ERROR: lost", "name", "hpcg")
TWO = Mute("r", "RUN_ERROR", "failure")
THREE = Mute("r", "RUN_ERROR: x", "run", "/test_runs/\udcff")


def test_what_is_muted_is_kept_for_each_root(tmp_path: Path) -> None:
    """Also names that are no UTF-8; changes of two sessions add up."""
    place = str(tmp_path)
    session, other = SessionState(place, ["r"]), SessionState(place, ["r"])
    session.save_mutes("r", [ONE, THREE], [])
    other.save_mutes("r", [TWO], [])
    assert SessionState(place, ["r", "q"]).mutes == [ONE, THREE, TWO]
    session.save_mutes("r", [], [ONE])
    assert list(read_mutes(place, "r")) == [THREE, TWO]
    assert list(read_mutes(place, "q")) == []


def test_a_damaged_file_counts_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    """Nothing in it is trusted to be of a kind."""
    place = str(tmp_path)
    save_mutes(place, "r", [ONE], [])
    [file] = (tmp_path / "muted").iterdir()
    entries = [None, 3, [], ["s", "planet", "t"], ["s", "run", 1], ["s" * 20_000, "run", "t"]]
    file.write_text(json.dumps({"muted": [*entries, ["RUN_ERROR", "failure", ""]]}))
    assert list(read_mutes(place, "r")) == [TWO]
    for text in ('{"muted": 3}', "[]", "{"):
        file.write_text(text)
        assert list(read_mutes(place, "r")) == []
