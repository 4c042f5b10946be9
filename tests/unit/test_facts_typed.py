"""JSON text that is decoded straight into what is read of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw
from support.facts_builders import concept, resource

from smartapp.errors import InputError
from smartapp.facts.concepts import concepts
from smartapp.facts.elements import NotAFact
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.normalise import (
    event_from_resource,
    facts_from_json,
    facts_from_resources,
    patient_of,
    read_event,
    resource_from_json,
    version_of,
)
from smartapp.facts.special import observed
from smartapp.facts.typed import CLASSES, Resource

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-06"}


def as_text(made: Any) -> bytes:
    return json.dumps(made).encode()


def bundle(*resources: Any) -> bytes:
    return as_text({"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]})


@pytest.mark.parametrize("kind", sorted(MEANINGS))
def test_every_type_reads_the_same_from_text_as_parsed(kind: str) -> None:
    meaning = MEANINGS[kind]
    made: dict[str, Any] = {"resourceType": kind, "id": "r1", "meta": {"versionId": "1"}}
    if meaning.patient == "participant":
        made["participant"] = [{"actor": {"reference": "Patient/p1"}}]
    else:
        made[meaning.patient] = {"reference": "Patient/p1"}
    for name, value in ((meaning.status, "done"), (meaning.encounter, {"reference": "Encounter/e1"})):
        if name:
            made[name] = value
    made |= {path: concept(path) for _, path in meaning.codes if "." not in path}
    made |= dict.fromkeys((*meaning.at, *(name for name, _ in meaning.when if name.endswith("Time"))), "2026-01-05")
    made |= {"medicationCodeableConcept": concept("drug")} if kind.startswith("Medication") else {}
    typed = resource_from_json(as_text(made))
    assert isinstance(typed, Resource) and typed.resourceType == kind
    assert read_event(typed) == read_event(made)
    assert patient_of(typed) == patient_of(made) == "p1"
    assert facts_from_resources("p1", [typed]) == facts_from_resources("p1", [made])


def test_what_is_not_read_is_not_kept() -> None:
    made = resource("Observation", performer=[{"display": "Dr. Who"}], text={"div": "<div>all about p1</div>"})
    typed = resource_from_json(as_text(made))
    assert not hasattr(typed, "performer") and not hasattr(typed, "text")
    with pytest.raises(AttributeError):
        typed.get("performer")


def test_an_element_of_another_name_does_not_pass_for_the_one_that_is_meant() -> None:
    # A Condition has no status, an AdverseEvent's is its actuality, a Goal has no encounter.
    condition = resource("Condition", status="active")
    event = resource("AdverseEvent", status="completed", actuality="actual")
    goal = resource("Goal", encounter={"reference": "Encounter/e1"}, lifecycleStatus="active")
    found = [read_event(resource_from_json(as_text(one))) for one in (condition, event, goal)]
    assert [one.status for one in found] == [None, "actual", "active"]
    assert [one.encounter for one in found] == [None, None, None]


@pytest.mark.parametrize(
    "made",
    [
        resource("Observation", valueQuantity={"value": "9"}),
        resource("Observation", subject=7),
        resource("Basic"),
        resource("Whatever"),
        {"resourceType": 7},
        {"id": "r1"},
        {"resourceType": "Bundle", "entry": []},
        [],
        7,
    ],
)
def test_what_cannot_be_typed_or_read_is_no_event(made: Any) -> None:
    found = resource_from_json(as_text(made))
    if type(found) is dict or type(found) in CLASSES.values():
        assert event_from_resource(found) is None
    else:
        assert found == made


def test_the_type_may_stand_anywhere_and_the_first_that_is_said_counts_with_the_others() -> None:
    last = b'{"id": "r1", "status": "final", "resourceType": "Observation"}'
    assert read_event(resource_from_json(last)).status == "final"
    twice = b'{"resourceType": "Condition", "id": "r1", "resourceType": "Observation"}'
    assert read_event(resource_from_json(twice)).kind == "Observation"


@pytest.mark.parametrize("data", [b"", b"{", b'{"resourceType": "Observation", "note": "\xff"}', b"[" * 100_000])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    for read in (resource_from_json, facts_from_json):
        with pytest.raises(InputError) as why:
            read(data)
        assert why.value.code == "facts.not-json"


def test_letters_that_are_skipped_are_looked_at_too() -> None:
    good = '{"resourceType": "Observation", "id": "r1", "note": "Grüße"}'.encode()
    assert read_event(resource_from_json(good)).id == "r1"
    with pytest.raises(InputError):
        facts_from_json(bundle(PATIENT).replace(b"1960", "1960ü".encode("latin-1")))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (as_text({"resourceType": "Bundle"}), "facts.not-a-bundle"),
        (as_text({"resourceType": "Bundle", "entry": {}}), "facts.not-a-bundle"),
        (as_text(PATIENT), "facts.not-a-bundle"),
        (bundle(), "facts.not-one-patient"),
        (bundle(PATIENT, {**PATIENT, "id": "p2"}), "facts.not-one-patient"),
    ],
)
def test_a_text_that_is_no_chart_says_so(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as why:
        facts_from_json(data)
    assert why.value.code == code


def test_one_resource_that_cannot_be_typed_does_not_take_the_others_with_it() -> None:
    found = facts_from_json(bundle(PATIENT, resource("Observation"), resource("Procedure", performedPeriod=7), None, 7))
    assert [one.reference for one in found.facts.events] == ["Observation/r1"]
    assert [one.reference for one in found.skipped] == ["Procedure/r1"]


def test_appointments_name_their_patient_among_the_participants() -> None:
    def booked(*names: str) -> Any:
        parts = [{"actor": {"reference": name}} for name in names]
        return resource_from_json(as_text({"resourceType": "Appointment", "id": "a1", "participant": parts}))

    assert patient_of(booked("Practitioner/x", "Patient/p1")) == "p1"
    assert patient_of(booked("Practitioner/x")) is None
    assert patient_of(resource_from_json(b'{"resourceType": "Appointment", "id": "a1"}')) is None
    with pytest.raises(NotAFact):
        patient_of(booked("Patient/p1", "Patient/p2"))


def test_a_pressure_is_known_by_its_code_and_not_by_its_unit_alone() -> None:
    made = resource("Observation", code=concept("8310-5"), valueQuantity={"value": 80, "unit": "mm[Hg]"})
    found = read_event(made)
    assert (found.number, found.systolic, found.diastolic) == (80, None, None)


def test_of_two_versions_in_a_text_the_newer_counts() -> None:
    made = [
        resource("Observation", status=status, meta={"lastUpdated": when, "versionId": version})
        for status, when, version in (
            ("preliminary", "2026-01-05", "2"),
            ("final", "2026-01-05", "10"),
            ("registered", "2026-01-04", "11"),
            ("corrected", "some day", "12"),
        )
    ]
    made += [
        resource("Observation", status="amended"),
        resource("Observation", status="unknown", meta={"versionId": []}),
    ]
    (event,) = facts_from_json(bundle(PATIENT, *made)).facts.events
    assert event.status == "final"
    (event,) = facts_from_resources("p1", made).facts.events
    assert event.status == "final"


QUANTITIES = [
    None,
    {},
    {"value": 5.5},
    {"value": 5.5, "unit": "percent"},
    *(
        {"value": 120, "unit": "written", "system": system, "code": code} | more
        for system in (None, "http://unitsofmeasure.org", "https://ucum.org", "http://example.invalid")
        for code in (None, "", "%", "mm[Hg]")
        for more in ({}, {"comparator": "<"})
    ),
]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"component": []},
        {
            "meta": {
                "profile": [
                    "http://fhir.org/guides/astp/us-quality-core/StructureDefinition/us-quality-core-observation"
                ]
            }
        },
    ],
)
def test_a_plain_quantity_is_read_as_any_value_is(more: dict[str, Any]) -> None:
    """The usual case has a short way of its own; what is asked of a value is written down elsewhere."""
    for quantity in QUANTITIES:
        made = resource("Observation", code=concept("8480-6"), **more)
        if quantity is not None:
            made["valueQuantity"] = {name: value for name, value in quantity.items() if value is not None}
        event = event_from_resource(made)
        assert event is not None
        found = observed(
            resource_from_json(as_text(made)), concepts("code", Raw(as_text(made["code"])), "code").codes, None
        )
        assert (event.codes, event.value_kind, event.number, event.unit, event.systolic, event.diastolic) == found


def test_a_version_of_too_many_digits_is_the_oldest() -> None:
    """It would not fit where it is kept."""
    versions = ["9" * 19, "9" * 18, "x", "", "१", 7, ["1"], None]
    found = [version_of(resource("Observation", meta={"versionId": version})) for version in versions]
    assert [number for _, number in found] == [-1, 10**18 - 1, -1, -1, -1, -1, -1, -1]
    assert [version_of(resource("Observation", meta={"versionId": "12"}))[1] for _ in range(2)] == [12, 12]
