"""Every published test patient of every measure of the catalogue: all populations agree, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from support.decks import DECKS, Case, cases, counted, deck_of, run_chart, run_population, wanted

from smartapp.measures.catalogue import MEASURES
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult

ENGINES: Mapping[str, Callable[[Measure, Case], MeasureResult]] = {"chart": run_chart, "population": run_population}

DEVIATIONS: Mapping[tuple[str, str], str] = {
    ("CMS69", "c1df0273"): "the description says a low body mass index, the data say 24.9, which is normal",
}
"""Cases whose expectation the rule does not meet, and why; the first eight characters of the case's id."""


def _parameters() -> list[object]:
    return [
        pytest.param(engine, case, id=f"{engine}-{case.measure}-{case.name[:8]}")
        for engine in ENGINES
        for measure in MEASURES
        for case in cases(measure)
    ]


@pytest.mark.skipif(not DECKS.is_dir(), reason="no ../shared/decks: the published test patients are not here")
@pytest.mark.parametrize(("engine", "case"), _parameters())
def test_populations_agree_with_the_published_expectation(engine: str, case: Case) -> None:
    result = ENGINES[engine](MEASURES[case.measure], case)
    expected = case.expected()
    why = f"{expected.get('series')} {expected.get('title')}: {expected.get('description')}"
    if (case.measure, case.name[:8]) in DEVIATIONS:
        assert counted(result) != wanted(case), "a documented deviation that agrees again: take it off the list"
        return
    assert counted(result) == wanted(case), why


@pytest.mark.skipif(not DECKS.is_dir(), reason="no ../shared/decks: the published test patients are not here")
@pytest.mark.parametrize("measure", [m for m in MEASURES if deck_of(m)])
def test_a_deck_has_cases(measure: str) -> None:
    assert len(list(cases(measure))) >= 3


@pytest.mark.skipif(not DECKS.is_dir(), reason="no ../shared/decks: the published test patients are not here")
@pytest.mark.parametrize("measure", [m for m in MEASURES if deck_of(m)])
def test_both_engines_say_the_same_of_gaps_and_due_dates(measure: str) -> None:
    for case in cases(measure):
        chart, population = run_chart(MEASURES[measure], case), run_population(MEASURES[measure], case)
        assert _said(chart) == _said(population), case.name


def _said(result: MeasureResult) -> list[object]:
    return [result.clinical_status, result.due_date, *((rate.group_id, rate.gap_status) for rate in result.rates)]
