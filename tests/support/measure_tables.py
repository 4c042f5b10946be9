"""Tables of patients in, populations out, for one measure; every engine must agree with them.

Expectations are words: ``ip den ex exc num`` for what the patient is in, ``-`` for nothing; a measure with several
rates has one such word list a rate, separated by ``|``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from support.builders import YEAR, first, made_up_sets
from support.sql_measures import answers, counted_sets, times

from smartapp.criteria.evaluate import Mode, compile_rules
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import shift
from smartapp.measures.answers import report_questions
from smartapp.measures.model import Measure
from smartapp.measures.results import Populations, count_populations

WORDS = ("ip", "den", "ex", "exc", "num")


@dataclass(frozen=True)
class Row:
    """One patient and the populations that the published text puts her in."""

    says: str
    expected: str
    facts: Facts


@dataclass
class Table:
    """The patients of one measure, each a change to a base patient."""

    measure: Measure
    born: str
    sex: str = "female"
    base: tuple[Event, ...] = ()
    rows: list[Row] = field(default_factory=list)

    def row(self, says: str, expected: str, *events: Event, alone: bool = False, **patient: Any) -> None:
        """A patient with the base's events and ``events`` (``alone``: only those)."""
        born = patient.pop("born", self.born)
        facts = Facts(
            "p",
            events if alone else (*self.base, *events),
            birth_low=first(born),
            birth_high=first(born),
            **{"sex": self.sex, "gender": self.sex, **patient},
        )
        self.rows.append(Row(says, expected, facts))

    def each(self, says: str, expected: str, things: Iterable[Any], make: Callable[[Any], Any], **options: Any) -> None:
        """A row for each of some things (value sets, statuses), made to events by ``make``."""
        for thing in things:
            made = make(thing)
            events = made if isinstance(made, tuple) else (made,)
            self.row(f"{says}: {getattr(thing, 'name', thing)}", expected, *events, **options)

    def window(
        self, says: str, make: Callable[[str], Any], days: tuple[str, str], hit: str, miss: str, **options: Any
    ) -> None:
        """Rows at both edges of a window of days, both inside: on them and one day outside."""
        for day, moved, expected in (
            (days[0], 0, hit),
            (days[0], -1, miss),
            (days[1], 0, hit),
            (days[1], 1, miss),
        ):
            at = (date.fromisoformat(day) + timedelta(days=moved)).isoformat()
            made = make(at)
            self.row(f"{says} on {at}", expected, *(made if isinstance(made, tuple) else (made,)), **options)

    def ages(self, ages: tuple[int, int | None], on: str, hit: str, miss: str, *events: Event, **options: Any) -> None:
        """Rows at both ends of a range of completed years on a day, and one day outside of it."""
        day = date.fromisoformat(on)
        youngest, oldest = ages
        born = day.replace(year=day.year - youngest)
        self.row(f"{youngest} on {on}", hit, *events, born=born.isoformat(), **options)
        self.row(f"a day too young on {on}", miss, *events, born=(born + timedelta(days=1)).isoformat(), **options)
        if oldest is not None:
            born = day.replace(year=day.year - oldest - 1) + timedelta(days=1)
            self.row(f"{oldest} on {on}", hit, *events, born=born.isoformat(), **options)
            self.row(f"a day too old on {on}", miss, *events, born=(born - timedelta(days=1)).isoformat(), **options)


def said(populations: Populations) -> str:
    counts = (
        populations.initial_population,
        populations.denominator,
        populations.denominator_exclusion,
        populations.denominator_exception,
        populations.numerator,
    )
    return " ".join(word for word, n in zip(WORDS, counts, strict=True) if n) or "-"


class ChartRunner:
    """Counts the populations of a measure (or of a mutant of one) for rows."""

    def __init__(self, measure: Measure, value_sets: ValueSets | None = None) -> None:
        self.measure = measure
        self._program = compile_rules(report_questions(measure), value_sets or made_up_sets(measure))

    def answer(self, facts: Facts) -> str:
        # A year later: what came after the period must not count, although it is known by then.
        strict = self._program.run(facts, YEAR, shift(YEAR.end, 1, "year"), mode=Mode.STRICT)
        return " | ".join(said(count_populations(rate, strict)) for rate in self.measure.rates)


class PopulationRunner:
    """The same by the population's SQL, for all rows at once."""

    def __init__(self, measure: Measure, rows: Sequence[Row]) -> None:
        asked = report_questions(measure)
        charts = [row.facts for row in rows]
        later = times(YEAR, shift(YEAR.end, 1, "year"))
        found = answers(asked, counted_sets(asked), charts, made_up_sets(measure), later)
        self._said = {
            id(chart): " | ".join(said(count_populations(rate, strict)) for rate in measure.rates)
            for chart, (strict, _) in zip(charts, found, strict=True)
        }

    def answer(self, facts: Facts) -> str:
        return self._said[id(facts)]


def normal(expected: str) -> str:
    """The expectation with the words of each rate in order."""
    return " | ".join(" ".join(word for word in WORDS if word in part.split()) or "-" for part in expected.split("|"))
