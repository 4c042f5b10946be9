"""``smartapp audit``: check and read the audit trail."""

from __future__ import annotations

import click


@click.group("audit")
def command() -> None:
    """The audit trail."""


@command.command("verify")
def verify() -> int:
    """Check that no entry was changed, removed or cut off. Exit code 1 if one was."""
    from smartapp.commands.context import core_from_environment

    verdict = core_from_environment().audit.verify()
    if verdict.intact:
        click.echo(f"{verdict.entries} entries, intact")
        return 0
    click.echo(f"Broken at entry {verdict.broken_at}: {verdict.problem}", err=True)
    return 1
