"""Security cases H04 to H09: resources that are somebody else's, not true, or not what they seem."""

from __future__ import annotations

from typing import Any

import pytest
from support.hostile_ehr import Reply, searchset
from support.running_app import Browser, Page
from support.smart_ehr import Recorder, SmartEhr
from support.smart_patients import NAME, OTHER_NAME, a1c, condition, patient

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def status_of(chart: Page, measure: str) -> str:
    assert chart.status == 200 and chart.patient == "p1", (chart.status, chart.error)
    card = chart.tree.first("article", data_measure=measure)
    assert card is not None
    return card.attributes["data-status"]


def test_the_usual_chart_has_a_diabetes_that_counts(visitor: Browser, smart: SmartEhr) -> None:
    assert status_of(visitor.open(smart), "CMS122") == "up-to-date"


def test_h04_foreign_references_and_photos_are_not_fetched(
    visitor: Browser, smart: SmartEhr, elsewhere: Recorder
) -> None:
    far = f"{elsewhere.origin}/fhir"

    def at(path: str) -> dict[str, Any]:
        return {"reference": f"{far}/{path}"}

    smart.patients["p1"] = patient(
        "p1", "Zebulon", "Quixwick", photo=[{"url": f"{far}/Binary/1"}], link=[{"other": at("Patient/9")}],
        generalPractitioner=[at("Practitioner/1")], managingOrganization=at("Organization/1"),
        extension=[{"url": f"{far}/StructureDefinition/x", "valueUrl": f"{far}/x"}],
    )  # fmt: skip
    mine = {"subject": {"reference": "Patient/p1"}}
    smart.resources = [
        condition(evidence=[{"detail": [at("Observation/1")]}], asserter=at("Practitioner/1")),
        a1c(performer=[at("Organization/2")], hasMember=[at("Observation/2")]),
        {
            "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", **mine,
            "medicationReference": at("Medication/1"),
        },
        {
            "resourceType": "DiagnosticReport", "id": "d1", "status": "final", "code": {"text": "x"}, **mine,
            "presentedForm": [{"url": f"{far}/Binary/2"}], "result": [at("Observation/3")],
        },
    ]  # fmt: skip
    smart.tokens["smart_style_url"] = f"{elsewhere.origin}/style.json"
    chart = visitor.open(smart)
    assert status_of(chart, "CMS122") == "up-to-date" and elsewhere.asked == []
    assert elsewhere.origin not in chart.text


OTHERS: dict[str, dict[str, Any]] = {
    "another patient": condition(of="p2"),
    "no subject": condition(subject=...),
    "another server": condition(subject={"reference": "https://evil.invalid/fhir/Patient/p1"}),
    "a group": condition(subject={"reference": "Group/p1"}),
    "a display": condition(subject={"display": "Zebulon Quixwick"}),
    "a case": condition(subject={"reference": "Patient/P1"}),
    "a prefix": condition(subject={"reference": "Patient/p1x"}),
    "a list": condition(subject=[{"reference": "Patient/p1"}]),
    "null": condition(subject=None),
    "an identifier": condition(subject={"identifier": {"value": "MRN-77120"}}),
}


@pytest.mark.parametrize("status", ["not-applicable"])
def test_h05_what_is_not_this_patients_is_dropped(visitor: Browser, smart: SmartEhr, status: str) -> None:
    dropped = [
        {name: value for name, value in one.items() if value is not Ellipsis} | {"id": f"c{number}"}
        for number, one in enumerate(OTHERS.values())
    ]
    smart.on("Condition", Reply(searchset(*dropped)))
    smart.on("Observation", Reply(searchset(a1c(of="p2", value=12.3))))
    chart = visitor.open(smart)
    assert status_of(chart, "CMS122") == status
    assert "12.3" not in chart.text and "E11.9" not in chart.text


def test_h06_another_record_in_the_patients_place(visitor: Browser, smart: SmartEhr) -> None:
    for reply in (
        smart.patients["p2"],
        {**smart.patients["p1"], "id": "P1"},
        condition("p1"),
        searchset(smart.patients["p1"]),
    ):
        smart.on("Patient", Reply(reply))
        page = visitor.open(smart)
        assert page.status == 502 and page.error in ("reading.wrong-patient", "reading.failed")
        assert page.patient is None and OTHER_NAME not in page.text and NAME not in page.text


def test_h08_half_of_a_surrogate_pair_breaks_no_page(visitor: Browser, smart: SmartEhr) -> None:
    smart.patients["p1"] = patient("p1", "Zebulon\ud800", "Quixwick")
    assert status_of(visitor.open(smart), "CMS122") == "up-to-date"


NOT_FACTS = {
    "entered in error": {"verificationStatus": "entered-in-error"},
    "refuted": {"verificationStatus": "refuted"},
}


@pytest.mark.parametrize("name", NOT_FACTS)
def test_h07_what_is_withdrawn_is_no_fact(visitor: Browser, smart: SmartEhr, name: str) -> None:
    codes = NOT_FACTS[name]["verificationStatus"]
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    codings = [{"system": system, "code": codes}]
    smart.resources = [condition(verificationStatus={"coding": codings}), a1c()]
    assert status_of(visitor.open(smart), "CMS122") in ("not-applicable", "cannot-tell")


def test_h07_a_result_entered_in_error_is_no_result(visitor: Browser, smart: SmartEhr) -> None:
    smart.resources = [condition(), a1c(status="entered-in-error"), a1c("o2", status="cancelled")]
    chart = visitor.open(smart)
    assert status_of(chart, "CMS122") in ("due", "overdue", "cannot-tell")


ODD_VALUES: list[Any] = [
    None, "7.1", True, [], {}, 10**400, -1, 0, 1e308, "NaN", [7.1], {"value": 7.1}, "\x00", "7,1", 10**18,
]  # fmt: skip
ODD_DATES: list[Any] = [
    None, "", "2026", "2026-05", "2026-02-30", "not a date", 20260502, "0000-00-00", "9999-12-31",
    "2026-05-02T25:00:00Z", "2026-05-02T10:00:00", "2026-05-02T10:00:00+99:00", "2026-05-02T10:00:00Z" + "0" * 1000,
    ["2026-05-02"], "-2026-01-01",
]  # fmt: skip
ODD_RESOURCES: list[Any] = [
    None, 7, "x", [], {}, {"resourceType": "Observation"}, {"resourceType": 7, "id": "x"},
    {"resourceType": "Condition"},
    {"resourceType": "Observation", "id": None, "subject": {"reference": "Patient/p1"}},
    {"resourceType": "Observation", "id": "o" * 5000, "subject": {"reference": "Patient/p1"}, "code": {"coding": "x"}},
    {"resourceType": "Observation", "id": "z", "subject": {"reference": "Patient/p1"}, "code": {"coding": [None, 7]}},
]  # fmt: skip


def test_h08_odd_values_and_dates_crash_nothing(visitor: Browser, smart: SmartEhr) -> None:
    values = [a1c(f"v{number}", value=value) for number, value in enumerate(ODD_VALUES)]
    dates = [a1c(f"d{number}", at=at) for number, at in enumerate(ODD_DATES)]
    onsets = [condition(f"c{number}", onsetDateTime=at) for number, at in enumerate(ODD_DATES)]
    smart.on("Observation", Reply(searchset(*values, *dates, *ODD_RESOURCES)))
    smart.on("Condition", Reply(searchset(*onsets, *ODD_RESOURCES)))
    text = Reply(searchset(a1c(value="@"))).bytes()
    smart.on("Procedure", Reply(text.replace(b'"@"', b"NaN")))
    smart.on("DiagnosticReport", Reply(text.replace(b'"@"', b"1e400")))
    chart = visitor.open(smart)
    assert chart.patient == "p1" and chart.status == 200
    assert chart.tree.first("div", data_partial="*") is not None
    smart.patients["p1"] = {
        "resourceType": "Patient", "id": "p1", "name": [None, 7, {"given": "x", "family": 7}],
        "birthDate": "2026-02-30",
        "gender": ["female"], "identifier": {"value": 1}, "deceasedDateTime": 7, "communication": [None],
    }  # fmt: skip
    page = visitor.open(smart)
    assert page.status == 200 and page.patient == "p1"


@pytest.mark.parametrize(
    "change",
    [
        {"modifierExtension": [{"url": "https://example.org/not", "valueBoolean": True}]},
        {
            "meta": {
                "tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]
            }
        },
        {"implicitRules": "https://example.org/opposite"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_h09_what_changes_the_meaning_is_no_plain_fact(
    visitor: Browser, smart: SmartEhr, change: dict[str, Any]
) -> None:
    smart.resources = [condition(**change), a1c()]
    assert status_of(visitor.open(smart), "CMS122") == "cannot-tell"


def test_h09_contained_resources_are_no_facts_of_their_own(visitor: Browser, smart: SmartEhr) -> None:
    inner = {**condition("inner"), "id": "inner"}
    smart.resources = [condition("c3", icd="I10", contained=[inner]), a1c()]
    assert status_of(visitor.open(smart), "CMS122") == "not-applicable"
