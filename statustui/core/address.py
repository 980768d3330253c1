"""The addresses of roots: local paths, and directories of other hosts as ssh and scp have them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

_SCHEME = "ssh://"
# These are compiled when first needed: most roots are local.
_SCP_FORM = r"(?s)(?P<login>(?:[^/:@]*@)?(?:\[[^\]/]*\]|[^/:\[\]]+)):(?P<path>.*)"
"""``[user@]host:path``: the colon comes before the first slash; ``[::1]:path`` for IPv6."""
_URL_FORM = (
    r"(?s)ssh://(?P<login>(?:[^/:@]*@)?(?:\[[^\]/]*\]|[^/:\[\]]*))(?::(?P<port>[^/]*))?"
    r"(?P<path>/.*)?"
)
_FORBIDDEN = r"[\s\x00-\x1f\x7f'\"`$\\;&<>|(){}*?!#^\[\]]"
"""What no name of a host or user has; ssh may pass the names on to a shell."""
_MAX_PORT = 65535


class Address(NamedTuple):
    """A directory on another host."""

    host: str
    """The host as ssh takes it, with its user if one is named."""
    port: int | None
    """The port; None for that of the user's ssh configuration."""
    path: str
    """The directory; relative to the home there unless it begins with a slash."""
    prefix: str
    """The text before the path in the root as the user gave it: ``host:``."""

    @property
    def server(self) -> tuple[str, int | None]:
        """What decides which connection reaches it."""
        return self.host, self.port


def parse_address(root: str) -> Address | None:
    """Return the address that a root is; None for a local path.

    A local path with a colon is written as ``./a:b``.

    Raises:
        ValueError: It is no path and no valid address.
    """
    if root.startswith(_SCHEME):
        return _parse_url(root)
    match = _match_scp_form(root)
    if match is None:
        return None
    return Address(_login(match["login"]), None, match["path"] or ".", prefix_of(root))


def _match_scp_form(root: str) -> re.Match[str] | None:
    has_colon = ":" in root.partition("/")[0]
    return re.fullmatch(_SCP_FORM, root) if has_colon else None


def _parse_url(root: str) -> Address:
    match = re.fullmatch(_URL_FORM, root)
    if match is None:
        raise ValueError("an address is ssh://[user@]host[:port]/path")
    port = match["port"]
    if port is not None and not (
        port.isascii() and port.isdecimal() and 0 < int(port[:9]) <= _MAX_PORT
    ):
        raise ValueError("the port of an address is a number from 1 to 65535")
    from urllib.parse import unquote  # noqa: PLC0415 - addresses are rarely URLs

    path = unquote(match["path"] or "/~", errors="surrogateescape")
    if "\0" in path:
        raise ValueError("the path of an address has a NUL character")
    # As in addresses of git: `/~/x` is below the home.
    path = (path[2:].lstrip("/") or ".") if path == "/~" or path.startswith("/~/") else path
    number = None if port is None else int(port)
    return Address(_login(match["login"]), number, path, prefix_of(root))


def _login(text: str) -> str:
    """Return ``[user@]host`` as ssh takes it.

    Raises:
        ValueError: It could be taken for an option, or for more than a name.
    """
    user, at, host = text.rpartition("@")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host or (at and not user):
        raise ValueError("an address needs the name of a host, as in host:path")
    for name in (user, host):
        if name.startswith("-"):
            raise ValueError(f"the name {name} would be an option of ssh")
        if re.search(_FORBIDDEN, name):
            raise ValueError(f"{name!r} is not the name of a host or user; a path is written ./…")
    return f"{user}{at}{host}"


def prefix_of(root: str) -> str:
    """Return the text before the path in an address, valid or not; empty for a local path."""
    if root.startswith(_SCHEME):
        return _SCHEME + root.removeprefix(_SCHEME).partition("/")[0]
    match = _match_scp_form(root)
    return "" if match is None else f"{match['login']}:"


def with_home(root: str) -> str:
    """Return a root as its runs can be named by it: the home of a host has a path too.

    ``host:`` becomes ``host:.``, and ``ssh://host`` becomes ``ssh://host/~``.

    Raises:
        ValueError: It is no path and no valid address.
    """
    address = parse_address(root)
    if address is None or address.path != ".":
        return root
    if root.startswith(_SCHEME):
        return f"{address.prefix}/~"
    return f"{root}." if root == address.prefix else root


def is_remote(root: str) -> bool:
    """Return whether a root is on another host, or is meant to be."""
    return prefix_of(root) != ""


def split_roots(roots: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return the local roots, and those of each server.

    Raises:
        ValueError: The address of a root is not valid.
    """
    roots = list(dict.fromkeys(roots))
    servers: dict[object, list[str]] = {}
    for root in roots:
        address = parse_address(root)
        if address is not None:
            servers.setdefault((address.server, address.prefix), []).append(root)
    return [root for root in roots if not is_remote(root)], list(servers.values())


def identity_of(root: str) -> str:
    """Return what identifies a root from one session to the next, in any working directory."""
    return root if is_remote(root) else os.path.abspath(root)
