"""Patients in, the chart's status and due date out; and every break of a chart's rule is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from support.builders import made_up_sets
from support.chart_tables import ChartStatus, ChartTable, PopulationStatus, chart_mutants
from support.mutate import report_parts, units
from support.patients.charts import CHARTS
from support.patients.equivalent import EQUIVALENT_IN_CHARTS, SHARED, WINDOWED

ENGINES: Mapping[str, Callable[[ChartTable], ChartStatus | PopulationStatus]] = {
    "chart": lambda table: ChartStatus(table.measure.clinical),
    "population": lambda table: PopulationStatus(table.measure.clinical, table.rows),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", CHARTS, ids=lambda make: make.__name__)
def test_every_patient_has_the_status_that_the_rule_says(make: Callable[[], ChartTable], engine: str) -> None:
    table = make()
    runner = ENGINES[engine](table)
    got = [(row, runner.answer(row.facts)) for row in table.rows]
    wrong = [f"{row.says}: wanted {row.expected}, got {answer}" for row, answer in got if answer != row.expected]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.deep
@pytest.mark.parametrize("make", CHARTS, ids=lambda make: make.__name__)
def test_every_break_of_the_rule_is_noticed(make: Callable[[], ChartTable]) -> None:
    table = make()
    value_sets = made_up_sets(table.measure)
    known = frozenset(units([part for rate in table.measure.rates for part in report_parts(rate)], frozenset()))
    left, count = [], 0
    for said, mutant in chart_mutants(table.measure, SHARED | WINDOWED, known):
        if any(re.search(pattern, f"{table.measure.id} {said}") for pattern in EQUIVALENT_IN_CHARTS):
            continue
        count += 1
        runner = ChartStatus(mutant, value_sets)
        if all(runner.answer(row.facts) == row.expected for row in reversed(table.rows)):
            left.append(said)
    assert count, "no mutants"
    assert not left, f"{len(left)} of {count} live:\n" + "\n".join(left)
