"""The published test patients, where they lie beside the checkout (``../shared/decks``); no part of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from support.sql_measures import answers, counted_sets, times

from smartapp.criteria.evaluate import Mode, Period, compile_rules
from smartapp.criteria.valuesets import Expansion, ValueSets
from smartapp.facts.codes import Code, canonical_system
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.facts.normalise import facts_from_bundle
from smartapp.measures.answers import questions
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure

DECKS = Path(__file__).resolve().parents[3] / "shared" / "decks"
POPULATIONS = ("initial_population", "denominator", "denominator_exclusion", "denominator_exception", "numerator")


@dataclass(frozen=True)
class Case:
    """One published patient: what is in the chart, what is expected of each group."""

    measure: str
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def bundle(self) -> dict[str, Any]:
        return json.loads((self.folder / "patient_bundle.json").read_text())

    def expected(self) -> dict[str, Any]:
        return json.loads((self.folder / "expected.json").read_text())


def deck_of(measure_id: str) -> Path | None:
    """The folder of a measure's published patients; None without it."""
    found = sorted(DECKS.glob(f"{measure_id}[FS]*")) if DECKS.is_dir() else []
    return found[0] if found else None


def cases(measure_id: str) -> Iterator[Case]:
    deck = deck_of(measure_id)
    if deck is not None:
        for expected in sorted(deck.glob("*/expected.json")):
            yield Case(measure_id, expected.parent)


@cache
def value_sets() -> ValueSets:
    """The published expansions that came with the patients."""
    sets: dict[str, Expansion] = {}
    for path in sorted((DECKS / "valuesets").glob("*.json")):
        resource = json.loads(path.read_text())
        codes = frozenset(
            Code(canonical_system(row["system"]), row["code"])
            for row in resource.get("expansion", {}).get("contains", ())
        )
        sets[resource["url"]] = Expansion(codes, source="published")
    return ValueSets(sets)


@cache
def _program(measure: Measure) -> Any:
    return compile_rules(questions(measure), value_sets())


def run_chart(measure: Measure, case: Case) -> MeasureResult:
    """The chart engine's result for one case."""
    first, last = _period_of(case)
    period = Period(start_of_day(first), end_of_day(last))
    facts = facts_from_bundle(case.bundle()).facts
    program = _program(measure)
    strict, kleene = (program.run(facts, period, period.end, mode=mode) for mode in (Mode.STRICT, Mode.KLEENE))
    return evaluate_measure(measure, strict, kleene, period_end=period.end, as_of=period.end)


@cache
def _sql_results(measure: Measure, first: date, last: date) -> dict[str, MeasureResult]:
    """The population engine's results for all cases of a period at once."""
    period = Period(start_of_day(first), end_of_day(last))
    chosen = [case for case in cases(measure.id) if _period_of(case) == (first, last)]
    charts = [facts_from_bundle(case.bundle()).facts for case in chosen]
    asked = questions(measure)
    found = answers(asked, counted_sets(asked), charts, value_sets(), times(period, period.end))
    return {
        case.name: evaluate_measure(measure, *pair, period_end=period.end, as_of=period.end)
        for case, pair in zip(chosen, found, strict=True)
    }


def run_population(measure: Measure, case: Case) -> MeasureResult:
    """The population engine's result for one case."""
    return _sql_results(measure, *_period_of(case))[case.name]


def _period_of(case: Case) -> tuple[date, date]:
    first, last = (date.fromisoformat(day) for day in case.expected()["measurement_period"])
    return first, last


def counted(result: MeasureResult) -> dict[str, dict[str, int]]:
    """The populations of each group."""
    return {rate.group_id: {name: getattr(rate.populations, name) for name in POPULATIONS} for rate in result.rates}


def wanted(case: Case) -> dict[str, dict[str, int]]:
    """The expected populations of each group; 0 where the measure has no such population."""
    return {
        group["group_id"]: {name: group.get(name) or 0 for name in POPULATIONS} for group in case.expected()["groups"]
    }
