"""What runs the compiled SQL: DuckDB beside the data, or Spark (:mod:`.spark`)."""

from __future__ import annotations

from typing import Protocol

from smartapp.criteria.sql import DUCKDB, Dialect, Script
from smartapp.population.store import Store


class Engine(Protocol):
    """Runs a script for the tables ``work``, ``person`` and ``unread`` of a store."""

    @property
    def dialect(self) -> Dialect:
        """The SQL that it reads."""

    def run(self, store: Store, script: Script) -> None:
        """Leave the script's ``people``, and each tally as :func:`tally_table`, as temporary tables of the store."""


def tally_table(name: str) -> str:
    """The table of a tally: patient ``p``, mask ``m`` of the sets, number ``n`` of encounters."""
    return f"tally_{name.replace('-', '_')}"


class DuckDB:
    """The database itself."""

    dialect = DUCKDB

    def run(self, store: Store, script: Script) -> None:
        for statement in script.statements():
            store.connection.execute(statement)
        for name, select in script.tallies.items():
            store.connection.execute(self.dialect.create.format(tally_table(name), select))
        for name, _ in script.tables:
            store.connection.execute(f"DROP TABLE temp.{name}")
