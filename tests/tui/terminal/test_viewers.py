"""Which program shows a log, and with which arguments."""

from __future__ import annotations

import pytest

from statustui.tui.terminal.viewers import editor_of, pager_of


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({}, ("less", "-S", "-+r")),
        ({"PAGER": " "}, ("less", "-S", "-+r")),
        ({"PAGER": "most -s"}, ("most", "-s")),
        ({"PAGER": "'my pager' $HOME;ls"}, ("my pager", "$HOME;ls")),
    ],
)
def test_the_pager_is_split_into_words_and_secured(
    environ: dict[str, str], command: tuple[str, ...]
) -> None:
    """No shell reads the variable."""
    assert pager_of(environ) == (command, {"LESSSECURE": "1"})


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({}, ("vi", "-R")),
        ({"EDITOR": "/opt/bin/nvim -u NONE"}, ("/opt/bin/nvim", "-u", "NONE", "-R")),
        ({"EDITOR": "vim", "VISUAL": "nano"}, ("nano", "-v")),
        ({"EDITOR": "my-editor", "VISUAL": ""}, ("my-editor",)),
    ],
)
def test_an_editor_changes_nothing_if_it_can_be_told(
    environ: dict[str, str], command: tuple[str, ...]
) -> None:
    """Others are started as they are."""
    assert editor_of(environ).command == command


def test_quotes_that_do_not_match_are_refused() -> None:
    """With the name of the variable."""
    with pytest.raises(ValueError, match=r"\$PAGER: No closing quotation"):
        pager_of({"PAGER": "'less"})
    with pytest.raises(ValueError, match=r"\$VISUAL: No closing quotation"):
        editor_of({"VISUAL": "'vi"})
