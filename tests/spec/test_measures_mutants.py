"""Break each clause of each measure in turn: the tables of patients must notice every break."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support.builders import made_up_sets
from support.measure_tables import ChartRunner, Table, normal
from support.mutate import report_mutants
from support.patients import TABLES
from support.patients.equivalent import EQUIVALENT, SHARED


def survivors(table: Table, opaque: frozenset[str] = SHARED) -> tuple[list[str], int]:
    """The mutants that no row notices, and how many there were."""
    value_sets = made_up_sets(table.measure)
    left, count = [], 0
    for said, mutant in report_mutants(table.measure, opaque):
        if any(re.search(pattern, f"{table.measure.id} {said}") for pattern in EQUIVALENT):
            continue
        count += 1
        runner = ChartRunner(mutant, value_sets)
        if not any(runner.answer(row.facts) != normal(row.expected) for row in reversed(table.rows)):
            left.append(said)
    return left, count


@pytest.mark.deep
@pytest.mark.parametrize("make", TABLES, ids=lambda make: f"{make.__module__.rpartition('.')[2]}-{make.__name__}")
def test_every_mutant_is_noticed(make: Callable[[], Table]) -> None:
    table = make()
    shared = make.__module__.endswith(".shared")
    left, count = survivors(table, frozenset() if shared else SHARED)
    assert count, "no mutants"
    assert not left, f"{len(left)} of {count} live:\n" + "\n".join(left)
