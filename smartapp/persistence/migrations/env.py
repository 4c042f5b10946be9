"""Runs the migrations on the connection that :mod:`smartapp.persistence.migrate` hands over."""

from __future__ import annotations

from alembic import context

from smartapp.persistence.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back what changes its schema; Alembic assumes that it cannot.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
