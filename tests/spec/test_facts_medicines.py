"""Point 22: how long a medicine was supplied for, after CumulativeMedicationDuration 6.0.000."""

from __future__ import annotations

from typing import Any

import pytest
from support.facts_builders import concept, event, last_ms, ms

from smartapp.facts.instants import FOREVER


def dose(amount: float = 1, **repeat: Any) -> dict[str, Any]:
    return {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": {"value": amount}}]}


def supply(days: float, unit: str = "d") -> dict[str, Any]:
    return {"expectedSupplyDuration": {"value": days, "code": unit}}


ORDERED = {"authoredOn": "2026-03-01T15:00:00Z"}
TWICE = {"frequency": 2, "period": 1, "periodUnit": "d"}
Period = tuple[str, str, float | None] | None

REQUESTS: list[tuple[str, dict[str, Any], Period]] = [
    ("the expected supply", {"dispenseRequest": supply(30)}, ("2026-03-01", "2026-03-30", 30)),
    (
        "and its refills",
        {"dispenseRequest": {**supply(30), "numberOfRepeatsAllowed": 2}},
        ("2026-03-01", "2026-05-29", 90),
    ),
    ("in weeks", {"dispenseRequest": supply(2, "wk")}, ("2026-03-01", "2026-03-14", 14)),
    ("in months of 30 days", {"dispenseRequest": supply(1, "mo")}, ("2026-03-01", "2026-03-30", 30)),
    ("in hours", {"dispenseRequest": supply(48, "h")}, ("2026-03-01", "2026-03-02", 2)),
    (
        "a unit in words",
        {"dispenseRequest": {"expectedSupplyDuration": {"value": 10, "unit": "Days"}}},
        ("2026-03-01", "2026-03-10", 10),
    ),
    ("one day", {"dispenseRequest": supply(1)}, ("2026-03-01", "2026-03-01", 1)),
    ("half a day", {"dispenseRequest": supply(0.5)}, ("2026-03-01", "2026-03-01", 0.5)),
    ("a part of a day does not reach the next", {"dispenseRequest": supply(2.5)}, ("2026-03-01", "2026-03-02", 2.5)),
    ("an unknown unit", {"dispenseRequest": supply(30, "fortnight")}, None),
    ("no unit", {"dispenseRequest": {"expectedSupplyDuration": {"value": 30}}}, None),
    ("no number", {"dispenseRequest": {"expectedSupplyDuration": {"code": "d"}}}, None),
    ("no days", {"dispenseRequest": supply(0)}, None),
    ("fewer than no days", {"dispenseRequest": supply(-5)}, None),
    ("a million days", {"dispenseRequest": supply(1e6)}, None),
    (
        "quantity, dose and frequency",
        {"dispenseRequest": {"quantity": {"value": 60}}, "dosageInstruction": [dose(1, **TWICE)]},
        ("2026-03-01", "2026-03-30", 30),
    ),
    (
        "two tablets each time",
        {"dispenseRequest": {"quantity": {"value": 60}}, "dosageInstruction": [dose(2, **TWICE)]},
        ("2026-03-01", "2026-03-15", 15),
    ),
    (
        "and refills",
        {
            "dispenseRequest": {"quantity": {"value": 60}, "numberOfRepeatsAllowed": 1},
            "dosageInstruction": [dose(1, **TWICE)],
        },
        ("2026-03-01", "2026-04-29", 60),
    ),
    (
        "the highest frequency",
        {
            "dispenseRequest": {"quantity": {"value": 60}},
            "dosageInstruction": [dose(1, frequency=1, frequencyMax=3, period=1, periodUnit="d")],
        },
        ("2026-03-01", "2026-03-20", 20),
    ),
    (
        "every eight hours",
        {
            "dispenseRequest": {"quantity": {"value": 30}},
            "dosageInstruction": [dose(1, frequency=1, period=8, periodUnit="h")],
        },
        ("2026-03-01", "2026-03-10", 10),
    ),
    (
        "once a week",
        {
            "dispenseRequest": {"quantity": {"value": 4}},
            "dosageInstruction": [dose(1, frequency=1, period=1, periodUnit="wk")],
        },
        ("2026-03-01", "2026-03-28", 28),
    ),
    (
        "times of day",
        {
            "dispenseRequest": {"quantity": {"value": 30}},
            "dosageInstruction": [dose(1, timeOfDay=["08:00", "13:00", "20:00"])],
        },
        ("2026-03-01", "2026-03-10", 10),
    ),
    (
        "the highest dose of a range",
        {
            "dispenseRequest": {"quantity": {"value": 60}},
            "dosageInstruction": [
                {
                    "timing": {"repeat": TWICE},
                    "doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 3}}}],
                }
            ],
        },
        ("2026-03-01", "2026-03-10", 10),
    ),
    (
        "a frequency of never",
        {
            "dispenseRequest": {"quantity": {"value": 30}},
            "dosageInstruction": [dose(1, frequency=1, period=0, periodUnit="d")],
        },
        None,
    ),
    (
        "no frequency: the library counts no times of day",
        {"dispenseRequest": {"quantity": {"value": 30}}, "dosageInstruction": [dose(1)]},
        None,
    ),
    (
        "no dose",
        {"dispenseRequest": {"quantity": {"value": 30}}, "dosageInstruction": [{"timing": {"repeat": TWICE}}]},
        None,
    ),
    (
        "a rate in place of a dose",
        {
            "dispenseRequest": {"quantity": {"value": 30}},
            "dosageInstruction": [{"timing": {"repeat": TWICE}, "doseAndRate": [{"rateQuantity": {"value": 1}}]}],
        },
        None,
    ),
    (
        "two instructions",
        {
            "dispenseRequest": {"quantity": {"value": 30}},
            "dosageInstruction": [dose(1, **TWICE), dose(1, **TWICE)],
        },
        None,
    ),
    ("a quantity without a number", {"dispenseRequest": {"quantity": {"unit": "tablet"}}}, None),
    (
        "it starts with the bounds, before it was ordered",
        {"dispenseRequest": supply(10), "dosageInstruction": [dose(1, boundsPeriod={"start": "2026-02-01"})]},
        ("2026-02-01", "2026-02-10", 10),
    ),
    (
        "the end of the bounds, where nothing says the days",
        {"dosageInstruction": [dose(1, boundsPeriod={"start": "2026-02-01", "end": "2026-02-15"})]},
        ("2026-02-01", "2026-02-15", None),
    ),
    (
        "from the order to the end of the bounds",
        {"dosageInstruction": [dose(1, boundsPeriod={"end": "2026-03-15"})]},
        ("2026-03-01", "2026-03-15", None),
    ),
    ("bounds that ended before the order", {"dosageInstruction": [dose(1, boundsPeriod={"end": "2026-01-15"})]}, None),
    ("nothing at all", {}, None),
    (
        "the validity, where nothing says when it was ordered",
        {"authoredOn": None, "dispenseRequest": {**supply(10), "validityPeriod": {"start": "2026-04-01"}}},
        ("2026-04-01", "2026-04-10", 10),
    ),
    ("no start", {"authoredOn": None, "dispenseRequest": supply(10)}, None),
]


@pytest.mark.parametrize(("says", "elements", "period"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_the_period_of_a_request(says: str, elements: dict[str, Any], period: Period) -> None:
    found = event("MedicationRequest", medicationCodeableConcept=concept(), **{**ORDERED, **elements})
    expected = (None, None, None) if period is None else (ms(period[0]), last_ms(period[1]), period[2])
    assert (found.start, found.end, found.days) == expected
    if elements.get("authoredOn", "") is not None:
        assert found.at == ms("2026-03-01T15:00:00+00:00")


def test_bounds_that_only_begin_are_no_period_but_their_start_is_the_latest_known() -> None:
    dosage = [dose(1, boundsPeriod={"start": "2026-02-01"})]
    ordered = {"medicationCodeableConcept": concept(), **ORDERED, "dosageInstruction": dosage}
    found = event("MedicationRequest", **ordered)
    assert (found.start, found.end, found.days, found.latest) == (None, FOREVER, None, ms("2026-02-01"))
    supplied = event("MedicationRequest", **{**ordered, "dispenseRequest": supply(10)})
    assert (supplied.start, supplied.end, supplied.latest) == (
        ms("2026-02-01"),
        last_ms("2026-02-10"),
        last_ms("2026-02-10"),
    )


DISPENSES: list[tuple[str, dict[str, Any], Period]] = [
    (
        "handed over",
        {"whenHandedOver": "2026-03-02T08:00:00Z", "daysSupply": {"value": 30, "code": "d"}},
        ("2026-03-02", "2026-03-31", 30),
    ),
    (
        "prepared",
        {"whenPrepared": "2026-03-02", "daysSupply": {"value": 30, "code": "d"}},
        ("2026-03-02", "2026-03-31", 30),
    ),
    (
        "handed over, not prepared",
        {"whenHandedOver": "2026-03-03", "whenPrepared": "2026-03-02", "daysSupply": {"value": 1, "code": "d"}},
        ("2026-03-03", "2026-03-03", 1),
    ),
    (
        "quantity and dosage",
        {"whenHandedOver": "2026-03-02", "quantity": {"value": 20}, "dosageInstruction": [dose(1, **TWICE)]},
        ("2026-03-02", "2026-03-11", 10),
    ),
    ("no days", {"whenHandedOver": "2026-03-02"}, None),
    ("never handed over", {"daysSupply": {"value": 30, "code": "d"}}, None),
]


@pytest.mark.parametrize(("says", "elements", "period"), DISPENSES, ids=[row[0] for row in DISPENSES])
def test_the_period_of_a_dispense(says: str, elements: dict[str, Any], period: Period) -> None:
    found = event("MedicationDispense", medicationCodeableConcept=concept(), **elements)
    expected = (None, None, None) if period is None else (ms(period[0]), last_ms(period[1]), period[2])
    assert (found.start, found.end, found.days) == expected


def bounds(**repeat: Any) -> dict[str, Any]:
    return {"timing": {"repeat": repeat}}


STRETCHES: list[tuple[str, list[dict[str, Any]], tuple[str, str] | None]] = [
    (
        "two that touch are one, a later one is another",
        [
            bounds(boundsPeriod={"start": "2026-04-05", "end": "2026-04-30"}),
            bounds(boundsPeriod={"start": "2026-01-30T08:00:00Z", "end": "2026-03-30T08:00:00Z"}),
            bounds(boundsPeriod={"start": "2026-01-02T08:00:00Z", "end": "2026-01-30T08:00:00Z"}),
        ],
        ("2026-01-02T08:00:00Z", "2026-03-30T08:00:00Z"),
    ),
    (
        "one within another",
        [
            bounds(boundsPeriod={"start": "2026-01-01T00:00:00Z", "end": "2026-06-01T00:00:00Z"}),
            bounds(boundsPeriod={"start": "2026-02-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}),
        ],
        ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
    ),
    (
        "days that follow on each other",
        [
            bounds(boundsPeriod={"start": "2026-01-01", "end": "2026-01-30"}),
            bounds(boundsPeriod={"start": "2026-01-31", "end": "2026-02-15T08:00:00Z"}),
            bounds(boundsPeriod={"start": "2026-02-15T08:00:00.002Z", "end": "2026-03-01"}),
        ],
        ("2026-01-01", "2026-02-15T08:00:00Z"),
    ),
    ("none with bounds", [bounds(frequency=1), bounds(frequency=2)], None),
    ("of unknown start", [bounds(boundsPeriod={"end": "2026-06-01"}), bounds()], None),
]


@pytest.mark.parametrize(("says", "dosages", "wanted"), STRETCHES, ids=[row[0] for row in STRETCHES])
def test_several_instructions_last_for_the_first_stretch_of_their_bounds(
    says: str, dosages: list[dict[str, Any]], wanted: tuple[str, str] | None
) -> None:
    found = event("MedicationRequest", **ORDERED, medicationCodeableConcept=concept("1"), dosageInstruction=dosages)
    assert (found.start, found.end) == ((None, None) if wanted is None else (ms(wanted[0]), ms(wanted[1])))


def test_bounds_without_an_end_last_for_ever_among_several() -> None:
    dosages = [bounds(boundsPeriod={"start": "2026-01-01T00:00:00Z"}), bounds()]
    found = event("MedicationRequest", **ORDERED, medicationCodeableConcept=concept("1"), dosageInstruction=dosages)
    assert (found.start, found.end) == (ms("2026-01-01T00:00:00Z"), FOREVER)


def test_a_duration_counts_from_the_order() -> None:
    dosages = [bounds(boundsDuration={"value": 2, "code": "wk"})]
    found = event("MedicationRequest", **ORDERED, medicationCodeableConcept=concept("1"), dosageInstruction=dosages)
    assert (found.start, found.end) == (ms("2026-03-01T15:00:00Z"), ms("2026-03-15T15:00:00Z") - 1)


AMOUNTS: list[tuple[str, dict[str, Any], tuple[float | None, str | None]]] = [
    ("no dispense", {}, (None, None)),
    ("no quantity", supply(30), (None, None)),
    ("quantity by days", {**supply(30), "quantity": {"value": 60}}, (2, None)),
    ("of a liquid", {**supply(5), "quantity": {"value": 50, "unit": "millilitre", "code": "mL"}}, (10, "mL")),
    ("unit without a code", {**supply(5), "quantity": {"value": 50, "unit": "mL"}}, (10, "mL")),
    ("refills stretch it", {**supply(30), "quantity": {"value": 60}, "numberOfRepeatsAllowed": 1}, (1, None)),
    ("no days", {"quantity": {"value": 60}}, (None, None)),
]


@pytest.mark.parametrize(("says", "dispense", "wanted"), AMOUNTS, ids=[row[0] for row in AMOUNTS])
def test_amount_per_day_and_refills(
    says: str, dispense: dict[str, Any], wanted: tuple[float | None, str | None]
) -> None:
    found = event("MedicationRequest", **ORDERED, medicationCodeableConcept=concept("1"), dispenseRequest=dispense)
    assert (found.number, found.unit) == wanted
    assert found.repeats == dispense.get("numberOfRepeatsAllowed")
