"""`statustui states`: list the known states."""

from __future__ import annotations

import click

from statustui.core.states import MEANINGS, categorise
from statustui.presentation.run_object import dump


@click.command("states", short_help="List the known states.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List the known states, each with its category and meaning."""
    if as_json:
        click.echo(
            dump(
                {
                    state: {"help": text, "category": categorise(state).value}
                    for state, text in MEANINGS.items()
                }
            )
        )
        return
    for state, text in MEANINGS.items():
        click.echo(f"{state:<15}  {categorise(state).value:<9}  {text}")
