"""Patients in, populations out: what the published text says where the published patients prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from support.measure_tables import ChartRunner, PopulationRunner, Row, Table, normal
from support.patients import TABLES

Runner = ChartRunner | PopulationRunner
ENGINES: Mapping[str, Callable[[Table], Runner]] = {
    "chart": lambda table: ChartRunner(table.measure),
    "population": lambda table: PopulationRunner(table.measure, table.rows),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", TABLES, ids=lambda make: f"{make.__module__.rpartition('.')[2]}-{make.__name__}")
def test_every_patient_is_where_the_text_puts_her(make: Callable[[], Table], engine: str) -> None:
    table = make()
    runner = ENGINES[engine](table)
    wrong = [_line(row, runner) for row in table.rows if runner.answer(row.facts) != normal(row.expected)]
    assert not wrong, "\n" + "\n".join(wrong)


def _line(row: Row, runner: Runner) -> str:
    return f"{row.says}: wanted {normal(row.expected)}, got {runner.answer(row.facts)}"
