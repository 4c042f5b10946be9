"""``smartapp db``: the database's tables."""

from __future__ import annotations

import click


@click.group("db")
def command() -> None:
    """The database."""


@command.command("upgrade")
def upgrade_tables() -> None:
    """Bring the tables up to date. All of it is done, or nothing."""
    import os

    from smartapp.config import load
    from smartapp.persistence.engine import open_engine
    from smartapp.persistence.migrate import current_revision, upgrade

    engine = open_engine(load(os.environ).sqlalchemy_url)
    upgrade(engine)
    click.echo(f"The database is at revision {current_revision(engine)}.")
