"""The immunization schedules, the seasons of influenza, and a practice's own cadences."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest
from support import builders as b
from support.patients import cms117

from smartapp.criteria.evaluate import Mode, Period, compile_rules
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import CriteriaError
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.measures import codes
from smartapp.measures.answers import chart_questions
from smartapp.measures.cadences import CADENCES, with_intervals
from smartapp.measures.catalogue import MEASURES, catalogue
from smartapp.measures.due import clinical_status
from smartapp.measures.model import Every, Measure
from smartapp.measures.schedules import AAP_2026, CDC_2025, CDC_2026, DEFAULT, SCHEDULES, schedule


@cache
def sets() -> ValueSets:
    return b.made_up_sets(*(one for each in SCHEDULES.values() for one in catalogue(each).values()))


def status(measure: Measure, today: str, *events: Event, born: str = "1980-05-05") -> str:
    """The chart's status on a day, with the calendar year as the period."""
    day = date.fromisoformat(today)
    period = Period(start_of_day(date(day.year, 1, 1)), end_of_day(date(day.year, 12, 31)))
    program = compile_rules(chart_questions(measure.clinical), sets())
    facts = Facts("p", events, birth_low=b.first(born), birth_high=b.first(born), sex="female", gender="female")
    as_of = end_of_day(day)
    strict, kleene = (program.run(facts, period, as_of, mode=mode) for mode in (Mode.STRICT, Mode.KLEENE))
    return clinical_status(measure.clinical, strict, kleene, as_of).status.value


def dose(when: str) -> Event:
    return b.event("Immunization", codes.INFLUENZA_VACCINES[0], when, status="completed")


@pytest.mark.parametrize(
    ("given", "today", "wanted"),
    [
        ("2025-10-01", "2026-06-30", "up-to-date"),
        ("2025-10-01", "2026-07-01", "due"),
        ("2026-06-30", "2026-07-01", "due"),
        ("2026-07-01", "2026-07-01", "up-to-date"),
        ("2026-07-01", "2026-12-31", "up-to-date"),
        ("2026-07-01", "2027-01-01", "up-to-date"),
        ("2026-06-30", "2026-12-31", "due"),
    ],
)
def test_a_flu_vaccine_covers_its_season(given: str, today: str, wanted: str) -> None:
    assert status(MEASURES["FLU"], today, dose(given)) == wanted


def test_the_default_is_stated_and_every_edition_has_a_date_and_a_source() -> None:
    assert DEFAULT is CDC_2025
    assert list(SCHEDULES) == ["cdc-2025", "cdc-2026", "aap-2026"]
    for one in SCHEDULES.values():
        assert date.fromisoformat(one.date)
        assert one.source.steward
        assert catalogue(one)["PNEUMO"].source is one.source
        assert catalogue(one)["PNEUMO"].version == one.date


def test_a_schedule_is_chosen_by_its_id() -> None:
    assert schedule("aap-2026") is AAP_2026
    with pytest.raises(CriteriaError) as error:
        schedule("cdc-1999")
    assert error.value.code == "measures.no-schedule"
    assert "cdc-2026" in error.value.message


def test_only_where_it_is_a_shared_decision_children_have_a_flu_measure_of_their_own() -> None:
    assert "FLU-CHILD" not in catalogue(CDC_2025)
    assert "FLU-CHILD" not in catalogue(AAP_2026)
    assert catalogue(CDC_2026)["FLU-CHILD"].clinical.decision


@pytest.mark.parametrize("name", list(cms117.ALL))
def test_the_chart_asks_for_the_vaccines_of_the_schedule(name: str) -> None:
    born = cms117.BORN.isoformat()
    given = cms117.but(name)
    optional = name in {"hepatitis A", "hepatitis B", "rotavirus", "influenza"}
    for one, wanted in ((CDC_2025, "due"), (AAP_2026, "due"), (CDC_2026, "up-to-date" if optional else "due")):
        assert status(catalogue(one)["CMS117"], "2026-12-31", *given, born=born) == wanted, one.id


def test_the_report_of_the_published_measure_does_not_depend_on_the_schedule() -> None:
    assert catalogue(CDC_2026)["CMS117"].rates == MEASURES["CMS117"].rates


def test_a_practice_sets_its_own_intervals() -> None:
    changed = {one.id: one for one in with_intervals({"HF": {"visit": "2 months"}})}
    assert changed["HF"].checks[0].every == Every(2, "month")
    assert changed["HF"].checks[1] == CADENCES[3].checks[1]
    assert changed["COPD"] == CADENCES[0]
    assert catalogue(cadences=changed.values())["HF"].clinical.closed_by[0].holds == Every(2, "month")


@pytest.mark.parametrize(
    "wrong",
    [
        {"GOUT": {"visit": "2 months"}},
        {"HF": {"spirometry": "1 year"}},
        {"HF": {"visit": "often"}},
        {"HF": {"visit": "0 days"}},
        {"HF": {"visit": "-1 month"}},
        {"HF": {"visit": "1.5 years"}},
        {"HF": {"visit": "99999 years"}},
        {"HF": {"visit": ""}},
    ],
)
def test_a_wrong_interval_is_refused(wrong: dict[str, dict[str, str]]) -> None:
    with pytest.raises(CriteriaError) as error:
        with_intervals(wrong)
    assert error.value.code == "measures.cadence"
