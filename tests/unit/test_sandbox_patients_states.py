"""The evidence in the charts says what was drawn: counted anew from the Bundles, service by service."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache

import pytest
from support.sandbox_charts import REFERENCE, codes, day_of, done, refusals, resources

from launch.sandbox import patients
from launch.sandbox.patients.case import Case
from launch.sandbox.patients.dates import months_before, months_between
from launch.sandbox.patients.draw import Draw
from launch.sandbox.patients.states import SERVICES, Service, State, window

SEED = 11
COUNT = 400

# Services whose evidence is one thing with one of these codes.
EVIDENCE = {
    "breast": ("24606-6",),
    "cervical": ("10524-7",),
    "eye": ("722161008",),
    "depression": ("73832-8", "73831-0"),
    "tobacco": ("72166-2",),
    "falls": ("73830-2",),
    "social": ("96777-8", "93025-5"),
    "chlamydia": ("42931-6",),
    "hiv": ("75622-1",),
    "hepatitis-c": ("13955-0",),
    "bone-density": ("38263-0",),
    "lung": ("79086-5",),
    "tetanus": ("115", "113"),
    "rsv": ("303", "305"),
    "colorectal": ("73761001", "44441009", "57905-2", "29771-3", "77354-9"),
}
COLORECTAL_MONTHS = {"73761001": 120, "44441009": 60, "57905-2": 12, "29771-3": 12, "77354-9": 36}


@cache
def drawn() -> list[tuple[Case, dict]]:
    return list(zip(patients.cases(SEED, REFERENCE, COUNT), patients.generate(SEED, REFERENCE, COUNT), strict=True))


def having(service: str) -> list[tuple[Case, dict, State]]:
    return [(case, chart, case.services[service].state) for case, chart in drawn() if service in case.services]


def check(state: State, days: list[date], interval: int | None, end: date) -> None:
    """The latest day against what the state promises."""
    months = months_between(days[0], end) if days else None
    match state:
        case State.MET:
            assert months is not None and (interval is None or months < interval)
        case State.DUE:
            assert months is not None and interval is not None and interval <= months <= interval + 3
        case State.OVERDUE:
            assert months is not None and interval is not None and months > interval + 3
        case State.NEVER | State.EXCLUDED:
            assert not days
        case State.REFUSED:
            assert months is None or (interval is not None and months > interval)


@pytest.mark.parametrize("service", [key for key in EVIDENCE if key != "colorectal"])
def test_the_evidence_is_as_old_as_the_state_says(service):
    seen = Counter()
    for case, chart, state in having(service):
        teen_before_the_age = service == "tetanus" and case.age < 30
        if teen_before_the_age:
            continue
        check(state, done(chart, *EVIDENCE[service]), case.services[service].interval, case.end)
        seen[state] += 1
    assert len(seen) > 1


def test_colorectal_screening_is_current_by_the_test_that_was_done():
    for case, chart, state in having("colorectal"):
        current = [
            code
            for code, months in COLORECTAL_MONTHS.items()
            if any(months_between(day, case.end) < months for day in done(chart, code))
        ]
        assert bool(current) == (state is State.MET), (case.id, state)


def test_every_refusal_is_on_file():
    for case, chart in drawn():
        refused = [key for key, outcome in case.services.items() if outcome.state is State.REFUSED]
        # Beside the drawn ones there may be none: a refusal is never there by chance.
        assert len(refusals(chart)) >= len([key for key in refused if key != "statin"])
        for made in refusals(chart):
            assert refused, case.id
            assert (case.end - day_of(made)).days < 400


def test_glycaemic_control_is_the_latest_result():
    for case, chart, state in having("a1c"):
        results = sorted(
            (day_of(made), made["valueQuantity"]["value"])
            for made in resources(chart, "Observation")
            if "4548-4" in codes(made["code"])
        )
        recent = [value for day, value in results if day > months_before(case.end, 12)]
        match state:
            case State.MET:
                assert recent[-1] <= 9
            case State.UNCONTROLLED:
                assert recent[-1] > 9
            case _:
                assert not recent


def test_some_diabetes_is_far_out_of_control_and_worsening():
    series = []
    for _, chart, state in having("a1c"):
        if state is State.UNCONTROLLED:
            values = [
                made["valueQuantity"]["value"]
                for made in sorted(resources(chart, "Observation"), key=lambda made: str(day_of(made)))
                if "4548-4" in codes(made["code"])
            ]
            series.append(values)
    assert any(values[-1] > 10.5 for values in series)
    rising = [values for values in series if len(values) > 3 and values[-1] > values[0]]
    assert len(rising) > len(series) / 3


def test_blood_pressure_is_controlled_where_the_latest_office_reading_is():
    for case, chart, state in having("bp"):
        office = {f"Encounter/{made['id']}" for made in resources(chart, "Encounter") if made["class"]["code"] == "AMB"}
        readings = sorted(
            (day_of(made), *(part["valueQuantity"]["value"] for part in made["component"]))
            for made in resources(chart, "Observation")
            if "85354-9" in codes(made["code"]) and made["encounter"]["reference"] in office
        )
        recent = [reading for reading in readings if reading[0] > months_before(case.end, 12)]
        if state is State.MET:
            assert recent[-1][1] < 140 and recent[-1][2] < 90, case.id
        elif state is State.UNCONTROLLED:
            assert recent[-1][1] >= 140 or recent[-1][2] >= 90, case.id
        else:
            assert not recent, case.id


def test_kidney_evaluation_takes_both_tests():
    halves = 0
    for case, chart, state in having("kidney"):
        recent = [
            any(months_between(day, case.end) < 12 for day in done(chart, code)) for code in ("98979-8", "9318-7")
        ]
        assert all(recent) == (state is State.MET)
        halves += any(recent) and not all(recent)
    assert halves


def test_vaccines_of_two_doses():
    for _, chart, state in having("zoster"):
        doses = {State.MET: 2, State.DUE: 1}.get(state, 0)
        assert len(done(chart, "187")) == doses


def test_the_flu_vaccine_is_this_seasons():
    season = date(REFERENCE.year - 1, 7, 1)
    for case, chart, state in having("influenza"):
        shots = done(chart, "140", "141", "155", "168", "150", "158", "205")
        if case.person.deceased is None:
            assert (bool(shots) and shots[0] >= season) == (state is State.MET)


def test_pneumococcal_vaccination_is_complete_or_absent():
    for _, chart, state in having("pneumococcal"):
        complete = bool(done(chart, "216")) or (bool(done(chart, "215", "133")) and bool(done(chart, "33")))
        assert complete == (state is State.MET)


def test_a_statin_is_active_where_it_was_drawn():
    statins = {"617310", "617311", "859747"}
    for case, chart, state in having("statin"):
        orders = [
            made
            for made in resources(chart, "MedicationRequest")
            if codes(made["medicationCodeableConcept"]) & statins and not made.get("doNotPerform")
        ]
        recent = [made for made in orders if day_of(made) > months_before(case.end, 12)]
        assert bool(recent) == (state is State.MET), case.id


def test_a_wellness_visit_is_coded_as_one():
    for case, chart, state in having("wellness"):
        days = sorted(
            day_of(made)
            for made in resources(chart, "Encounter")
            if codes(made["type"][0]) & {"G0438", "G0439", "G0402"}
        )
        check(state, days[::-1], 12, case.end)


def test_each_exclusion_has_its_reason():
    reasons = {
        "breast": {"27865001", "Z90.13"},
        "cervical": {"116140006", "Z90.710"},
        "colorectal": {"C18.9"},
        "statin": {"G72.0"},
    }
    seen = Counter()
    for case, chart in drawn():
        for service, wanted in reasons.items():
            if case.state(service) is State.EXCLUDED:
                found = resources(chart, "Condition") + resources(chart, "Procedure")
                assert any(codes(made["code"]) & wanted for made in found)
                seen[service] += 1
    assert set(seen) == set(reasons)


def test_every_state_of_the_table_turns_up_about_as_often_as_stated():
    """For services that depend on nothing but the patient; the draw itself, before visits come into it."""
    for service in SERVICES:
        if sum(service.rates.values()) != 100:
            raise AssertionError(service.key)
        draw = Draw("rates", service.key)
        seen = Counter(draw.weighted(service.rates) for _ in range(4000))
        for state, percent in service.rates.items():
            assert seen[state] / 40 == pytest.approx(percent, abs=3)


@pytest.mark.parametrize("service", [service for service in SERVICES if service.sex is None], ids=lambda s: s.key)
def test_the_window_of_a_state_lies_before_the_reference_date(service: Service):
    for interval, _ in service.methods.values():
        for state in State:
            bounds = window(state, interval, REFERENCE)
            if bounds:
                assert bounds[0] <= bounds[1] < REFERENCE
