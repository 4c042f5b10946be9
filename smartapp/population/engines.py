"""What runs the compiled SQL: DuckDB beside the data, or Spark (:mod:`.spark`)."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import Protocol

from smartapp.criteria.sql import DUCKDB, Dialect, Script
from smartapp.population.lanes import Job, run_side_by_side
from smartapp.population.store import SCRATCH, Session, Store

_WORD = re.compile(r"\w+")


class Engine(Protocol):
    """Runs a script for the tables ``work``, ``person`` and ``unread`` of a store."""

    @property
    def dialect(self) -> Dialect:
        """The SQL that it reads."""

    def run(self, store: Store, script: Script) -> None:
        """Leave the script's ``people``, and each tally as :func:`tally_table`, as tables of ``scratch``."""


def tally_table(name: str) -> str:
    """The table of a tally: patient ``p``, mask ``m`` of the sets, number ``n`` of encounters."""
    return f"tally_{name.replace('-', '_')}"


class DuckDB:
    """The database itself."""

    dialect = DUCKDB

    def run(self, store: Store, script: Script) -> None:
        tallies = {tally_table(name): select for name, select in script.tallies.items()}
        steps = {**dict(script.tables), "people": script.people, **tallies}
        jobs: list[Job] = []
        before: set[str] = set()
        for name, select in steps.items():
            needs = frozenset(_WORD.findall(select)) & before
            jobs.append(Job(name, partial(_create, name, select), needs))
            before.add(name)
        kept = {"people", *tallies}
        readers = Counter(need for job in jobs for need in job.needs)

        def drop(session: Session, job: Job) -> None:
            """Let go what no later step reads: memory for those that are still to come."""
            readers.subtract(job.needs)
            for table in {*job.needs, job.name} - kept:
                if not readers[table]:
                    session.connection.execute(f"DROP TABLE {SCRATCH}.{table}")

        run_side_by_side(store, jobs, drop)


def _create(name: str, select: str, session: Session) -> None:
    session.connection.execute(f"CREATE OR REPLACE TABLE {SCRATCH}.{name} AS {select}")
