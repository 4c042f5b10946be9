"""Bringing a database up to date, in one transaction: the old schema or the new, never between."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from smartapp.errors import AppError
from smartapp.persistence.engine import preparing, reading, writing

# Alembic keeps what it works on in a global of its module.
_ALEMBIC = threading.Lock()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply every migration that is missing.

    Safe to call from several processes at once and to kill at any moment. Raises ``StorageError``
    when the database cannot be written, :class:`AppError` ``persistence.newer`` when a later version of
    the app has changed it.
    """
    config = _config()
    with _ALEMBIC, writing(engine) as connection:
        preparing(connection)
        at = MigrationContext.configure(connection).get_current_revision()
        known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
        if at is not None and at not in known:
            raise AppError(
                "persistence.newer",
                "The database belongs to a later version of the app: install that one, or restore an earlier backup.",
                status=503,
            )
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at; None for one that was never migrated."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The revision this version of the app needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AppError("persistence.no-migrations", "This installation lacks its migrations.", status=500)
    return head
