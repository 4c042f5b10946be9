"""The language's semantics as tables, on the reference evaluator."""

from __future__ import annotations

import pytest
from support.criteria_tables import conditions, sets, times
from support.spec_tables import Case, Engine, Mode, PythonEngine, Table, as_truth, check, params

TABLES = (*conditions.TABLES, *times.TABLES, *sets.TABLES)


@pytest.mark.parametrize(("engine", "table", "case", "mode"), params(TABLES, [PythonEngine()]))
def test_the_reference_evaluator_says(engine: Engine, table: Table, case: Case, mode: Mode) -> None:
    check(engine, table, case, mode)


def test_members_as_a_truth() -> None:
    assert [as_truth(text) for text in ("a ?b …", "?b", "…", "")] == [True, None, None, False]
