"""The cast: each story is in the chart, on any reference date."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest
from support.sandbox_charts import codes, day_of, done, patient, refusals, resources

from launch.sandbox import patients
from launch.sandbox.patients.dates import age_on, months_before, months_between

DATES = (date(2025, 8, 4), date(2026, 3, 18), date(2026, 11, 22))


@cache
def cast(reference: date) -> dict[str, dict]:
    members = len(patients.cast(reference))
    return {patient(chart)["id"]: chart for chart in patients.generate(7, reference, members)}


def conditions(chart: dict) -> set[str]:
    return set().union(*(codes(made["code"]) for made in resources(chart, "Condition")))


def booked(chart: dict) -> list[dict]:
    return [made for made in resources(chart, "Appointment") if made["status"] == "booked"]


def test_each_member_says_what_it_is_for_and_ids_are_in_order():
    briefs = patients.cast(DATES[0])
    assert [brief.id for brief in briefs] == [f"pt-{1001 + n}" for n in range(len(briefs))]
    assert all(brief.purpose and brief.name for brief in briefs)


@pytest.mark.parametrize("today", DATES)
def test_diabetes_out_of_control(today):
    chart = cast(today)["pt-1001"]
    assert age_on(date.fromisoformat(patient(chart)["birthDate"]), today) == 58
    results = sorted(
        (day_of(made), made["valueQuantity"]["value"])
        for made in resources(chart, "Observation")
        if "4548-4" in codes(made["code"])
    )
    assert results[-1] == (today - timedelta(weeks=6), 9.4)
    values = [value for _, value in results]
    assert values == sorted(values)
    assert {"E11.65", "I10"} <= conditions(chart)
    assert months_between(done(chart, "24606-6")[0], today) == 34
    assert 120 <= months_between(done(chart, "73761001")[0], today) <= 122
    assert any(made["status"] == "in-progress" for made in resources(chart, "Encounter"))
    assert booked(chart)
    orders = [made for made in resources(chart, "ServiceRequest") if made["status"] == "active"]
    assert any("24606-6" in codes(made["code"]) for made in orders)


@pytest.mark.parametrize("today", DATES)
def test_excluded(today):
    chart = cast(today)["pt-1002"]
    assert not done(chart, "24606-6")
    assert done(chart, "27865001")
    assert "Z90.13" in conditions(chart)
    assert "385763009" in set().union(*(codes(made["code"]) for made in resources(chart, "ServiceRequest")))


@pytest.mark.parametrize("today", DATES)
def test_well_managed(today):
    chart = cast(today)["pt-1003"]
    (case,) = (case for case in patients.cases(7, today, 3) if case.id == "pt-1003")
    open_ones = {key for key, outcome in case.services.items() if outcome.state != "met"}
    assert not open_ones
    assert booked(chart)


@pytest.mark.parametrize("today", DATES)
def test_dormant(today):
    chart = cast(today)["pt-1004"]
    last = max(day_of(made) for made in resources(chart, "Encounter"))
    assert 20 <= months_between(last, today) <= 21
    assert not booked(chart)
    assert not done(chart, "73761001", "57905-2", "29771-3", "77354-9", "44441009")


@pytest.mark.parametrize("today", DATES)
def test_spanish_speaker_without_an_a1c(today):
    chart = cast(today)["pt-1005"]
    (spoken,) = patient(chart)["communication"]
    assert codes(spoken["language"]) == {"es"}
    assert spoken["preferred"] is True
    assert done(chart, "4548-4")[0] < months_before(today, 14) + timedelta(days=32)
    assert done(chart, "4548-4")[0] <= months_before(today, 13)
    assert "Z59.41" in conditions(chart)


@pytest.mark.parametrize("today", DATES)
def test_a_minor_who_asked_for_confidential_communication(today):
    chart = cast(today)["pt-1006"]
    assert age_on(date.fromisoformat(patient(chart)["birthDate"]), today) == 17
    (consent,) = resources(chart, "Consent")
    assert codes(consent["provision"]["code"][0]) == {"portal"}
    assert resources(chart, "RelatedPerson")
    assert not done(chart, "42931-6")
    (latest, *_) = sorted(
        (made for made in resources(chart, "Observation") if "73831-0" in codes(made["code"])),
        key=lambda made: made["effectiveDateTime"],
        reverse=True,
    )
    assert codes(latest["valueCodeableConcept"]) == {"428181000124104"}


@pytest.mark.parametrize("today", DATES)
def test_declined(today):
    chart = cast(today)["pt-1007"]
    declined = set().union(*(codes(made.get("code") or made.get("vaccineCode")) for made in refusals(chart)))
    assert {"73761001", "140"} <= declined
    (consent,) = resources(chart, "Consent")
    assert consent["provision"]["type"] == "deny"
    assert codes(consent["provision"]["code"][0]) == {"sms"}


@pytest.mark.parametrize("today", DATES)
def test_healthy_at_28(today):
    chart = cast(today)["pt-1008"]
    assert not [made for made in resources(chart, "Condition") if "problem-list-item" in codes(made["category"][0])]
    assert months_between(done(chart, "10524-7")[0], today) == 50
    (case,) = (case for case in patients.cases(7, today, 8) if case.id == "pt-1008")
    assert {key for key, outcome in case.services.items() if outcome.state != "met"} == {"cervical"}


@pytest.mark.parametrize("today", DATES)
def test_a_child_without_the_second_years_vaccines(today):
    chart = cast(today)["pt-1009"]
    assert age_on(date.fromisoformat(patient(chart)["birthDate"]), today) == 1
    assert len(done(chart, "20")) == 3
    assert not done(chart, "03", "21", "83")
    (parent,) = resources(chart, "RelatedPerson")
    assert codes(parent["relationship"][0]) == {"MTH"}


@pytest.mark.parametrize("today", DATES)
def test_died(today):
    chart = cast(today)["pt-1010"]
    died = date.fromisoformat(patient(chart)["deceasedDateTime"])
    assert today - timedelta(days=100) < died < today - timedelta(days=90)
    assert not booked(chart)
    assert not resources(chart, "Communication")
