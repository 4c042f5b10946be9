"""Results of a population as lines: the same as the chart engine writes, made of vectors and days."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smartapp.criteria.evaluate import Program, compile_rules
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.sql.layout import EVENT_COLUMNS
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts, ValueKind
from smartapp.measures.answers import questions
from smartapp.measures.results import MeasureResult, evaluate_measure, lines
from smartapp.population.compute import Population, evaluate_vector, result_table
from smartapp.population.rows import FIELDS, PERSON_COLUMNS
from smartapp.population.store import Store
from smartapp.population.vectors import Vectors

_AT_ONCE = 5_000


class Lines:
    """Writes the lines of a computed store.

    What is unread, and what would refine an answer, is named by the chart engine from the same facts: the few
    patients of whom something cannot be told are evaluated once more.
    """

    def __init__(self, store: Store, population: Population, value_sets: ValueSets, times: Times) -> None:
        self._store = store
        self._population = population
        self._value_sets = value_sets
        self._times = times
        self._bodies = {
            (measure, number): (json.loads(keys), json.loads(body))
            for measure, number, keys, body in store.connection.execute("SELECT * FROM vector").fetchall()
        }
        self._program: Program | None = None

    def all(self) -> Iterator[Mapping[str, Any]]:
        """The lines of all patients, in their order."""
        for patient, results in self.results():
            for result in results:
                yield from lines(patient, result)

    def results(self) -> Iterator[tuple[str, list[MeasureResult]]]:
        """Each patient's id and results, in the order of the measures."""
        last = self._store.connection.execute("SELECT coalesce(max(p), -1) FROM patient").fetchone()
        for first in range(0, (last[0] if last else -1) + 1, _AT_ONCE):
            yield from self.between(first, first + _AT_ONCE - 1)

    def between(self, first: int, last: int) -> Iterator[tuple[str, list[MeasureResult]]]:
        """The results of the patients with these numbers."""
        connection = self._store.connection
        ids = connection.execute(
            "SELECT p, id FROM patient WHERE p BETWEEN ? AND ? ORDER BY p", [first, last]
        ).fetchall()
        rows: dict[str, dict[int, Any]] = {}
        unnamed: set[int] = set()
        for one in self._population.vectors:
            found = connection.execute(
                f"SELECT * FROM {result_table(one.measure)} WHERE p BETWEEN ? AND ?", [first, last]
            ).fetchall()
            rows[one.measure.id] = {row[0]: row for row in found}
            unnamed |= {row[0] for row in found if self._bodies[one.measure.id, row[1]][1]["incomplete"]}
        charts = facts_of(self._store, sorted(unnamed)) if unnamed else {}
        for p, patient in ids:
            yield patient, [self._of(one, rows[one.measure.id][p], charts) for one in self._population.vectors]

    def _of(self, one: Vectors, row: tuple[Any, ...], charts: Mapping[int, Facts]) -> MeasureResult:
        p, number, _, *last = row
        keys, body = self._bodies[one.measure.id, number]
        if not body["incomplete"]:
            return evaluate_vector(one, keys, last, self._times)[0]
        strict, kleene = self._chart(charts[p])
        period, as_of = self._times.period, self._times.as_of
        return evaluate_measure(one.measure, strict, kleene, period_end=period.end, as_of=as_of, deceased=keys[-3])

    def _chart(self, facts: Facts) -> Sequence[Any]:
        if self._program is None:
            rules = [node for one in self._population.vectors for node in questions(one.measure)]
            self._program = compile_rules(rules, self._value_sets)
        times = self._times
        return self._program.run_both(facts, times.period, times.as_of)


def facts_of(store: Store, patients: Sequence[int]) -> dict[int, Facts]:
    """The facts of some patients, as they were read."""
    connection = store.connection
    wanted = store.rows([(p,) for p in patients], p="INTEGER")
    columns = [EVENT_COLUMNS[name][0] for name in FIELDS]
    found = connection.execute(
        f"SELECT q.p, q.id, r.kind, r.id, s.codes, {', '.join(f'r.{column}' for column in columns)} FROM {wanted} w "
        "JOIN patient q USING (p) JOIN resource r ON r.bundle = q.bundle AND r.patient = q.id "
        "LEFT JOIN signature s ON s.sig = r.sig ORDER BY r.updated, r.version, r.source, r.place"
    ).fetchall()
    events: dict[int, dict[tuple[str, str], Event | None]] = {p: {} for p in patients}
    people: dict[int, dict[str, Any]] = {}
    coverage: dict[int, dict[str, Coverage]] = {p: {} for p in patients}
    for p, patient, kind, id_, codes, *values in found:
        slots = tuple(SlotCode(*coding) for coding in json.loads(codes)) if codes else ()
        if kind == "Patient":
            by_column = dict(zip(columns, values, strict=True))
            people[p] = {name: by_column[column] for column, name in PERSON_COLUMNS.items()}
            people[p] |= {"patient_id": patient, "codes": slots}
        elif kind == "~lost":
            coverage[p][id_] = Coverage.CUT
        elif kind.startswith("~"):
            events[p][kind[1:], id_] = None
        elif codes is not None:
            events[p][kind, id_] = _event(kind, id_, slots, values)
    return {
        p: Facts(
            events=tuple(event for event in events[p].values() if event is not None), coverage=coverage[p], **person
        )
        for p, person in people.items()
    }


def _event(kind: str, id_: str, codes: tuple[SlotCode, ...], values: Sequence[Any]) -> Event:
    fields = dict(zip(FIELDS, values, strict=True))
    return Event(id_, kind, codes, **{**fields, "value_kind": ValueKind(fields["value_kind"])})
