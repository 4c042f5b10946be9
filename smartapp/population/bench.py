"""``smartapp bench``: speed and memory on data that it makes itself."""

from __future__ import annotations

import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from smartapp.criteria.constants import Period
from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.sql.layout import WORK_COLUMNS
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.facts.normalise import facts_from_json
from smartapp.groups.catalogue import GROUPS
from smartapp.measures.answers import questions
from smartapp.measures.catalogue import MEASURES
from smartapp.measures.results import evaluate_measure
from smartapp.population.charts import Reading
from smartapp.population.compute import Population
from smartapp.population.files import find_files
from smartapp.population.ingest import ingest
from smartapp.population.store import Store
from smartapp.population.synthetic import EVENTS, make_population
from smartapp.population.synthetic_chart import chart, lab, labs

LAST_DAY = date(2026, 12, 31)
_RUNS = 60
_RESOURCES = 300_000


@dataclass(frozen=True)
class Bench:
    """What is measured with: all measures, the shipped value sets, the year of ``LAST_DAY``."""

    value_sets: ValueSets
    times: Times
    say: Callable[[str], None]

    @classmethod
    def of(cls, say: Callable[[str], None]) -> Bench:
        period = Period(start_of_day(date(LAST_DAY.year, 1, 1)), end_of_day(LAST_DAY))
        return cls(ValueSets.load(), Times(period, period.end), say)

    def run(self, patients: int) -> dict[str, Any]:
        """All figures, as ``smartapp bench --json`` prints them."""
        return {
            "chart": self.chart("all types", chart(300, last_day=LAST_DAY)),
            "chart_of_labs": self.chart("laboratory results", labs(300, last_day=LAST_DAY)),
            "ingest": self.ingest(),
            "population": self.population(patients),
        }

    def chart(self, what: str, text: bytes) -> dict[str, Any]:
        """Milliseconds from JSON text to all measures and groups of one chart of 300 events.

        ``cpu_`` figures are the processor's time: on a busy machine the clock says how long others worked.
        """
        self.say(f"chart: 300 events, {what}")
        rules = [node for one in MEASURES.values() for node in questions(one)]
        rules += [group.rule for group in GROUPS.values()]
        program = compile_rules(rules, self.value_sets)
        period, as_of = self.times.period, self.times.as_of
        parsing, all_, cpu_parsing, cpu_all = [], [], [], []
        for _ in range(_RUNS):
            begun, used = time.perf_counter(), time.process_time()
            facts = facts_from_json(text).facts
            parsing.append(time.perf_counter() - begun)
            cpu_parsing.append(time.process_time() - used)
            strict, kleene = program.run_both(facts, period, as_of)
            for measure in MEASURES.values():
                evaluate_measure(measure, strict, kleene, period_end=period.end, as_of=as_of)
            for group in GROUPS.values():
                kleene.truth(group.rule)
            all_.append(time.perf_counter() - begun)
            cpu_all.append(time.process_time() - used)
        return {
            "events": len(facts.events),
            "kilobytes": round(len(text) / 1000),
            "measures": len(MEASURES),
            "groups": len(GROUPS),
            "p50_ms": _ms(statistics.median(all_)),
            "p50_facts_ms": _ms(statistics.median(parsing)),
            "cpu_p50_ms": _ms(statistics.median(cpu_all)),
            "cpu_p50_facts_ms": _ms(statistics.median(cpu_parsing)),
        }

    def ingest(self) -> dict[str, Any]:
        """Resources a second from NDJSON files to the encrypted file, on all cores."""
        self.say(f"ingest: {_RESOURCES:,} laboratory results")
        with tempfile.TemporaryDirectory(prefix="smartapp-bench-") as folder:
            place = Path(folder)
            _write_labs(place / "Observation.ndjson", place / "Patient.ndjson")
            with Store.open(place / "population.duckdb", "00" * 32) as store:
                begun = time.perf_counter()
                done = ingest(store, find_files([place]), Reading())
                seconds = time.perf_counter() - begun
        return {
            "resources": done.rows,
            "seconds": round(seconds, 2),
            "resources_per_second": round(done.rows / seconds),
        }

    def population(self, patients: int) -> dict[str, Any]:
        """All measures and groups for so many patients of 60 events, from the encrypted file."""
        population = Population.of(list(MEASURES.values()), list(GROUPS.values()))
        with tempfile.TemporaryDirectory(prefix="smartapp-bench-") as folder:
            path = Path(folder) / "population.duckdb"
            with Store.open(path, "00" * 32) as store:
                self.say(f"population: making {patients:,} patients of {sum(EVENTS.values())} events")
                making = _timed(
                    lambda: make_population(store, patients, population.program.rules, self.value_sets, LAST_DAY)
                )
                store.connection.execute("CHECKPOINT")
                scan = _timed(lambda: _scan(store))
                self.say(f"population: computing ({making:.0f} s to make, {scan:.2f} s to scan)")
                before = _rss_mb()
                used = time.process_time()
                computing = _timed(lambda: population.compute(store, self.value_sets, self.times))
                used = time.process_time() - used
                events, vectors = store.count("work"), store.count("vector")
                size = path.stat().st_size
        return {
            "patients": patients,
            "events": patients * sum(EVENTS.values()),
            "events_looked_at": events,
            "measures": len(MEASURES),
            "groups": len(GROUPS),
            "vectors": vectors,
            "make_seconds": round(making, 2),
            "seconds": round(computing, 2),
            "cpu_seconds": round(used, 2),
            "patients_per_second": round(patients / computing),
            "scan_seconds": round(scan, 3),
            "scans": round(computing / scan, 1),
            "file_mb": round(size / 1e6),
            "rss_mb": round(_rss_mb()),
            "rss_before_mb": round(before),
        }


def _write_labs(observations: Path, patients: Path) -> None:
    people = _RESOURCES // 60
    with patients.open("w") as stream:
        for one in range(people):
            stream.write(json.dumps({"resourceType": "Patient", "id": f"p{one}", "birthDate": "1960-01-01"}) + "\n")
    with observations.open("w") as stream:
        for number in range(_RESOURCES):
            resource_ = lab(number, f"p{number % people}", LAST_DAY.year - number % 6, number * 7919 % 10_007)
            stream.write(json.dumps(resource_) + "\n")


def _scan(store: Store) -> None:
    """Read every column of every event once: the least that any computation on this file could take."""
    columns = ", ".join(f"max({name})" for name in WORK_COLUMNS)
    store.connection.execute(f"SELECT {columns} FROM work").fetchall()


def _timed(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _rss_mb() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
