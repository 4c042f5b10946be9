"""Results of a population as lines: the same as the chart engine writes, made of vectors and days."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smartapp.criteria.evaluate import Program, compile_rules
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Facts
from smartapp.measures.answers import questions
from smartapp.measures.results import MeasureResult, evaluate_measure, lines
from smartapp.population.charts_of import facts_of
from smartapp.population.compute import Population, evaluate_vector, result_table
from smartapp.population.store import Store
from smartapp.population.vectors import Vectors

_AT_ONCE = 5_000

__all__ = ["Lines", "facts_of"]


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
        p, number, *last = row
        keys, body = self._bodies[one.measure.id, number]
        if not body["incomplete"]:
            return evaluate_vector(one, keys, last, self._times)[0]
        strict, kleene = self._chart(charts[p])
        end, as_of, dead = self._times.period.end, self._times.as_of, one.deceased(keys)
        return evaluate_measure(one.measure, strict, kleene, period_end=end, as_of=as_of, deceased=dead)

    def _chart(self, facts: Facts) -> Sequence[Any]:
        if self._program is None:
            rules = [node for one in self._population.vectors for node in questions(one.measure)]
            self._program = compile_rules(rules, self._value_sets)
        times = self._times
        return self._program.run_both(facts, times.period, times.as_of)
