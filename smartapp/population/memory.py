"""The population engine on files, in memory: what ``smartapp evaluate --engine population`` runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smartapp.population.charts import Reading
from smartapp.population.compute import Population
from smartapp.population.evaluating import Request
from smartapp.population.ingest import ingest
from smartapp.population.results import Lines
from smartapp.population.store import Store


def population_lines(request: Request, reading: Reading) -> Iterator[Mapping[str, Any]]:
    """The lines of all patients of the files."""
    with Store.in_memory() as store:
        ingest(store, request.found, reading)
        population = Population.of(request.measures)
        population.compute(store, request.value_sets, request.times)
        yield from Lines(store, population, request.value_sets, request.times).all()
