"""The criteria language on the population's SQL: the same tables as the reference evaluator."""

from __future__ import annotations

import pytest
from support.criteria_tables import conditions, sets, times
from support.spec_tables import Case, Engine, Table, check, params
from support.sql_engine import SqlEngine

from smartapp.criteria.evaluate import Mode

TABLES = (*conditions.TABLES, *sets.TABLES, *times.TABLES)


@pytest.mark.parametrize(("engine", "table", "case", "mode"), params(TABLES, [SqlEngine()]))
def test_the_sql_says_what_the_table_says(engine: Engine, table: Table, case: Case, mode: Mode) -> None:
    check(engine, table, case, mode)
