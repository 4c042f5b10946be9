"""A chart in the making: resources with stable ids, and a Bundle at the end."""

from __future__ import annotations

from datetime import date

from .codes import US_CORE, Code, Resource, concept, hl7

# Where references such as "Patient/pt-1001" resolve inside a Bundle (FHIR R4, 2.36.4); no such host exists.
FULL_URL = "https://sandbox.invalid/fhir/"

TEST_DATA = hl7("v3-ActReason", "HTEST", "test health data")
_LABEL = {"system": TEST_DATA.system, "code": TEST_DATA.code}

_SHORT = {
    "Observation": "obs",
    "Condition": "cond",
    "Encounter": "enc",
    "Procedure": "proc",
    "Immunization": "imm",
    "MedicationRequest": "med",
    "ServiceRequest": "order",
    "AllergyIntolerance": "allergy",
    "Appointment": "appt",
    "Coverage": "cov",
    "RelatedPerson": "rel",
    "DeviceRequest": "devreq",
    "CarePlan": "plan",
    "Communication": "comm",
}


def resource(kind: str, resource_id: str, profile: str | None = None, **elements: object) -> Resource:
    """A resource labelled as test data; elements that are None are left out."""
    meta: Resource = {"security": [_LABEL]}
    if profile:
        meta = {"profile": [US_CORE + profile], **meta}
    made: Resource = {"resourceType": kind, "id": resource_id, "meta": meta}
    made.update((name, value) for name, value in elements.items() if value is not None)
    return made


def bundle(bundle_id: str, resources: list[Resource]) -> Resource:
    """A ``collection`` Bundle; each entry's address is ``Type/id`` below one base."""
    return {
        "resourceType": "Bundle",
        "id": bundle_id,
        "type": "collection",
        "entry": [{"fullUrl": f"{FULL_URL}{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }


class Chart:
    """One patient's resources. Ids are the patient's id, a short word for the type, and a number."""

    def __init__(self, patient_id: str) -> None:
        self.patient_id = patient_id
        self.subject: Resource = {"reference": f"Patient/{patient_id}"}
        self.resources: list[Resource] = []
        self._encounters: dict[date, str] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: str, profile: str | None = None, **elements: object) -> Resource:
        """Adds a resource under the next id of its type, and returns it."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        short = _SHORT.get(kind, kind.lower())
        made = resource(kind, f"{self.patient_id}-{short}-{self._counts[kind]}", profile, **elements)
        self.resources.append(made)
        return made

    def put(self, made: Resource) -> None:
        """Adds a resource that has an id of its own, such as the Patient."""
        self.resources.append(made)

    def remember_encounter(self, day: date, encounter: Resource) -> None:
        """What is recorded on ``day`` from now on belongs to this encounter."""
        self._encounters[day] = f"Encounter/{encounter['id']}"

    def encounter_on(self, day: date) -> Resource | None:
        """A reference to that day's encounter, if there was one."""
        found = self._encounters.get(day)
        return {"reference": found} if found else None

    def bundle(self) -> Resource:
        """Everything so far."""
        return bundle(f"chart-{self.patient_id}", self.resources)


def category(*codes: Code) -> list[Resource]:
    """A list of categories, each with one code."""
    return [concept(code) for code in codes]
