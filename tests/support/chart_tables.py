"""Tables of patients in, the chart's status out: ``"overdue 2026-01-01"``, ``"due"``, ``"excluded"``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from support.builders import YEAR, first, made_up_sets
from support.mutate import everywhere_in, own_mutants, units
from support.sql_measures import answers, times

from smartapp.criteria.evaluate import Mode, compile_rules
from smartapp.criteria.nodes import Always
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import CriteriaError
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import end_of_day
from smartapp.measures.answers import chart_questions
from smartapp.measures.due import Due, clinical_status
from smartapp.measures.model import Clinical, Every, Measure

TODAY = date(2026, 6, 30)


@dataclass(frozen=True)
class ChartRow:
    says: str
    expected: str
    facts: Facts


@dataclass
class ChartTable:
    """The patients of one measure's chart rule, seen on 30 June 2026."""

    measure: Measure
    born: str
    sex: str | None = "female"
    base: tuple[Event, ...] = ()
    rows: list[ChartRow] = field(default_factory=list)

    def row(self, says: str, expected: str, *events: Event, alone: bool = False, **patient: Any) -> None:
        born = patient.pop("born", self.born)
        facts = Facts(
            "p",
            events if alone else (*self.base, *events),
            birth_low=first(born),
            birth_high=first(born),
            **{"sex": self.sex, "gender": self.sex, **patient},
        )
        self.rows.append(ChartRow(says, expected, facts))

    def ages(self, youngest: int, oldest: int | None, hit: str, *events: Event, **more: Any) -> None:
        """The first and last day of an age on the day of evaluation, and one day outside."""
        born = TODAY.replace(year=TODAY.year - youngest)
        self.row(f"{youngest} today", hit, *events, born=born.isoformat(), **more)
        tomorrow = (born + timedelta(days=1)).isoformat()
        self.row(f"{youngest} tomorrow", "not-applicable", *events, born=tomorrow, **more)
        if oldest is not None:
            born = TODAY.replace(year=TODAY.year - oldest - 1)
            self.row(f"{oldest} until tomorrow", hit, *events, born=(born + timedelta(days=1)).isoformat(), **more)
            self.row(f"{oldest + 1} today", "not-applicable", *events, born=born.isoformat(), **more)

    def interval(self, says: str, make: Callable[[str], Any], amount: int, unit: str, **more: Any) -> None:
        """Up to date until the due date, due within the grace, overdue after it."""
        clinical = self.measure.clinical
        soon = clinical.due_soon.amount
        for ahead in range(soon - 1, soon + 4):
            self._interval(says, make, amount, unit, ahead, "due-soon" if ahead <= soon else "up-to-date", **more)
        self._interval(says, make, amount, unit, 0, "due", **more)
        grace = _days(clinical.grace)
        self._interval(says, make, amount, unit, -grace + 6, "due" if grace > 6 else "due-soon", **more)
        self._interval(says, make, amount, unit, -grace - 6, "overdue", **more)

    def _interval(
        self, says: str, make: Callable[[str], Any], amount: int, unit: str, ahead: int, status: str, **more: Any
    ) -> None:
        due = TODAY + timedelta(days=ahead)
        last = _back(due, amount, unit)
        if last is None:
            return
        made = make(last.isoformat())
        events = made if isinstance(made, tuple) else (made,)
        self.row(f"{says} due in {ahead} days", f"{status} {due.isoformat()}", *events, **more)


def _back(day: date, amount: int, unit: str) -> date | None:
    """The day some months or years before; None where that month has no such day."""
    months = day.year * 12 + day.month - 1 - amount * (12 if unit == "year" else 1)
    try:
        return day.replace(year=months // 12, month=months % 12 + 1)
    except ValueError:
        return None


def _days(every: Every) -> int:
    return every.amount * {"day": 1, "month": 30, "year": 365}[every.unit]


class ChartStatus:
    """The chart's status of a rule (or of a mutant of one) for rows."""

    def __init__(self, clinical: Clinical, value_sets: ValueSets | None = None) -> None:
        self.clinical = clinical
        self._program = compile_rules(chart_questions(clinical), value_sets or made_up_sets(clinical))

    def answer(self, facts: Facts) -> str:
        as_of = end_of_day(TODAY)
        strict, kleene = (self._program.run(facts, YEAR, as_of, mode=mode) for mode in (Mode.STRICT, Mode.KLEENE))
        return _said(clinical_status(self.clinical, strict, kleene, as_of))


class PopulationStatus:
    """The same by the population's SQL, for all rows at once."""

    def __init__(self, clinical: Clinical, rows: Sequence[ChartRow]) -> None:
        as_of = end_of_day(TODAY)
        charts = [row.facts for row in rows]
        found = answers(chart_questions(clinical), (), charts, made_up_sets(clinical), times(YEAR, as_of))
        self._said = {
            id(chart): _said(clinical_status(clinical, strict, kleene, as_of))
            for chart, (strict, kleene) in zip(charts, found, strict=True)
        }

    def answer(self, facts: Facts) -> str:
        return self._said[id(facts)]


def _said(due: Due) -> str:
    return f"{due.status} {due.due_date.isoformat()}" if due.due_date else due.status.value


def chart_mutants(measure: Measure, opaque: frozenset[str], known: frozenset[Any]) -> Iterator[tuple[str, Clinical]]:
    """Every mutant of a chart's rule; ``known`` are the units that the report's tables break already."""
    clinical = measure.clinical
    roots = [clinical.eligible, *(reason.part for reason in clinical.excluded), *(c.events for c in clinical.closed_by)]
    roots += [] if clinical.satisfied is None else [clinical.satisfied]
    for unit in units(roots, opaque):
        if unit in known:
            continue
        for said, broken in own_mutants(unit):
            try:
                yield f"{said}", everywhere_in(clinical, unit, broken)
            except CriteriaError:
                continue
    for said, broken in own_mutants(clinical.eligible):
        yield f"eligible > {said}", replace(clinical, eligible=broken)
    for i, reason in enumerate(clinical.excluded):
        rest = (*clinical.excluded[:i], *clinical.excluded[i + 1 :])
        yield f"without the exclusion {reason.name}", replace(clinical, excluded=rest)
    for i, closed in enumerate(clinical.closed_by):
        before, after = clinical.closed_by[:i], clinical.closed_by[i + 1 :]
        if before or after:
            yield f"without {closed.name}", replace(clinical, closed_by=(*before, *after))
        if closed.holds is not None:
            for by in (-1, 1):
                holds = replace(closed.holds, amount=closed.holds.amount + by)
                broken_by = replace(closed, holds=holds)
                yield f"{closed.name} every {holds.amount}", replace(clinical, closed_by=(*before, broken_by, *after))
    if len(clinical.closed_by) > 1:
        yield "one for all needed", replace(clinical, needs="one" if clinical.needs == "all" else "all")
    if clinical.satisfied is not None:
        yield "whatever the result", replace(clinical, satisfied=None)
        yield "never good enough", replace(clinical, satisfied=Always(False))
    if clinical.grace.amount:
        yield "without grace", replace(clinical, grace=Every(0, "day"))
