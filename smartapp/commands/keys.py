"""``smartapp keys``: rotate the keys that encrypt the database, and those that sign."""

from __future__ import annotations

import click


@click.group("keys")
def command() -> None:
    """The keys."""


@command.command("rotate")
@click.option("--signing", is_flag=True, help="Also make new keys to sign with; EHRs find them in the app's key set.")
def rotate(signing: bool) -> None:
    """Make a new data key, wrap all keys under the current secret, and seal every lasting row again.

    To change the secret itself: set SMARTAPP_SECRET_KEY to the new one and SMARTAPP_PREVIOUS_SECRET_KEYS to the old
    one, rotate, then remove the old one.
    """
    from launch.keys import KEYS_CONTEXT
    from smartapp.commands.context import core_from_environment
    from smartapp.persistence.reencrypt import reencrypt

    core = core_from_environment()
    detail = {"signing": "yes" if signing else "no"}
    core.audit.record("keys.rotate", "success", actor="system", tenant="default", detail=detail)
    generation = core.vault.rotate()
    if signing:
        core.launch.keys.rotate()
        click.echo("New signing keys: published now, used in ten minutes.")
    rows = reencrypt(core.engine, core.vault, KEYS_CONTEXT)
    click.echo(f"Key generation {generation}; {rows} rows sealed again.")
