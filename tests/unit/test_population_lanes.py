"""Jobs side by side on one store, and what is left when one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.spec_tables import END_OF_YEAR, VALUE_SETS, YEAR

from smartapp.criteria.sql import Script
from smartapp.criteria.sql.compiler import Times
from smartapp.population.compute import Population
from smartapp.population.engines import DuckDB
from smartapp.population.lanes import Job, run_side_by_side
from smartapp.population.store import SCRATCH, Session, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.in_memory() as made:
        yield made


def _create(name: str, select: str) -> Callable[[Session], None]:
    def do(session: Session) -> None:
        session.connection.execute(f"CREATE TABLE {SCRATCH}.{name} AS {select}")

    return do


def test_each_job_finds_what_it_needs(store: Store) -> None:
    jobs = [
        Job("one", _create("one", "SELECT 1 AS n")),
        Job("two", _create("two", "SELECT n + 1 AS n FROM one"), frozenset({"one"})),
        Job("other", _create("other", "SELECT 10 AS n")),
        Job("sum", _create("sum", "SELECT two.n + other.n AS n FROM two, other"), frozenset({"two", "other"})),
    ]
    told: list[str] = []
    run_side_by_side(store, jobs, lambda _, job: told.append(job.name))
    assert store.connection.execute("SELECT n FROM sum").fetchall() == [(12,)]
    assert sorted(told) == ["one", "other", "sum", "two"]
    assert told.index("sum") == 3
    assert told.index("one") < told.index("two")


def test_what_a_job_raises_ends_the_run(store: Store) -> None:
    done: list[str] = []

    def fail(_: Session) -> None:
        raise ValueError("no")

    jobs = [
        Job("fails", fail),
        Job("needs it", lambda _: done.append("needs it"), frozenset({"fails"})),
        Job("stands alone", lambda _: done.append("stands alone")),
    ]
    with pytest.raises(ValueError, match="no"):
        run_side_by_side(store, jobs)
    assert "needs it" not in done


def test_the_tables_of_scratch_come_first_in_a_session_alone(store: Store) -> None:
    store.connection.execute(f"CREATE VIEW {SCRATCH}.person AS SELECT 1 AS only")
    with store.sessions(1) as (session,):
        assert session.count("person") == 1
    assert store.count("person") == 0


class _Failing(DuckDB):
    def run(self, store: Store, script: Script) -> None:
        super().run(store, script)
        raise OSError("no space left")


def test_a_failed_computation_leaves_nothing_that_the_next_could_take_for_its_own(store: Store) -> None:
    with pytest.raises(OSError, match="no space left"):
        Population.of([]).compute(store, VALUE_SETS, Times(YEAR, END_OF_YEAR), _Failing())
    left = f"SELECT * FROM duckdb_tables() WHERE database_name = '{SCRATCH}'"
    assert store.connection.execute(left).fetchall() == []
