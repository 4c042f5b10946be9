"""What runs the compiled SQL: DuckDB beside the data, or Spark (:mod:`.spark`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from smartapp.criteria.sql import DUCKDB, Dialect, Script
from smartapp.population.store import Store

_WORD = re.compile(r"\w+")


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
        tallies = {tally_table(name): select for name, select in script.tallies.items()}
        steps = (*script.tables, ("people", script.people), *tallies.items())
        kept = {"people", *tallies}
        for (name, select), used_up in zip(steps, _used_up(steps), strict=True):
            store.connection.execute(self.dialect.create.format(name, select))
            for table in used_up - kept:
                store.connection.execute(f"DROP TABLE temp.{table}")


def _used_up(steps: Sequence[tuple[str, str]]) -> list[set[str]]:
    """For each step the tables that no later one reads: memory for those that are still to come."""
    last = {name: place for place, (name, _) in enumerate(steps)}
    for place, (_, select) in enumerate(steps):
        for word in set(_WORD.findall(select)):
            if word in last:
                last[word] = max(last[word], place)
    gone: list[set[str]] = [set() for _ in steps]
    for name, place in last.items():
        gone[place].add(name)
    return gone
