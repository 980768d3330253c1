"""What is kept from one session to the next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statustui.settings.config import Config
from statustui.settings.session_state import SessionState, problem_digest, state_directory
from tests.runs import make

A, B, C = (make(f"r/{name}", "RUN_ERROR x") for name in "abc")


def test_what_was_seen_is_no_news_in_the_next_session(tmp_path: Path) -> None:
    """An unseen problem stays new, and so does a later problem of the same run."""
    SessionState(str(tmp_path), ["r"]).save_seen("r", [A], [B])
    later = SessionState(str(tmp_path), ["r"])
    assert [later.is_news(run) for run in (A, B, C)] == [False, True, True]
    assert later.is_news(make("r/a", "RUN_ERROR x", start=2000.0))


def test_without_an_earlier_session_on_the_root_nothing_is_news(tmp_path: Path) -> None:
    """The first session does not report ten thousand old failures."""
    SessionState(str(tmp_path), ["q"]).save_seen("q", [A], [])
    assert not SessionState(str(tmp_path), ["r"]).is_news(A)


def test_what_another_session_has_seen_stays_seen(tmp_path: Path) -> None:
    """With two monitors on one root; removed runs are forgotten."""
    first, second = SessionState(str(tmp_path), ["r"]), SessionState(str(tmp_path), ["r"])
    first.save_seen("r", [A, C], [B])
    second.save_seen("r", [B], [A])
    later = SessionState(str(tmp_path), ["r"])
    assert [later.is_news(run) for run in (A, B, C)] == [False, False, True]


def test_very_many_problems_are_compared_one_by_one(tmp_path: Path) -> None:
    """Each with all that were saved; looking through these every time would take minutes."""
    runs = [make(f"r/{number}", "RUN_ERROR x") for number in range(20_000)]
    SessionState(str(tmp_path), ["r"]).save_seen("r", runs[1:], [])
    later = SessionState(str(tmp_path), ["r"])
    assert [run for run in runs if later.is_news(run)] == runs[:1]


def test_a_mark_tells_problems_apart() -> None:
    """By run, state and time, but not by where the root is mounted."""
    assert problem_digest(A) == problem_digest(make("r/a", "RUN_ERROR other words"))
    assert (
        len({problem_digest(A), problem_digest(B), problem_digest(make("r/a", "RUN_FAILED x"))})
        == 3
    )
    assert problem_digest(make("r/\udcff", "RUN_ERROR x"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seen": 3, "sort": 5}', "[" * 100_000])
def test_damaged_files_hold_nothing(tmp_path: Path, text: str) -> None:
    """They count as empty, and are replaced when something is saved."""
    memory = SessionState(str(tmp_path), ["r"])
    memory.save_seen("r", [], [])
    memory.save_settings({"sort": "id"})
    for path in tmp_path.rglob("*.json"):
        path.write_text(text)
    damaged = SessionState(str(tmp_path), ["r"])
    assert damaged.recall(Config()) == Config()
    assert not damaged.is_news(A)
    damaged.save_seen("r", [A], [])
    assert SessionState(str(tmp_path), ["r"]).is_news(B)


def test_what_was_chosen_wins_over_an_older_configuration(tmp_path: Path) -> None:
    """A newer configuration wins; values that no longer exist are ignored."""
    memory = SessionState(str(tmp_path), [])
    assert memory.recall(Config(sort="id", changed_at=5.0)).sort == "id"
    memory.save_settings({"sort": "-time", "group": "planet", "theme": "ansi-light"})
    os.utime(tmp_path / "settings.json", (100, 100))
    later = SessionState(str(tmp_path), [])
    recalled = later.recall(Config(sort="id", group="user", changed_at=5.0))
    assert (recalled.sort, recalled.group, recalled.theme) == ("-time", "user", "ansi-light")
    assert later.recall(Config(sort="id", changed_at=101.0)).sort == "id"


def test_nothing_but_whole_files_is_left(tmp_path: Path) -> None:
    """In a directory that only the user can read."""
    memory = SessionState(str(tmp_path / "new"), ["r"])
    memory.save_settings({"sort": "id"})
    with pytest.raises(TypeError):
        memory.save_settings({"sort": object()})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["settings.json"]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_directory_is_where_xdg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or in the home of the user."""
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert state_directory() == "/x/statustui"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_directory() == str(Path.home() / ".local" / "state" / "statustui")


def test_an_old_problem_that_nobody_knew_is_no_news_and_an_unseen_one_stays_it(
    tmp_path: Path,
) -> None:
    """A problem older than the last session is new only if that session had it as unseen."""
    SessionState(str(tmp_path), ["r"]).save_seen("r", [A], [B], 5000.0)
    later = SessionState(str(tmp_path), ["r"])
    assert [later.is_news(run) for run in (A, B, C)] == [False, True, False]
    assert later.is_news(make("r/c", "RUN_ERROR x", start=6000.0))
    assert later.is_news(make("r/a", "RUN_ERROR x", start=6000.0))


def test_the_first_three_sessions_want_hints(tmp_path: Path) -> None:
    """Whatever a damaged file says."""
    for _ in range(3):
        state = SessionState(str(tmp_path), [])
        assert state.wants_hints
        state.count_session()
    assert not SessionState(str(tmp_path), []).wants_hints
    (tmp_path / "hints.json").write_text('{"sessions": "many"}')
    damaged = SessionState(str(tmp_path), [])
    assert damaged.wants_hints
    damaged.count_session()
    assert (tmp_path / "hints.json").read_text() == '{"sessions": 1}'
