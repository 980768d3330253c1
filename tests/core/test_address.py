"""Roots that are addresses of other hosts, and those that are not."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.address import Address, identity_of, is_remote, parse_address, with_home

ADDRESSES = {
    "login1:/scratch/me/wd": Address("login1", None, "/scratch/me/wd", "login1:"),
    "login2:wd": Address("login2", None, "wd", "login2:"),
    "login2:": Address("login2", None, ".", "login2:"),
    "me@login1:wd/test_runs": Address("me@login1", None, "wd/test_runs", "me@login1:"),
    "login1:a:b": Address("login1", None, "a:b", "login1:"),
    "login1:~/wd": Address("login1", None, "~/wd", "login1:"),
    "login1:with space\nand more": Address("login1", None, "with space\nand more", "login1:"),
    "[::1]:wd": Address("::1", None, "wd", "[::1]:"),
    "me@[fe80::2]:/wd": Address("me@fe80::2", None, "/wd", "me@[fe80::2]:"),
    "ssh://login1/scratch/wd": Address("login1", None, "/scratch/wd", "ssh://login1"),
    "ssh://me@login1:2222/wd": Address("me@login1", 2222, "/wd", "ssh://me@login1:2222"),
    "ssh://login1/~/wd": Address("login1", None, "wd", "ssh://login1"),
    "ssh://login1": Address("login1", None, ".", "ssh://login1"),
    "ssh://login1/a%20b": Address("login1", None, "/a b", "ssh://login1"),
    "ssh://[::1]:22/wd": Address("::1", 22, "/wd", "ssh://[::1]:22"),
}
LOCAL = [".", "wd", "/wd", "./a:b", "/a:b", "a/b:c", ":wd", "", "..", "./-x:y", "./ssh://x"]
REFUSED = [
    "-oProxyCommand=x:wd",
    "me@-x:wd",
    "-x@login1:wd",
    "ssh://-x/wd",
    "a b:wd",
    "a$(x):wd",
    "a`x`:wd",
    "a;x:wd",
    "a\nb:wd",
    "me@:wd",
    "@login1:wd",
    "[]:wd",
    "ssh:///wd",
    "ssh://login1:0/wd",
    "ssh://login1:65536/wd",
    "ssh://login1:22x/wd",
    "ssh://login1:/wd",
    "ssh://login1/a%00b",
    "ssh://a:b:c/wd",
    "ssh://",
    "ssh://[::1]x/wd",
]


@pytest.mark.parametrize("root", ADDRESSES)
def test_an_address_has_a_host_and_a_path(root: str) -> None:
    """In the form of scp, or as a URL."""
    assert parse_address(root) == ADDRESSES[root]
    assert is_remote(root)
    assert identity_of(root) == root


def test_other_roots_are_local_paths() -> None:
    """Above all those that begin with a dot or a slash."""
    for root in LOCAL:
        assert parse_address(root) is None, root
        assert not is_remote(root)
        assert identity_of(root) == os.path.abspath(root)


@pytest.mark.parametrize("root", REFUSED)
def test_a_name_that_could_be_more_than_a_name_is_refused(root: str) -> None:
    """Such as an option of ssh, or a command."""
    with pytest.raises(ValueError, match=r"address|option|not the name|port"):
        parse_address(root)


def test_the_home_of_a_host_has_a_path() -> None:
    """What is below it could not be named otherwise."""
    homes = {"host:": "host:.", "me@[::1]:": "me@[::1]:.", "ssh://host:22": "ssh://host:22/~"}
    homes |= {"ssh://host/~/": "ssh://host/~", "host:./": "host:./", "host:~": "host:~"}
    homes |= {"ssh://host/": "ssh://host/", "host:wd": "host:wd", "wd": "wd"}
    assert {root: with_home(root) for root in homes} == homes
    with pytest.raises(ValueError, match="option"):
        with_home("-x:")


@given(st.text())
def test_a_text_is_a_path_an_address_or_refused(text: str) -> None:
    """What ssh is given never begins with a dash, and has no spaces."""
    try:
        address = parse_address(text)
    except ValueError:
        assert is_remote(text)
        return
    assert (address is not None) == is_remote(text)
    if address is not None:
        assert address.host
        assert not address.host.startswith("-")
        assert address.path
        assert not re.search(r"\s", address.host)
        assert text.startswith(address.prefix)
