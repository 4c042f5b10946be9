"""The list says the same whichever engine computed it: the chart's, or the population's SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from launch.sandbox.patients import generate
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Coverage
from smartapp.facts.normalise import facts_from_bundle
from smartapp.measures.catalogue import MEASURES
from smartapp.measures.results import lines
from smartapp.services.chart import ChartService
from smartapp.services.enabled import Enabled
from smartapp.services.panel_engine import ChartPanelEngine, EngineBySize, Results
from smartapp.services.panel_sql import SqlPanelEngine
from smartapp.services.patient_line import patient_line
from smartapp.services.snapshot import Snapshot

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CHOSEN = ("CMS125", "CMS130", "CMS122", "CMS165", "CMS138", "FLU")
"""Lookbacks, a value, a day's latest, an intervention, a season; all of them together take SQL seconds to plan."""
UNREAD = (Coverage.REFUSED, Coverage.FAILED, Coverage.CUT)


@pytest.fixture(scope="module")
def enabled() -> Enabled:
    return Enabled([MEASURES[one] for one in CHOSEN], [], ValueSets.load())


@pytest.fixture(scope="module")
def chart(enabled: Enabled) -> ChartPanelEngine:
    unused = {"reader": None, "store": None, "lanes": None, "sleep": time.sleep}
    service = ChartService(
        enabled=enabled,
        clock=lambda: NOW,
        monotonic=time.monotonic,
        zone=ZoneInfo("UTC"),
        **unused,  # type: ignore[arg-type]
    )
    return ChartPanelEngine(service.evaluate)


@pytest.fixture(scope="module")
def charts(enabled: Enabled) -> list[Snapshot]:
    """The sandbox's cast and some drawn patients; every second one with some of its searches refused or failed."""
    chance = random.Random(20260615)
    keys = sorted({one.key for one in enabled.requirements})
    made = []
    for number, bundle in enumerate(generate(seed=1, reference_date=NOW.date(), count=30)):
        facts = facts_from_bundle(bundle).facts
        if number % 2:
            facts = replace(facts, coverage={key: chance.choice(UNREAD) for key in chance.sample(keys, 3)})
        person = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        made.append(Snapshot(patient_line(person), facts, (), (), NOW, 1))
    return made


def said(found: Iterable[tuple[Snapshot, Results]]) -> Iterator[object]:
    for snapshot, results in found:
        for measure, result in results:
            yield measure.id, lines(snapshot.facts.patient_id, result)


@pytest.mark.parametrize("at_once", [100, 7])
def test_sql_says_of_every_patient_and_measure_what_the_chart_says(
    enabled: Enabled, chart: ChartPanelEngine, charts: list[Snapshot], at_once: int
) -> None:
    sql = SqlPanelEngine(
        enabled.measures, enabled.value_sets, chart=chart, today=lambda: date(2026, 6, 15), at_once=at_once
    )
    some = charts if at_once > len(charts) else charts[:10]
    by_chart = list(said(chart.results(some, len(some))))
    assert list(said(sql.results(some, len(some)))) == by_chart
    assert len(by_chart) == len(some) * len(CHOSEN)


def test_a_list_goes_to_the_engine_that_is_faster_for_it(charts: list[Snapshot]) -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def results(self, given: Iterable[Snapshot], size: int) -> Iterator[tuple[Snapshot, Results]]:
            return iter([(self.name, size)])  # type: ignore[list-item]

    engine = EngineBySize(Named("chart"), Named("sql"), many_from=10)
    assert [list(engine.results(charts, size)) for size in (0, 9, 10, 5000)] == [
        [("chart", 0)], [("chart", 9)], [("sql", 10)], [("sql", 5000)],
    ]  # fmt: skip
