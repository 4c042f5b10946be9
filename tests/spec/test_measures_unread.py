"""What was not read is never "none": hide a type of resource, and no answer may turn into another certain one.

It may stay, become *cannot be told*, or (where what is hidden only refines it) change with a caveat that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.builders import YEAR, made_up_sets
from support.chart_tables import TODAY, ChartTable
from support.measure_tables import Table
from support.patients import TABLES
from support.patients.charts import CHARTS

from smartapp.criteria.evaluate import Mode, Program, compile_rules
from smartapp.facts.events import Coverage, Facts
from smartapp.facts.instants import Instant, end_of_day
from smartapp.measures.answers import questions
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure


def result(measure: Measure, program: Program, facts: Facts, as_of: Instant) -> MeasureResult:
    strict, kleene = (program.run(facts, YEAR, as_of, mode=mode) for mode in (Mode.STRICT, Mode.KLEENE))
    return evaluate_measure(measure, strict, kleene, period_end=YEAR.end, as_of=as_of)


def without(facts: Facts, kind: str, how: Coverage) -> Facts:
    left = tuple(event for event in facts.events if event.kind != kind)
    return replace(facts, events=left, coverage={kind: how})


def changed(before: MeasureResult, after: MeasureResult) -> list[str]:
    """The certain answers that turned into other certain ones without a caveat."""
    pairs = [("chart", before.clinical_status.value, after.clinical_status.value)]
    for one, other in zip(before.rates, after.rates, strict=True):
        pairs.append((one.group_id, one.gap_status.value, other.gap_status.value))
    return [
        f"{where}: {was} became {now}"
        for where, was, now in pairs
        if was not in (now, "cannot-tell") and now != "cannot-tell"
        if not _refined(was, after) and not _no_gap_either_way(was, now)
    ]


def _refined(was: str, after: MeasureResult) -> bool:
    """An exclusion that was lost with what only refines: the gap shows, with a caveat."""
    return was in ("excluded", "not-applicable") and bool(after.caveats)


def _no_gap_either_way(was: str, now: str) -> bool:
    """Care that was given and an exception: whichever of them was not read, there is no gap."""
    return {was, now} == {"closed-gap", "not-applicable"}


def _found(table: Table | ChartTable, as_of: Instant, every: int, how: Coverage = Coverage.REFUSED) -> list[str]:
    measure = table.measure
    program = compile_rules(questions(measure), made_up_sets(measure))
    found = []
    for row in table.rows[::every]:
        before = result(measure, program, row.facts, as_of)
        for kind in sorted({event.kind for event in row.facts.events}):
            after = result(measure, program, without(row.facts, kind, how), as_of)
            found += [f"{row.says}, without {kind}: {what}" for what in changed(before, after)]
            if any(rate.gap_status.value == "cannot-tell" for rate in after.rates):
                missing = [because.missing for rate in after.rates for because in rate.reasons]
                found += [] if any(missing) else [f"{row.says}, without {kind}: nobody says what is missing"]
    return found


def _name(make: Callable[..., object]) -> str:
    return make.__name__


@pytest.mark.parametrize("make", CHARTS, ids=_name)
def test_hidden_data_never_turn_the_charts_answer(make: Callable[[], ChartTable]) -> None:
    assert not _found(make(), end_of_day(TODAY), 3)


@pytest.mark.parametrize("make", TABLES, ids=_name)
def test_hidden_data_never_turn_the_gap(make: Callable[[], Table]) -> None:
    table = make()
    assert not _found(table, YEAR.end, 7 + len(table.rows) // 60)


def test_an_order_that_may_have_been_rejected_closes_nothing() -> None:
    table = next(make for make in TABLES if make.__name__ == "cms135")()
    program = compile_rules(questions(table.measure), made_up_sets(table.measure))
    facts = next(row.facts for row in table.rows if row.says == "ordered and rejected")
    read = result(table.measure, program, facts, YEAR.end)
    unread = result(table.measure, program, without(facts, "Task", Coverage.REFUSED), YEAR.end)
    assert (read.clinical_status.value, unread.clinical_status.value) == ("due", "cannot-tell")


def test_what_was_read_and_is_not_there_does_turn_them() -> None:
    """The checks above can fail: told that all was read, the rules believe it."""
    assert _found(CHARTS[0](), end_of_day(TODAY), 3, Coverage.COMPLETE)


@pytest.mark.deep
@pytest.mark.parametrize("make", TABLES, ids=_name)
def test_hidden_data_never_turn_the_gap_of_any_patient(make: Callable[[], Table]) -> None:
    assert not _found(make(), YEAR.end, 1)
