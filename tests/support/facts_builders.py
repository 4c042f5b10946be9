"""Short ways to write FHIR resources for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from smartapp.facts.elements import Surroundings
from smartapp.facts.events import Event
from smartapp.facts.instants import instant
from smartapp.facts.normalise import read_event

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"


def ms(text: str) -> int:
    """The instant of an ISO time; a date is its first millisecond."""
    when = datetime.fromisoformat(text)
    return instant(when if when.tzinfo else when.replace(tzinfo=UTC))


def last_ms(day: str) -> int:
    return ms(day) + 86_400_000 - 1


def concept(code: str = "1", system: str = LOINC, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, **more}]}


def resource(kind: str, id_: str = "r1", **elements: Any) -> dict[str, Any]:
    """A resource of patient p1; an element whose value is None is left out."""
    whose = {
        "AllergyIntolerance": "patient",
        "Immunization": "patient",
        "FamilyMemberHistory": "patient",
        "Device": "patient",
        "Coverage": "beneficiary",
        "Task": "for",
    }.get(kind, "subject")
    made = {"resourceType": kind, "id": id_, whose: {"reference": "Patient/p1"}, **elements}
    return {name: value for name, value in made.items() if value is not None}


def event(kind: str, around: Surroundings | None = None, **elements: Any) -> Event:
    return read_event(resource(kind, **elements), around or Surroundings())


def in_slot(found: Event, slot: str) -> list[str]:
    return [code.code for code in found.codes if code.slot == slot]


def condition_status(status: str, what: str = "clinical") -> dict[str, Any]:
    system = {"clinical": "condition-clinical", "verification": "condition-ver-status"}[what]
    return concept(status, f"http://terminology.hl7.org/CodeSystem/{system}")
