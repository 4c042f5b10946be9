"""The population engine on files, in memory: what ``smartapp evaluate --engine population`` runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Facts
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult
from smartapp.population.charts import Reading
from smartapp.population.compute import Population
from smartapp.population.evaluating import Request
from smartapp.population.ingest import ingest, load_charts
from smartapp.population.results import Lines
from smartapp.population.store import Store


def population_results(
    charts: Iterable[Facts], measures: Sequence[Measure], value_sets: ValueSets, times: Times
) -> Iterator[tuple[tuple[Measure, MeasureResult], ...]]:
    """The measures' results of charts that are at hand as facts, in their order."""
    with Store.in_memory() as store:
        load_charts(store, charts)
        population = Population.of(measures)
        population.compute(store, value_sets, times)
        for _, results in Lines(store, population, value_sets, times).results():
            yield tuple(zip(measures, results, strict=True))


def population_lines(request: Request, reading: Reading) -> Iterator[Mapping[str, Any]]:
    """The lines of all patients of the files."""
    with Store.in_memory() as store:
        ingest(store, request.found, reading)
        population = Population.of(request.measures)
        population.compute(store, request.value_sets, request.times)
        yield from Lines(store, population, request.value_sets, request.times).all()
