"""``smartapp settings``: every setting, as the documentation lists it."""

from __future__ import annotations

import click


@click.command("settings")
def command() -> None:
    """List every setting with its default and what it does."""
    from smartapp.config import describe

    for row in describe():
        click.echo(f"{row.variable}  ({row.type}, {row.default or 'empty'})\n    {row.description}")
