"""Whose resources become facts, which version of them, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from support.facts_builders import concept, condition_status, in_slot, last_ms, ms, resource

from smartapp.errors import InputError
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, coded
from smartapp.facts.instants import BEGINNING
from smartapp.facts.normalise import (
    event_from_resource,
    facts_from_bundle,
    facts_from_resources,
    parse_json,
    patient_of,
)

BASE = "https://ehr.invalid/fhir"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-06", "gender": "female"}


def whose(kind: str = "Observation", element: str = "subject", reference: Any = "Patient/p1") -> dict[str, Any]:
    return {"resourceType": kind, "id": "r1", element: {"reference": reference}}


# --- whose: H05 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "mine"),
    [
        (whose(), True),
        (whose(reference="Patient/p1/_history/4"), True),
        (whose(reference=f"{BASE}/Patient/p1"), True),
        (whose(reference=f"{BASE}/Patient/p1/_history/4"), True),
        (whose(reference="Patient/p2"), False),
        (whose(reference="Patient/p11"), False),
        (whose(reference="patient/p1"), False),
        (whose(reference="p1"), False),
        (whose(reference="Group/p1"), False),
        (whose(reference="Patient/p1/x"), False),
        (whose(reference="Patient/"), False),
        (whose(reference="#p1"), False),
        (whose(reference="urn:uuid:p1"), False),
        (whose(reference="https://other.invalid/fhir/Patient/p1"), False),
        (whose(reference=f"{BASE}2/Patient/p1"), False),
        (whose(element="patient"), False),
        (whose(reference=None), False),
        (whose(reference=7), False),
        ({"resourceType": "Observation", "id": "r1"}, False),
        ({"resourceType": "Observation", "id": "r1", "subject": [{"reference": "Patient/p1"}]}, False),
        (whose("Immunization", "patient"), True),
        (whose("Immunization", "subject"), False),
        (whose("Coverage", "beneficiary"), True),
        (whose("Coverage", "subscriber"), False),
        (whose("Task", "for"), True),
        (whose("Task", "requester"), False),
        ({"resourceType": "Appointment", "id": "r1", "participant": [{"actor": {"reference": "Patient/p1"}}]}, True),
        ({"resourceType": "Appointment", "id": "r1", "participant": [{"actor": {"reference": "Location/1"}}]}, False),
        ({"resourceType": "Appointment", "id": "r1", "participant": [{"status": "accepted"}]}, False),
        (
            {
                "resourceType": "Appointment",
                "id": "r1",
                "participant": [{"actor": {"reference": f"Patient/{one}"}} for one in ("p1", "p2")],
            },
            False,
        ),
        (
            {
                "resourceType": "Appointment",
                "id": "r1",
                "participant": [{"actor": {"reference": f"{one}Patient/p1"}} for one in ("", f"{BASE}/")],
            },
            True,
        ),
    ],
)
def test_only_what_names_the_patient_is_a_fact(made: dict[str, Any], mine: bool) -> None:
    found = facts_from_resources("p1", [PATIENT, made], base=BASE)
    assert [one.reference for one in found.facts.events] == ([f"{made['resourceType']}/r1"] if mine else [])
    assert bool(found.skipped) is not mine


def test_another_patient_is_never_this_one() -> None:
    found = facts_from_resources("p1", [{**PATIENT, "id": "p2"}])
    assert found.facts.birth_low is None and found.facts.gender is None
    assert [(one.reference, one.reason, one.lost) for one in found.skipped] == [
        ("Patient/p2", "names another patient", False)
    ]


def test_who_a_resource_names() -> None:
    assert patient_of(whose()) == "p1"
    assert patient_of(PATIENT) == "p1"
    assert patient_of({"resourceType": "Basic", "subject": {"reference": "Patient/p1"}}) == "p1"
    assert patient_of({"resourceType": 7}) is None
    assert patient_of(whose(reference="Group/1")) == "Group/1"
    assert patient_of(whose(reference="1")) == "?/1"


def test_contained_resources_are_no_facts() -> None:
    outer = resource("Procedure", contained=[resource("Observation", "inner")])
    assert [one.kind for one in facts_from_resources("p1", [outer]).facts.events] == ["Procedure"]


# --- which version: H22 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ({"lastUpdated": "2026-01-01T00:00:00Z"}, {"lastUpdated": "2026-02-01T00:00:00Z"}, "second"),
        ({"lastUpdated": "2026-02-01T00:00:00Z"}, {"lastUpdated": "2026-01-01T00:00:00Z"}, "first"),
        ({"versionId": "9"}, {"versionId": "10"}, "second"),
        ({"versionId": "10"}, {"versionId": "9"}, "first"),
        ({"versionId": "x"}, {"versionId": "y"}, "second"),
        ({"lastUpdated": 7}, {}, "second"),
        ({"lastUpdated": "2026-01-01T00:00:00Z"}, {"lastUpdated": "whenever"}, "first"),
        (None, None, "second"),
        ("x", None, "second"),
    ],
)
def test_of_two_versions_the_newer_counts_once(first: Any, second: Any, winner: str) -> None:
    both = [
        resource("Observation", status="first", meta=first),
        resource("Observation", status="second", meta=second),
    ]
    if winner == "second" or first != "x":
        found = facts_from_resources("p1", both)
        assert [one.status for one in found.facts.events] == [winner]


def test_a_newer_error_takes_the_older_fact_with_it() -> None:
    both = [
        resource("Observation", status="final", meta={"versionId": "1"}),
        resource("Observation", status="entered-in-error", meta={"versionId": "2"}),
    ]
    assert facts_from_resources("p1", both).facts.events == ()


# --- what is skipped --------------------------------------------------------------------------------


def test_what_could_not_be_read_makes_its_type_cut_and_what_is_no_fact_does_not() -> None:
    found = facts_from_resources(
        "p1",
        [
            PATIENT,
            resource("Observation", "o1", effectiveDateTime="yesterday"),
            resource("Condition", "c1", verificationStatus=condition_status("refuted", "verification")),
            resource("Procedure", "pr1", status="entered-in-error"),
            whose("Immunization", "patient", "Patient/p2"),
            {"resourceType": "Practitioner", "id": "x"},
            {"resourceType": "Basic", "id": "b1", "subject": {"reference": "Patient/p1"}},
        ],
        coverage={"some-key": Coverage.REFUSED},
    )
    assert found.facts.events == () and found.others == ()
    assert {(one.reference, one.reason) for one in found.skipped} == {
        ("Observation/o1", "effectiveDateTime is not a FHIR time"),
        ("Condition/c1", "verificationStatus is refuted"),
        ("Procedure/pr1", "status is entered-in-error"),
        ("Immunization/r1", "names another patient"),
    }
    assert found.facts.coverage == {"Observation": Coverage.CUT, "some-key": Coverage.REFUSED}


@pytest.mark.parametrize("bad", [None, 7, "x", [], {}, {"resourceType": None}, {"resourceType": ["Observation"]}])
def test_what_is_no_resource_is_skipped(bad: Any) -> None:
    found = facts_from_resources("p1", [bad])
    assert found.facts.events == () and found.skipped[0].reference == "#0"


@pytest.mark.parametrize("id_", [None, 7, "", "x" * 257, ["r1"]])
def test_a_resource_without_an_id_is_lost(id_: Any) -> None:
    found = facts_from_resources("p1", [{**resource("Observation"), "id": id_}])
    assert found.facts.events == () and found.facts.coverage == {"Observation": Coverage.CUT}


# --- the patient ------------------------------------------------------------------------------------

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def facts(**elements: Any) -> Any:
    return facts_from_resources("p1", [{"resourceType": "Patient", "id": "p1", **elements}]).facts


@pytest.mark.parametrize(
    ("birth_date", "low", "high"),
    [
        ("1960-05-06", "1960-05-06", "1960-05-06"),
        ("1960-05", "1960-05-01", "1960-05-31"),
        ("1960", "1960-01-01", "1960-12-31"),
    ],
)
def test_a_birth_date_is_as_exact_as_it_was_recorded(birth_date: str, low: str, high: str) -> None:
    found = facts(birthDate=birth_date)
    assert (found.birth_low, found.birth_high) == (ms(low), ms(high))


@pytest.mark.parametrize("birth_date", ["soon", "1960-05-06T10:00:00Z", 1960, {}])
def test_a_birth_date_that_is_none_makes_the_patient_unusable(birth_date: Any) -> None:
    found = facts_from_resources("p1", [{**PATIENT, "birthDate": birth_date}])
    assert (found.facts.birth_low, found.facts.gender) == (None, None)
    assert found.skipped[0].reason.startswith("birthDate") and found.facts.coverage == {"Patient": Coverage.CUT}


@pytest.mark.parametrize(
    ("value", "sex"),
    [
        ({"valueCode": "248152002"}, "female"),
        ({"valueCode": "248153007"}, "male"),
        ({"valueCode": "F"}, "female"),
        ({"valueCode": "asked-declined"}, "asked-declined"),
        ({"valueCoding": {"system": "http://snomed.info/sct", "code": "248152002"}}, "female"),
        ({"valueCoding": {"display": "Female"}}, None),
        ({}, None),
    ],
)
def test_sex_is_the_us_core_extension(value: dict[str, Any], sex: str | None) -> None:
    assert facts(gender="male", extension=[{"url": US_CORE + "sex", **value}]).sex == sex


def test_gender_does_not_stand_in_for_sex() -> None:
    found = facts(gender="male", extension=[{"url": "http://x.invalid"}])
    assert (found.sex, found.gender) == (None, "male")


def test_race_ethnicity_and_language() -> None:
    cdc = "urn:oid:2.16.840.1.113883.6.238"
    found = facts(
        extension=[
            {
                "url": US_CORE + "race",
                "extension": [
                    {"url": "ombCategory", "valueCoding": {"system": cdc, "code": "2106-3"}},
                    {"url": "text", "valueString": "White"},
                ],
            },
            {
                "url": US_CORE + "ethnicity",
                "extension": [{"url": "ombCategory", "valueCoding": {"system": cdc, "code": "2186-5"}}],
            },
        ],
        communication=[{"language": concept("es", "urn:ietf:bcp:47")}, {"preferred": True}],
    )
    assert found.codes == (
        SlotCode("race", cdc, "2106-3"),
        SlotCode("ethnicity", cdc, "2186-5"),
        SlotCode("language", "urn:ietf:bcp:47", "es"),
    )
    assert coded("race") == ()


def test_the_preferred_language_is_the_one_that_counts() -> None:
    spoken = [{"language": concept(tag, "urn:ietf:bcp:47")} for tag in ("en", "es")]
    assert [code.code for code in facts(communication=spoken).codes] == ["en", "es"]
    preferring = [spoken[0], {**spoken[1], "preferred": True}]
    assert [code.code for code in facts(communication=preferring).codes] == ["es"]


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, None),
        ({"deceasedBoolean": False}, None),
        ({"deceasedBoolean": True}, BEGINNING),
        ({"deceasedDateTime": "2026-03-04"}, ms("2026-03-04")),
    ],
)
def test_who_has_died(elements: dict[str, Any], deceased: int | None) -> None:
    assert facts(**elements).deceased == deceased


@pytest.mark.parametrize(
    "elements",
    [
        {"modifierExtension": [{"url": "http://x.invalid/not-really"}]},
        {"meta": {"tag": [{"code": "SUBSETTED"}]}},
        {"implicitRules": "http://x.invalid"},
        {"deceasedBoolean": "yes"},
        {"extension": {}},
        {"gender": 7},
    ],
)
def test_a_patient_that_is_not_understood_is_unknown(elements: dict[str, Any]) -> None:
    assert facts(birthDate="1960-05-06", **elements).birth_low is None


def test_ages_are_counted_from_the_patients_birth() -> None:
    onset = resource("Condition", onsetAge={"value": 40, "code": "a"})
    exact = facts_from_resources("p1", [onset, PATIENT])
    assert exact.facts.events[0].start == ms("2000-05-06")
    partial = facts_from_resources("p1", [onset, {**PATIENT, "birthDate": "1960"}])
    assert partial.facts.events[0].start is None


# --- bundles ----------------------------------------------------------------------------------------


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def test_a_bundle_with_one_patient_is_that_patients_chart() -> None:
    found = facts_from_bundle(
        bundle(PATIENT, resource("Observation", "mine"), {"resourceType": "Observation", "id": "nobody's"}, 7)
        | {"type": "batch"}
    )
    assert [one.id for one in found.facts.events] == ["mine", "nobody's"]
    assert found.others == ("Observation/nobody's",) and found.facts.patient_id == "p1"


def test_what_names_another_patient_is_taken_and_said() -> None:
    found = facts_from_bundle(bundle(PATIENT, whose(reference="Patient/p2"), whose("Task", "for", 7)))
    assert found.others == ("Observation/r1",)
    assert [one.reference for one in found.skipped] == ["Task/r1"]


def test_references_by_full_url() -> None:
    named = "urn:uuid:0b7c"
    made = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": named, "resource": PATIENT},
            {"fullUrl": "urn:uuid:e", "resource": {**whose("Encounter", reference=named), "id": "e1"}},
            {"resource": {**whose(reference=named), "encounter": {"reference": "urn:uuid:e"}}},
        ],
    }
    found = facts_from_bundle(made)
    assert found.others == () and found.facts.events[1].encounter == "Encounter/e1"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (None, "facts.not-a-bundle"),
        ([], "facts.not-a-bundle"),
        ({"resourceType": "Patient"}, "facts.not-a-bundle"),
        ({"resourceType": "Bundle"}, "facts.not-a-bundle"),
        (bundle(), "facts.not-one-patient"),
        (bundle(PATIENT, {**PATIENT, "id": "p2"}), "facts.not-one-patient"),
    ],
)
def test_what_is_not_one_patients_bundle_is_refused(made: Any, code: str) -> None:
    with pytest.raises(InputError) as error:
        facts_from_bundle(made)
    assert error.value.code == code


def test_diagnoses_and_medicines_are_found_in_the_same_chart_only() -> None:
    encounter = resource("Encounter", "e1", diagnosis=[{"condition": {"reference": "Condition/c1"}}])
    other = {**resource("Condition", "c1", code=concept("E11.9")), "subject": {"reference": "Patient/p2"}}
    found = facts_from_resources("p1", [encounter, other])
    assert in_slot(found.facts.events[0], "diagnosis") == []
    order = resource("MedicationRequest", medicationReference={"reference": "Medication/m1"})
    medicine = {"resourceType": "Medication", "id": "m1", "code": concept("617314")}
    assert in_slot(facts_from_resources("p1", [order, medicine]).facts.events[0], "code") == ["617314"]


# --- JSON: H08, H11 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"{", b"nan", b"NaN", b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe", b"{} {}"])
def test_what_is_no_json_is_said(data: bytes) -> None:
    with pytest.raises(InputError) as error:
        parse_json(data)
    assert error.value.code == "facts.not-json"


def test_one_resource_gives_one_event_or_none() -> None:
    made = event_from_resource(resource("Observation", status="final"))
    assert made is not None and made.reference == "Observation/r1"
    assert event_from_resource(resource("Observation", status="entered-in-error")) is None


def test_a_day_ends_with_its_last_millisecond() -> None:
    assert last_ms("2026-12-31") + 1 == ms("2027-01-01")
