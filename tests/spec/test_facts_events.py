"""What each FHIR resource means as an event, as tables; the numbers are those of the 25 points of semantics."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from support.facts_builders import (
    LOINC,
    SNOMED,
    concept,
    condition_status,
    event,
    in_slot,
    last_ms,
    ms,
    resource,
)

from smartapp.facts.codes import SlotCode
from smartapp.facts.elements import NotAFact, Surroundings
from smartapp.facts.events import ValueKind
from smartapp.facts.instants import BEGINNING, FOREVER
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.normalise import event_from_resource, read_event

QUALITY = "http://fhir.org/guides/onc/us-quality-core/StructureDefinition/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
NO_KIND = "us-quality-core-observation"
DAY1 = ms("2026-01-05")
DAY1_END = last_ms("2026-01-05")


# --- times: points 1, 2, 8 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "start", "end", "latest"),
    [
        ({"effectiveDateTime": "2026-01-05"}, DAY1, DAY1_END, DAY1_END),
        ({"effectiveDateTime": "2026-01-05T10:00:00Z"}, DAY1 + 36_000_000, DAY1 + 36_000_000, DAY1 + 36_000_000),
        ({"effectiveDateTime": "2026-01-05T23:00:00-03:00"}, ms("2026-01-06T02:00"), ms("2026-01-06T02:00"), None),
        ({"effectiveDateTime": "2026"}, ms("2026-01-01"), last_ms("2026-12-31"), last_ms("2026-12-31")),
        ({"effectiveInstant": "2026-01-05T10:00:00.000Z"}, DAY1 + 36_000_000, DAY1 + 36_000_000, None),
        ({"effectivePeriod": {"start": "2026-01-05", "end": "2026-01-06"}}, DAY1, last_ms("2026-01-06"), None),
        ({"effectivePeriod": {"start": "2026-01-05"}}, DAY1, FOREVER, DAY1),
        ({"effectivePeriod": {"end": "2026-01-05"}}, None, DAY1_END, DAY1_END),
        ({"effectivePeriod": {}}, None, None, None),
        ({"effectiveTiming": {"event": ["2026-01-05"]}}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_when(when: dict[str, Any], start: int | None, end: int | None, latest: int | None) -> None:
    found = event("Observation", **when)
    assert (found.start, found.end) == (start, end)
    assert latest is None or found.latest == latest


def test_latest_is_the_end_where_it_is_known_and_finite_else_the_start() -> None:
    assert event("Encounter", period={"start": "2026-01-05"}).latest == DAY1
    assert event("Encounter", period={"end": "2026-01-05"}).latest == DAY1_END
    assert event("Encounter").latest is None


ELEMENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # kind, elements, fields
    ("Procedure", {"performedDateTime": "2026-01-05"}, {"start": DAY1, "end": DAY1_END}),
    ("Procedure", {"performedPeriod": {"start": "2026-01-05"}}, {"start": DAY1, "end": FOREVER}),
    ("Procedure", {"performedString": "last summer"}, {"start": None, "end": None}),
    ("Immunization", {"occurrenceDateTime": "2026-01-05", "recorded": "2026-02-01"}, {"at": ms("2026-02-01")}),
    ("Immunization", {"occurrenceString": "as a child"}, {"start": None, "end": None}),
    ("ServiceRequest", {"authoredOn": "2026-01-05"}, {"start": DAY1, "end": DAY1_END, "at": DAY1}),
    ("DeviceRequest", {"authoredOn": "2026-01-05"}, {"start": DAY1, "end": DAY1_END, "at": DAY1}),
    ("Condition", {"onsetDateTime": "2026-01-05", "recordedDate": "2026-02-01"}, {"at": ms("2026-02-01")}),
    ("Observation", {"issued": "2026-01-05T10:00:00Z"}, {"at": DAY1 + 36_000_000, "start": None}),
    ("Coverage", {"period": {"start": "2026-01-05"}}, {"start": DAY1, "end": FOREVER, "status": None}),
    ("Appointment", {"start": "2026-01-05T10:00:00Z", "end": "2026-01-05T11:00:00Z"}, {"end": DAY1 + 39_600_000}),
    ("Appointment", {"start": "2026-01-05T10:00:00Z"}, {"end": DAY1 + 36_000_000}),
    ("Task", {"authoredOn": "2026-01-05", "executionPeriod": {"start": "2026-01-06"}}, {"start": ms("2026-01-06")}),
    ("Task", {"focus": {"reference": "ServiceRequest/1"}}, {"focus": "ServiceRequest/1", "start": None}),
    ("Communication", {"sent": "2026-01-05", "about": [{"reference": "Condition/1"}]}, {"focus": "Condition/1"}),
    ("Communication", {"about": []}, {"focus": None}),
    ("Communication", {"about": [{"display": "his knee"}]}, {"focus": None}),
    ("Communication", {"received": "2026-01-05"}, {"start": DAY1, "at": None}),
    ("CommunicationRequest", {"occurrencePeriod": {"start": "2026-01-05"}}, {"start": DAY1}),
    ("QuestionnaireResponse", {"authored": "2026-01-05"}, {"start": DAY1, "at": DAY1}),
    ("DiagnosticReport", {"effectiveDateTime": "2026-01-05", "issued": "2026-02-01T00:00:00Z"}, {"start": DAY1}),
    ("CarePlan", {"period": {"start": "2026-01-05"}, "intent": "plan"}, {"start": DAY1, "intent": "plan"}),
    ("Goal", {"startDate": "2026-01-05", "lifecycleStatus": "active"}, {"start": DAY1, "status": "active"}),
    ("Flag", {"period": {"start": "2026-01-05"}, "status": "active"}, {"start": DAY1, "end": FOREVER}),
    ("FamilyMemberHistory", {"date": "2026-01-05", "status": "completed"}, {"at": DAY1, "start": None}),
    ("MedicationStatement", {"effectivePeriod": {"start": "2026-01-05"}}, {"start": DAY1, "end": FOREVER}),
    ("MedicationAdministration", {"effectiveDateTime": "2026-01-05"}, {"start": DAY1, "end": DAY1_END}),
    ("DeviceUseStatement", {"timingDateTime": "2026-01-05", "recordedOn": "2026-02-01"}, {"start": DAY1}),
    ("AdverseEvent", {"date": "2026-01-05", "actuality": "actual"}, {"start": DAY1, "status": "actual"}),
    ("ImagingStudy", {"started": "2026-01-05"}, {"start": DAY1}),
    ("DocumentReference", {"date": "2026-01-05T00:00:00Z"}, {"start": DAY1, "at": DAY1}),
    ("Encounter", {"class": {"code": "AMB"}, "status": "finished"}, {"class_": "AMB", "status": "finished"}),
    ("Encounter", {"class": {"display": "walk-in"}}, {"class_": None, "encounter": None}),
    ("MedicationRequest", {"intent": "order", "authoredOn": "2026-01-05"}, {"intent": "order", "at": DAY1}),
    ("Observation", {"encounter": {"reference": "Encounter/7"}}, {"encounter": "Encounter/7"}),
    ("Observation", {"encounter": {"reference": "Encounter/7/_history/3"}}, {"encounter": "Encounter/7"}),
    ("MedicationAdministration", {"context": {"reference": "Encounter/7"}}, {"encounter": "Encounter/7"}),
    ("Observation", {"encounter": {"display": "visit"}}, {"encounter": None}),
    ("Observation", {"encounter": None}, {"encounter": None}),
]


@pytest.mark.parametrize(("kind", "elements", "fields"), ELEMENTS)
def test_which_element_is_which_field(kind: str, elements: dict[str, Any], fields: dict[str, Any]) -> None:
    if kind.startswith("Medication"):
        elements = {"medicationCodeableConcept": concept(), **elements}
    found = event(kind, **elements)
    assert {name: getattr(found, name) for name in fields} == fields


def test_every_type_gives_an_event_and_no_other_does() -> None:
    for kind in MEANINGS:
        made = resource(kind, medicationCodeableConcept=concept() if kind.startswith("Medication") else None)
        assert read_event(made).reference == f"{kind}/r1"
    for kind in ("Practitioner", "Medication", "Patient", "", None, 7, []):
        assert event_from_resource({"resourceType": kind, "id": "1"}) is None
    assert event_from_resource({}) is None and event_from_resource({"resourceType": "Observation", "id": 7}) is None


# --- codes ------------------------------------------------------------------------------------------

SLOTS: list[tuple[str, dict[str, Any], str, list[str]]] = [
    # kind, elements, slot, codes
    ("Encounter", {"type": [concept("a"), concept("b")]}, "code", ["a", "b"]),
    ("Encounter", {"hospitalization": {"dischargeDisposition": concept("d")}}, "discharge", ["d"]),
    ("Encounter", {"hospitalization": {}}, "discharge", []),
    ("Encounter", {"location": [{"physicalType": concept("ro")}, {"status": "active"}]}, "location", ["ro"]),
    ("Encounter", {"reasonCode": [concept("r")]}, "reason", ["r"]),
    ("Encounter", {"serviceType": concept("s")}, "type", ["s"]),
    ("Condition", {"code": concept("c"), "bodySite": [concept("b")]}, "body", ["b"]),
    ("Condition", {"category": [concept("problem-list-item")]}, "category", ["problem-list-item"]),
    ("Observation", {"code": {"coding": [{"code": "a"}, {"code": "b"}, {"display": "no code"}]}}, "code", ["a", "b"]),
    ("Observation", {"component": [{"code": concept("x")}]}, "code", []),
    ("Observation", {"component": [{"code": concept("x")}, {"code": concept("y")}]}, "type", ["x", "y"]),
    ("Procedure", {"statusReason": concept("s"), "reasonCode": [concept("r")]}, "reason", ["r", "s"]),
    ("Immunization", {"vaccineCode": concept("141"), "site": concept("LA")}, "body", ["LA"]),
    ("Immunization", {"statusReason": concept("MEDPREC")}, "reason", ["MEDPREC"]),
    ("DeviceRequest", {"codeCodeableConcept": concept("bed")}, "code", ["bed"]),
    ("AllergyIntolerance", {"code": concept("statin")}, "code", ["statin"]),
    ("Coverage", {"type": concept("1")}, "code", ["1"]),
    ("Appointment", {"serviceType": [concept("s")], "appointmentType": concept("t")}, "code", ["s"]),
    ("Appointment", {"appointmentType": concept("t"), "cancelationReason": concept("c")}, "type", ["t"]),
    ("Task", {"code": concept("fulfill")}, "code", ["fulfill"]),
    ("Communication", {"topic": concept("t"), "reasonCode": [concept("r")]}, "reason", ["r"]),
    ("DiagnosticReport", {"conclusionCode": [concept("birads1")]}, "value", ["birads1"]),
    ("CarePlan", {"activity": [{"detail": {"code": concept("diet")}}, {}]}, "code", ["diet"]),
    ("Goal", {"description": concept("lose weight")}, "code", ["lose weight"]),
    ("FamilyMemberHistory", {"condition": [{"code": concept("ca")}]}, "code", ["ca"]),
    ("AdverseEvent", {"event": concept("fall")}, "code", ["fall"]),
    ("QuestionnaireResponse", {"questionnaire": "http://x.invalid/phq9|1.0"}, "code", ["http://x.invalid/phq9"]),
    ("QuestionnaireResponse", {}, "code", []),
    ("Observation", {"meta": {"security": [{"code": "ETH"}]}}, "label", ["ETH"]),
    *(
        ("Observation", {"meta": {"profile": list(profiles)}}, "label", labels)
        for profiles, labels in (
            ((), []),
            ((f"{QUALITY}us-quality-core-observation-lab",), []),
            ((f"{QUALITY}us-quality-core-observation-lab|0.1.0",), []),
            ((f"h{QUALITY}us-quality-core-observation-lab",), [NO_KIND]),
            ((f"{QUALITY}us-quality-core-simple-observation",), [NO_KIND]),
            ((f"{QUALITY}us-quality-core-observation",), [NO_KIND]),
            ((f"{QUALITY[:-1]}-us-quality-core-observation-clinical-result",), [NO_KIND]),
            ((f"{QUALITY}us-quality-core-observation", f"{QUALITY}us-quality-core-observation-lab"), []),
            ((f"{QUALITY}us-quality-core-observation", f"{US_CORE}us-core-blood-pressure"), []),
            ((f"{US_CORE}us-core-simple-observation",), []),
            (("http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-observation",), []),
            ((7,), []),
        )
    ),
    ("Observation", {"meta": {"profile": f"{QUALITY}us-quality-core-observation"}}, "label", []),
    ("Procedure", {"meta": {"profile": [f"{QUALITY}us-quality-core-observation"]}}, "label", []),
    ("Observation", {"meta": {"tag": [{"code": "x"}]}}, "label", []),
    ("Observation", {"meta": {"profile": ["x"]}}, "label", []),
    ("Observation", {"meta": None}, "label", []),
]


@pytest.mark.parametrize(("kind", "elements", "slot", "codes"), SLOTS)
def test_where_codes_are_found(kind: str, elements: dict[str, Any], slot: str, codes: list[str]) -> None:
    assert in_slot(event(kind, **elements), slot) == codes


def test_a_code_keeps_its_system_under_one_name() -> None:
    found = event(
        "Observation",
        code={
            "coding": [
                {"system": "urn:oid:2.16.840.1.113883.6.1", "code": "4548-4"},
                {"system": LOINC, "code": "4548-4"},
                {"code": "local"},
                {"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "G0202"},
            ]
        },
    )
    assert found.codes == (
        SlotCode("code", LOINC, "4548-4"),
        SlotCode("code", LOINC, "4548-4"),
        SlotCode("code", "", "local"),
        SlotCode("code", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "G0202"),
    )


@pytest.mark.parametrize(
    ("code", "display"),
    [
        ({"text": "Sugar", "coding": [{"code": "1", "display": "Glucose"}]}, "Sugar"),
        ({"coding": [{"code": "1"}, {"code": "1", "display": "Glucose"}]}, "Glucose"),
        ({"coding": [{"code": "1"}]}, None),
        ({"text": "Sugar"}, "Sugar"),
        ({"text": 7}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_it_is_called(code: Any, display: str | None) -> None:
    assert event("Observation", code=code).display == display


def test_the_first_of_several_names_it() -> None:
    assert event("Encounter", type=[{"text": "Visit"}, {"text": "Other"}]).display == "Visit"
    assert event("Encounter", type=[]).display is None


# --- conditions: points 8 to 12 ---------------------------------------------------------------------

BIRTH = ms("1960-02-29")
ONSETS: list[tuple[dict[str, Any], int | None]] = [
    ({}, BEGINNING),  # point 10, as CQL
    ({"onsetString": "in childhood"}, None),
    ({"onsetDateTime": "2020-02"}, ms("2020-02-01")),
    ({"onsetPeriod": {"start": "2020-02-03", "end": "2020-02-05"}}, ms("2020-02-03")),
    ({"onsetPeriod": {"end": "2020-02-05"}}, None),
    ({"onsetAge": {"value": 40, "code": "a"}}, ms("2000-02-29")),
    ({"onsetAge": {"value": 41, "unit": "a"}}, ms("2001-02-28")),
    ({"onsetAge": {"value": 18, "code": "mo"}}, ms("1961-08-29")),
    ({"onsetAge": {"value": 2, "code": "wk"}}, ms("1960-03-14")),
    ({"onsetAge": {"value": 3, "code": "d"}}, ms("1960-03-03")),
    ({"onsetAge": {"value": 40.5, "code": "a"}}, None),
    ({"onsetAge": {"value": -1, "code": "a"}}, None),
    ({"onsetAge": {"value": 1e15, "code": "a"}}, None),
    ({"onsetAge": {"value": 900, "code": "a"}}, None),
    ({"onsetAge": {"value": 40, "code": "fortnight"}}, None),
    ({"onsetAge": {"code": "a"}}, None),
    ({"onsetRange": {"low": {"value": 40, "code": "a"}, "high": {"value": 45, "code": "a"}}}, ms("2000-02-29")),
    ({"onsetRange": {"high": {"value": 45, "code": "a"}}}, None),
]


@pytest.mark.parametrize(("elements", "start"), ONSETS)
def test_the_start_of_a_condition(elements: dict[str, Any], start: int | None) -> None:
    assert event("Condition", Surroundings(birth=BIRTH), **elements).start == start


def test_an_age_without_a_full_birth_date_says_nothing() -> None:
    assert event("Condition", onsetAge={"value": 40, "code": "a"}).start is None


@pytest.mark.parametrize(
    ("clinical", "elements", "end"),
    [
        ("active", {}, FOREVER),
        ("recurrence", {}, FOREVER),
        ("relapse", {}, FOREVER),
        ("inactive", {}, None),
        ("remission", {}, None),
        ("resolved", {}, None),
        (None, {}, None),
        ("active", {"abatementDateTime": "2026-01-05"}, DAY1_END),
        ("resolved", {"abatementDateTime": "2026-01-05"}, DAY1_END),
        # Its end is not inside (QICoreCommon 4.0.000, abatementInterval).
        ("resolved", {"abatementPeriod": {"start": "2026-01-01", "end": "2026-01-05"}}, DAY1 - 1),
        ("resolved", {"abatementPeriod": {"end": "2026-01-05T00:00:00.000Z"}}, DAY1 - 1),
        ("resolved", {"abatementPeriod": {"start": "2026-01-01"}}, None),
        ("active", {"abatementPeriod": {"start": "2026-01-01"}}, FOREVER),
        ("resolved", {"abatementString": "long ago"}, None),
        ("active", {"abatementString": "nearly gone"}, FOREVER),
        ("active", {"abatementAge": {"value": 40.5, "code": "a"}}, None),
        ("resolved", {"abatementAge": {"value": 40, "code": "a"}}, ms("2001-02-28") - 1),
        ("resolved", {"abatementRange": {"high": {"value": 40, "code": "a"}}}, ms("2001-02-28") - 1),
        ("resolved", {"abatementRange": {"low": {"value": 40, "code": "a"}}}, None),
    ],
)
def test_the_end_of_a_condition(clinical: str | None, elements: dict[str, Any], end: int | None) -> None:
    status = None if clinical is None else condition_status(clinical)
    found = event("Condition", Surroundings(birth=BIRTH), clinicalStatus=status, **elements)
    assert (found.clinical, found.end) == (clinical, end)


@pytest.mark.parametrize("status", ["confirmed", "unconfirmed", "provisional", "differential", None])
def test_a_condition_that_may_be_true_is_a_fact_with_its_verification(status: str | None) -> None:
    given = None if status is None else condition_status(status, "verification")
    assert event("Condition", verificationStatus=given).verification == status


def test_a_condition_that_is_withdrawn_in_any_of_its_codings_is_no_fact() -> None:
    status = condition_status("confirmed", "verification")
    status["coding"].append({"system": "https://ehr.invalid/codes", "code": "entered-in-error"})
    with pytest.raises(NotAFact, match="entered-in-error"):
        event("Condition", verificationStatus=status)


@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_what_is_not_true_is_no_fact(kind: str, status: str) -> None:
    with pytest.raises(NotAFact, match=status) as why:
        event(kind, verificationStatus=concept(status, "http://x.invalid"))
    assert not why.value.lost


def test_of_several_codings_the_status_systems_own_counts() -> None:
    status = {"coding": [{"system": "http://x.invalid", "code": "A"}, *condition_status("active")["coding"]]}
    assert event("Condition", clinicalStatus=status).clinical == "active"
    assert event("Condition", clinicalStatus={"coding": [{"display": "x"}]}).clinical is None


def test_the_time_of_an_allergy_is_that_of_its_onset() -> None:
    active = concept("active", "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical")
    allergy = partial(event, "AllergyIntolerance", clinicalStatus=active)
    found = allergy(onsetPeriod={"start": "2020-01-01T08:00:00Z", "end": "2020-02-01T08:00:00Z"})
    assert (found.start, found.end, found.status) == (ms("2020-01-01T08:00"), ms("2020-02-01T08:00"), None)
    assert allergy(onsetPeriod={"start": "2020-01-01"}).end == FOREVER
    assert allergy(onsetDateTime="2020-01-01T08:00:00Z").end == ms("2020-01-01T08:00")
    assert event("AllergyIntolerance").end is None and event("AllergyIntolerance").start is None


# --- encounters -------------------------------------------------------------------------------------


def conditions(**more: Any) -> Surroundings:
    return Surroundings({"Condition/c1": resource("Condition", "c1", code=concept("E11.9"), **more)})


def test_the_conditions_an_encounter_names() -> None:
    named = {"diagnosis": [{"condition": {"reference": "Condition/c1"}}]}
    assert in_slot(event("Encounter", conditions(), **named), "diagnosis") == ["E11.9"]
    because = {"reasonReference": [{"reference": "Condition/c1"}, {"display": "x"}]}
    found = event("Encounter", conditions(), **because)
    assert in_slot(found, "diagnosis") == ["E11.9"] and in_slot(found, "reason") == ["E11.9"]


@pytest.mark.parametrize(
    "around",
    [
        Surroundings(),
        conditions(verificationStatus=condition_status("refuted", "verification")),
        conditions(verificationStatus=condition_status("entered-in-error", "verification")),
        conditions(modifierExtension=[{"url": "http://x.invalid"}]),
        conditions(verificationStatus=7),
        Surroundings({"Condition/c1": resource("Procedure", "c1", code=concept("E11.9"))}),
    ],
)
def test_a_diagnosis_that_is_not_in_the_chart_or_not_true_is_none(around: Surroundings) -> None:
    found = event("Encounter", around, diagnosis=[{"condition": {"reference": "Condition/c1"}}, {}])
    assert in_slot(found, "diagnosis") == []


def test_a_condition_without_a_code_names_nothing() -> None:
    around = Surroundings({"Condition/c1": resource("Condition", "c1")})
    found = event("Encounter", around, diagnosis=[{"condition": {"reference": "Condition/c1"}}])
    assert in_slot(found, "diagnosis") == []


# --- observations -----------------------------------------------------------------------------------

UCUM = "http://unitsofmeasure.org"


def quantity(value: Any, unit: str = "%", **more: Any) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": unit, **more}


@pytest.mark.parametrize(
    ("elements", "kind", "number", "unit"),
    [
        ({}, ValueKind.NONE, None, None),
        ({"valueQuantity": quantity(9.1)}, ValueKind.QUANTITY, 9.1, "%"),
        ({"valueQuantity": quantity(9)}, ValueKind.QUANTITY, 9.0, "%"),
        ({"valueQuantity": {"value": 9.1, "unit": "percent"}}, ValueKind.QUANTITY, 9.1, "percent"),
        ({"valueQuantity": {"value": 9.1, "code": "%"}}, ValueKind.QUANTITY, 9.1, "%"),
        ({"valueQuantity": {"value": 9.1, "system": "urn:x", "code": "pc"}}, ValueKind.QUANTITY, 9.1, "pc"),
        ({"valueQuantity": {"value": 9.1, "system": "urn:x", "unit": "%"}}, ValueKind.QUANTITY, 9.1, "%"),
        ({"valueQuantity": {"value": 9.1}}, ValueKind.QUANTITY, 9.1, None),
        ({"valueQuantity": {"unit": "%"}}, ValueKind.NONE, None, None),
        ({"valueQuantity": quantity(14, comparator=">")}, ValueKind.OTHER, None, "%"),
        ({"valueCodeableConcept": concept("neg")}, ValueKind.CODE, None, None),
        ({"valueCodeableConcept": {"text": "negative"}}, ValueKind.OTHER, None, None),
        ({"valueInteger": 12}, ValueKind.OTHER, 12.0, None),
        ({"valueString": "9.1 %"}, ValueKind.OTHER, None, None),
        ({"valueBoolean": False}, ValueKind.OTHER, None, None),
        ({"valueDateTime": "2026"}, ValueKind.OTHER, None, None),
        ({"valueRange": {}}, ValueKind.OTHER, None, None),
        ({"dataAbsentReason": concept("unknown")}, ValueKind.NONE, None, None),
    ],
)
def test_the_value_of_an_observation(
    elements: dict[str, Any], kind: ValueKind, number: float | None, unit: str | None
) -> None:
    found = event("Observation", **elements)
    assert (found.value_kind, found.number, found.unit) == (kind, number, unit)


def test_value_codes_are_in_their_slot() -> None:
    assert in_slot(event("Observation", code=concept("a"), valueCodeableConcept=concept("b")), "value") == ["b"]


def pressure(code: str, value: Any, unit: str = "mm[Hg]", **more: Any) -> dict[str, Any]:
    return {"code": concept(code), "valueQuantity": quantity(value, unit, **more)}


@pytest.mark.parametrize(
    ("components", "systolic", "diastolic"),
    [
        ([pressure("8480-6", 138), pressure("8462-4", 88)], 138, 88),
        ([pressure("8462-4", 88), pressure("8480-6", 138.5)], 138.5, 88),
        ([pressure("8480-6", 138)], 138, None),
        ([{"code": concept("8480-6"), "valueQuantity": {"value": 138, "unit": "mmHg"}}], 138, None),
        ([pressure("8480-6", 18, "kPa")], None, None),
        ([{"code": concept("8480-6"), "valueQuantity": {"value": 138}}], None, None),
        ([pressure("8480-6", 138, comparator="<")], None, None),
        ([pressure("8480-6", 138), pressure("8480-6", 142)], None, None),
        ([pressure("8480-6", 138), pressure("8480-6", 138)], 138, None),
        ([{"code": concept("8480-6"), "dataAbsentReason": concept("error")}], None, None),
        ([pressure("8480-6", None)], None, None),
        ([pressure("8867-4", 70)], None, None),
        ([{"valueQuantity": quantity(138, "mm[Hg]")}], None, None),
        ([{"code": concept("8480-6", SNOMED), "valueQuantity": quantity(138, "mm[Hg]")}], None, None),
    ],
)
def test_the_pressures_of_a_panel(components: Any, systolic: float | None, diastolic: float | None) -> None:
    found = event("Observation", code=concept("85354-9"), component=components)
    assert (found.systolic, found.diastolic, found.value_kind) == (systolic, diastolic, ValueKind.NONE)


def test_a_pressure_on_its_own() -> None:
    assert event("Observation", **pressure("8480-6", 138)).systolic == 138
    assert event("Observation", **pressure("8462-4", 88)).diastolic == 88
    assert event("Observation", **pressure("8480-6", 18, "kPa")).systolic is None
    assert event("Observation", **pressure("8480-6", 138, comparator=">")).systolic is None


@pytest.mark.parametrize("focus", ["RelatedPerson/1", "Patient/child"])
def test_what_was_observed_of_somebody_else_is_no_fact(focus: str) -> None:
    with pytest.raises(NotAFact, match="focus"):
        event("Observation", focus=[{"reference": focus}])
    assert event("Observation", focus=[{"reference": "Condition/1"}]).focus == "Condition/1"


# --- not done: point 23 -----------------------------------------------------------------------------

HOMES = (
    "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-",
    "http://fhir.org/guides/astp/us-quality-core/StructureDefinition/us-quality-core-",
    "http://fhir.org/guides/onc/us-quality-core/StructureDefinition/us-quality-core-",
)


def said_by(url: str, **value: Any) -> list[dict[str, Any]]:
    return [{"url": url, **value}]


NOT_DONE: list[tuple[str, dict[str, Any], bool]] = [
    ("Observation", {"status": "final"}, False),
    ("Observation", {"status": "cancelled"}, True),
    ("Procedure", {"status": "not-done"}, True),
    ("Procedure", {"status": "completed"}, False),
    ("Immunization", {"status": "not-done"}, True),
    ("MedicationAdministration", {"status": "not-done"}, True),
    ("MedicationDispense", {"status": "declined"}, True),
    ("MedicationStatement", {"status": "not-taken"}, True),
    ("Communication", {"status": "not-done"}, True),
    ("Encounter", {"status": "cancelled"}, True),
    ("Encounter", {"status": "finished"}, False),
    ("MedicationRequest", {"doNotPerform": True}, True),
    ("MedicationRequest", {"doNotPerform": False}, False),
    ("MedicationRequest", {"status": "cancelled"}, False),
    ("ServiceRequest", {"doNotPerform": True}, True),
    ("ServiceRequest", {"status": "revoked"}, False),
    *(
        (kind, {"modifierExtension": said_by(f"{home}{name}", valueBoolean=value)}, value)
        for home in HOMES
        for name in ("notDone", "doNotPerform")
        for kind in ("ServiceRequest", "DeviceRequest", "MedicationRequest")
        for value in (True, False)
    ),
    (
        "DeviceRequest",
        {
            "modifierExtension": said_by(
                "http://hl7.org/fhir/5.0/StructureDefinition/extension-DeviceRequest.doNotPerform", valueBoolean=True
            )
        },
        True,
    ),
    *(
        (kind, {"extension": said_by(f"{home}{name}", valueCodeableConcept=concept("declined"))}, True)
        for home in (*HOMES, "http://qicore-qicore-")
        for name in ("notDoneReason", "doNotPerformReason")
        for kind in ("Observation", "ServiceRequest", "DeviceRequest")
    ),
    ("Observation", {"extension": said_by(f"{HOMES[0]}notDoneReason")}, True),
    (
        "ServiceRequest",
        {
            "extension": said_by(
                "http://hl7.org/fhir/StructureDefinition/request-statusReason", valueCodeableConcept=concept("declined")
            )
        },
        False,
    ),
    ("ServiceRequest", {"extension": said_by("http://x.invalid/other")}, False),
    ("ServiceRequest", {"extension": [{"valueString": "no url"}]}, False),
]


@pytest.mark.parametrize(("kind", "elements", "negated"), NOT_DONE)
def test_done_and_not_done(kind: str, elements: dict[str, Any], negated: bool) -> None:
    if kind.startswith("Medication"):
        elements = {"medicationCodeableConcept": concept(), **elements}
    found = event(kind, **elements)
    assert found.negated is negated
    if "declined" in str(elements.get("extension")):
        assert in_slot(found, "reason") == ["declined"]


def test_when_it_was_recorded_that_it_was_not_done() -> None:
    for home in HOMES:
        extension = said_by(f"{home}recorded", valueDateTime="2026-01-05")
        assert event("Procedure", extension=extension).at == DAY1
        assert event("Observation", extension=extension, issued="2026-02-01T00:00:00Z").at == ms("2026-02-01")
    assert event("Procedure", extension=said_by(f"{HOMES[0]}recorded")).at is None


# --- modifiers: H07, H09 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        ("Observation", {"modifierExtension": said_by("http://x.invalid/opposite", valueBoolean=True)}),
        ("Observation", {"modifierExtension": [{}]}),
        ("ServiceRequest", {"modifierExtension": said_by(f"{HOMES[0]}notDone", valueString="yes")}),
        ("Observation", {"implicitRules": "http://x.invalid/rules"}),
        ("Observation", {"meta": {"tag": [{"code": "SUBSETTED"}]}}),
        ("Observation", {"component": [{"modifierExtension": [{"url": "x"}]}]}),
        ("Encounter", {"diagnosis": [{"modifierExtension": [{"url": "x"}]}]}),
    ],
)
def test_what_is_not_understood_is_no_plain_fact(kind: str, elements: dict[str, Any]) -> None:
    with pytest.raises(NotAFact) as why:
        event(kind, **elements)
    assert why.value.lost


@pytest.mark.parametrize("kind", sorted(kind for kind, row in MEANINGS.items() if row.status == "status"))
def test_entered_in_error_is_no_fact(kind: str) -> None:
    with pytest.raises(NotAFact, match="entered-in-error") as why:
        event(kind, status="entered-in-error")
    assert not why.value.lost


# --- medicines and devices by reference -------------------------------------------------------------


def test_a_medicine_by_reference() -> None:
    medicine = {"resourceType": "Medication", "id": "m1", "code": {**concept("617314"), "text": "Statin"}}
    by_reference = {"medicationReference": {"reference": "Medication/m1"}}
    found = event("MedicationRequest", Surroundings({"Medication/m1": medicine}), **by_reference)
    assert in_slot(found, "code") == ["617314"] and found.display == "Statin" and found.focus == "Medication/m1"
    assert event("MedicationRequest", medicationCodeableConcept=concept("617314"), **by_reference).focus is None
    inside = {"medicationReference": {"reference": "#m1"}, "contained": [{"id": "m0"}, medicine]}
    assert in_slot(event("MedicationDispense", **inside), "code") == ["617314"]
    no_code = {"contained": [{"resourceType": "Medication", "id": "m1"}], "medicationReference": {"reference": "#m1"}}
    assert in_slot(event("MedicationStatement", **no_code), "code") == []


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"medicationReference": {"reference": "Medication/unread"}},
        {"medicationReference": {"reference": "#gone"}, "contained": []},
        {"medicationReference": {"display": "the blue ones"}},
        {"medicationReference": {"reference": "#m1"}, "contained": [{"resourceType": "Device", "id": "m1"}]},
    ],
)
def test_an_order_of_who_knows_what_is_lost(elements: dict[str, Any]) -> None:
    with pytest.raises(NotAFact, match="medicationReference") as why:
        event("MedicationRequest", **elements)
    assert why.value.lost


def test_a_device_by_reference() -> None:
    bed = Surroundings({"Device/1": resource("Device", "1", type=concept("bed"))})
    assert in_slot(event("DeviceRequest", bed, codeReference={"reference": "Device/1"}), "code") == ["bed"]
    assert in_slot(event("DeviceUseStatement", bed, device={"reference": "Device/1"}), "code") == ["bed"]
    assert in_slot(event("DeviceUseStatement", bed, device={"reference": "Device/2"}), "code") == []
    nothing = Surroundings({"Device/1": resource("Device", "1")})
    assert in_slot(event("DeviceUseStatement", nothing, device={"reference": "Device/1"}), "code") == []
