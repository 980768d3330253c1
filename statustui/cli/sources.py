"""What the commands that watch get their changes from, on this and on other hosts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import click

from statustui.cli.console import warn
from statustui.cli.options import Failure, check_roots, path_failure
from statustui.core.address import is_remote, split_roots
from statustui.monitor.fs.deadline import ask
from statustui.monitor.poll_policy import Settings
from statustui.remote.sources import AskingSource, open_source

if TYPE_CHECKING:
    from statustui.remote.connections import Connections
    from statustui.remote.logins import Logins

_LOGINS = "statustui.logins"
"""Where the context of a command has its logins."""


def connect(roots: Sequence[str]) -> Connections | None:
    """Begin to connect to the hosts of some roots; None if all roots are on this one."""
    _local, servers = split_roots(roots)
    if not servers:
        return None
    from statustui.remote.connections import Connections  # noqa: PLC0415 - for other hosts alone

    return Connections(servers, logins_for(roots))


def logins_for(roots: Sequence[str]) -> Logins | None:
    """Return what this command keeps of what ssh has asked for; None if all roots are local.

    All connections of a command may go through it. It is closed when the command ends.
    """
    context = click.get_current_context(silent=True)
    if context is None or not any(map(is_remote, roots)):
        return None
    from statustui.remote.logins import Logins  # noqa: PLC0415 - for other hosts alone

    if _LOGINS not in context.meta:
        context.meta[_LOGINS] = logins = Logins()
        context.call_on_close(logins.close)
    return cast("Logins", context.meta[_LOGINS])


def watch_roots(roots: Sequence[str], settings: Settings, patience: float) -> AskingSource:
    """Check that every root can be read, and return the source of their changes.

    Args:
        roots: The roots.
        settings: How to watch them.
        patience: Seconds to wait for a host.

    Raises:
        Failure: A root cannot be read, or a host not be reached.
    """
    local, _servers = split_roots(roots)
    connections = connect(roots)
    try:
        check_roots(local, patience)
        if connections is not None:
            connections.settle(patience, tell=warn)
            _check_far_roots(connections, patience)
    except BaseException:
        if connections is not None:
            connections.close()
        raise
    return open_source(roots, settings, connections)


def _check_far_roots(connections: Connections, patience: float) -> None:
    from statustui.remote.requests import check_far_roots  # noqa: PLC0415 - as above

    end = time.monotonic() + patience
    failures: list[str] = []
    for place, outcome in connections.links:
        if isinstance(outcome, OSError):
            failures += [path_failure(root, outcome).message for root in place.roots]
            continue
        check = partial(check_far_roots, outcome, min(1.0, patience))
        try:
            errors = ask(check, max(0.1, end - time.monotonic()))
        except TimeoutError:
            # It may come back. The thread that waits still reads from this connection.
            connections.give_up(place)
            continue
        except OSError as error:
            failures += [path_failure(root, error).message for root in place.roots]
            continue
        failures += [path_failure(str(error.filename), error).message for error in errors]
    if failures:
        raise Failure("\n".join(failures))
