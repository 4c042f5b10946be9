"""The population engine behind the list: the charts' facts in DuckDB, in memory, all measures by SQL.

Where the SQL leaves something unnamed (which data are missing, what was not ruled out), the chart's own engine names
it from the same facts; there are few such patients.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

from smartapp.criteria.constants import Period
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Coverage, Facts
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult
from smartapp.population.compute import Population, evaluate_vector, result_table
from smartapp.population.frames import Row
from smartapp.population.pipe import load_rows
from smartapp.population.rows import LOST, Signatures, event_row, mark_row, person_row
from smartapp.population.store import Store
from smartapp.population.vectors import Vectors
from smartapp.services.panel_engine import PanelEngine, Results
from smartapp.services.snapshot import Snapshot

_AT_ONCE = 5000
_NO_VERSION = (-1, -1)
_MEMORY = "1GB"


class SqlPanelEngine:
    """Computes a list at once, or in parts of ``at_once``; keeps nothing."""

    def __init__(
        self,
        measures: Sequence[Measure],
        value_sets: ValueSets,
        *,
        chart: PanelEngine,
        today: Callable[[], date],
        at_once: int = _AT_ONCE,
    ) -> None:
        """``chart`` names what SQL leaves unnamed; ``today`` is the practice's day, as the chart has it."""
        self._measures = tuple(measure for measure in measures if "population" in measure.views)
        self._value_sets = value_sets
        self._chart = chart
        self._today = today
        self._at_once = at_once

    @cached_property
    def _population(self) -> Population:
        return Population.of(self._measures)

    def results(self, charts: Iterable[Snapshot], size: int) -> Iterator[tuple[Snapshot, Results]]:
        left = iter(charts)
        while batch := list(islice(left, self._at_once)):
            yield from self._computed(batch)

    def _computed(self, charts: Sequence[Snapshot]) -> Iterator[tuple[Snapshot, Results]]:
        today = self._today()
        period = Period(start_of_day(date(today.year, 1, 1)), end_of_day(date(today.year, 12, 31)))
        times = Times(period, end_of_day(today))
        with Store.in_memory(memory=_MEMORY) as store:
            load_charts(store, [chart.facts for chart in charts])
            self._population.compute(store, self._value_sets, times)
            found = [_Found(store, one, times) for one in self._population.vectors]
            numbers = dict(store.connection.execute("SELECT bundle - 1, p FROM patient").fetchall())
        for place, chart in enumerate(charts):
            named: Mapping[str, MeasureResult] | None = None
            results = []
            for one in found:
                result = one.result(numbers[place], deceased=chart.patient.deceased)
                if result is None:
                    named = named or self._named(chart)
                    result = named[one.measure.id]
                results.append((one.measure, result))
            yield chart, tuple(results)

    def _named(self, chart: Snapshot) -> Mapping[str, MeasureResult]:
        return {measure.id: result for _, results in self._chart.results([chart], 1) for measure, result in results}


class _Found:
    """One measure's computed results, out of the database."""

    def __init__(self, store: Store, vectors: Vectors, times: Times) -> None:
        self.measure = vectors.measure
        self._vectors = vectors
        self._times = times
        connection = store.connection
        rows = connection.execute(f"SELECT * FROM {result_table(self.measure)}").fetchall()  # noqa: S608 - our own name
        self._rows = {row[0]: row for row in rows}
        self._kinds: dict[int, tuple[list[Any], dict[str, Any]]] = {
            number: (json.loads(keys), json.loads(body))
            for number, keys, body in connection.execute(
                "SELECT number, keys, body FROM vector WHERE measure = ?", [self.measure.id]
            ).fetchall()
        }

    def result(self, p: int, *, deceased: bool) -> MeasureResult | None:
        """The result of one patient; None where only the chart's engine can name what is unknown."""
        _, number, *last = self._rows[p]
        keys, body = self._kinds[number]
        dead = self._vectors.deceased(keys)
        if body["incomplete"] or dead != deceased:
            return None
        return evaluate_vector(self._vectors, keys, last, self._times)[0]


def load_charts(store: Store, charts: Sequence[Facts]) -> None:
    """Facts into the table ``resource``, each chart as a Bundle of its own: its place in ``charts``, from 1."""
    signatures = Signatures()
    load_rows(store, (row for place, facts in enumerate(charts) for row in _rows(place, facts, signatures)))
    store.add_signatures(signatures.new)


def _rows(place: int, facts: Facts, signatures: Signatures) -> Iterator[Row]:
    where, patient = (place, 0, place + 1), facts.patient_id
    yield person_row(where, patient, facts, signatures.of("Patient", facts.codes), _NO_VERSION)
    for event in facts.events:
        yield event_row(where, patient, event, signatures.of(event.kind, event.codes), _NO_VERSION)
    for key, read in facts.coverage.items():
        if read is not Coverage.COMPLETE:
            yield mark_row(where, patient, LOST, key)
