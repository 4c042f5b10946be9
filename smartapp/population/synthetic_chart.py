"""The charts that speed is measured with: JSON text as US Core servers send it, of a patient whom nobody has.

Codes are such as family practices record every day, so that most measures and groups have something to weigh; what
comes out means nothing clinically.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from smartapp.facts.codes import (
    CONDITION_CATEGORY,
    CPT,
    CVX,
    ICD10_CM,
    LOINC,
    OBSERVATION_CATEGORY,
    RXNORM,
    SNOMED_CT,
)

Json = dict[str, Any]

_UCUM = "http://unitsofmeasure.org"
_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_COVER = "https://nahdo.org/sopt"

_LABS = ("4548-4", "2093-3", "2160-0", "8480-6", "718-7", "24604-1", "2345-7", "33914-3")
_RESULTS = {
    "4548-4": ("Hemoglobin A1c", "%", 5.9),
    "2093-3": ("Cholesterol", "mg/dL", 188.0),
    "13457-7": ("LDL cholesterol", "mg/dL", 104.0),
    "2160-0": ("Creatinine", "mg/dL", 0.9),
    "33914-3": ("Estimated GFR", "mL/min/{1.73_m2}", 78.0),
    "9318-7": ("Albumin/creatinine in urine", "mg/g", 12.0),
    "718-7": ("Hemoglobin", "g/dL", 13.4),
    "2345-7": ("Glucose", "mg/dL", 101.0),
}
_VISITS = {
    "99213": (CPT, "Office visit"),
    "30346009": (SNOMED_CT, "Visit of an established patient"),
    "99396": (CPT, "Preventive visit"),
    "439740005": (SNOMED_CT, "Follow-up visit"),
}
"""Half of them in a system whose codes may not be shipped: what rests on them cannot be told without official sets."""

_PROBLEMS = {
    "I10": "Hypertension",
    "E11.9": "Type 2 diabetes",
    "E78.5": "Hyperlipidemia",
    "J06.9": "Acute respiratory infection",
    "M54.50": "Low back pain",
    "F32.9": "Depression",
    "N18.31": "Chronic kidney disease",
}
_DONE = {"77067": "Screening mammogram", "45378": "Colonoscopy", "92250": "Fundus photography", "93000": "ECG"}
_MEDICINES = {"860975": "Metformin 500 MG", "617312": "Atorvastatin 20 MG", "314076": "Lisinopril 10 MG"}
_VACCINES = {"140": "Influenza", "208": "COVID-19", "115": "Tdap", "187": "Zoster", "133": "Pneumococcal"}
_ORDERED = {"24606-6": "Mammogram", "29463-7": "Weight", "45398-4": "Ambulatory referral"}


def concept(system: str, code: str, words: str) -> Json:
    """A ``CodeableConcept`` of one coding."""
    return {"coding": [{"system": system, "code": code, "display": words}], "text": words}


def _turn(of: Mapping[str, Any], number: int) -> tuple[str, Any]:
    return list(of.items())[number % len(of)]


def _start(kind: str, profile: str, number: int, patient: str, day: str) -> Json:
    return {
        "resourceType": kind,
        "id": f"{kind.lower()}-{number}",
        "meta": {"versionId": "1", "lastUpdated": day, "profile": [_PROFILE + profile]},
        "subject": {"reference": f"Patient/{patient}", "display": "A patient"},
        "encounter": {"reference": f"Encounter/encounter-{number % 60}"},
    }


def _encounter(number: int, patient: str, day: str) -> Json:
    code, (system, words) = _turn(_VISITS, number)
    made = _start("Encounter", "encounter", number, patient, day)
    del made["encounter"]
    return made | {
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept(system, code, words)],
        "participant": [{"individual": {"reference": "Practitioner/a", "display": "Dr. A"}}],
        "period": {"start": day, "end": day.replace(":00Z", ":20Z")},
        "reasonCode": [concept(SNOMED_CT, "390906007", "Follow-up")],
        "serviceProvider": {"reference": "Organization/o"},
    }


def _observation(number: int, patient: str, day: str) -> Json:
    """Laboratory, blood pressure, body mass index, tobacco and a questionnaire's score by turns."""
    made = _start("Observation", "observation-lab", number, patient, day)
    made |= {"status": "final", "effectiveDateTime": day, "issued": day}
    made["performer"] = [{"reference": "Practitioner/a", "display": "Dr. A"}]
    kind = number % 8
    if kind < 4:
        code, (words, unit, value) = _turn(_RESULTS, number // 8 * 4 + kind)
        return made | _found("laboratory", LOINC, code, words) | {"valueQuantity": _quantity(value, unit)}
    if kind in (4, 5):
        parts = (("8480-6", "Systolic", 118.0 + kind), ("8462-4", "Diastolic", 74.0))
        components = [
            {"code": concept(LOINC, code, words), "valueQuantity": _quantity(value, "mm[Hg]")}
            for code, words, value in parts
        ]
        return made | _found("vital-signs", LOINC, "85354-9", "Blood pressure") | {"component": components}
    if kind == 6:
        return made | _found("vital-signs", LOINC, "39156-5", "BMI") | {"valueQuantity": _quantity(27.4, "kg/m2")}
    if number % 16 == 7:
        never = concept(SNOMED_CT, "266919005", "Never smoked")
        return made | _found("social-history", LOINC, "72166-2", "Tobacco use") | {"valueCodeableConcept": never}
    return made | _found("survey", LOINC, "44261-6", "PHQ-9 total") | {"valueInteger": number % 20}


def _found(category: str, system: str, code: str, words: str) -> Json:
    return {"category": [concept(OBSERVATION_CATEGORY, category, category)], "code": concept(system, code, words)}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _condition(number: int, patient: str, day: str) -> Json:
    code, words = _turn(_PROBLEMS, number)
    filed = "problem-list-item" if number % 2 else "encounter-diagnosis"
    return _start("Condition", "condition-problems-health-concerns", number, patient, day) | {
        "clinicalStatus": concept(_CLINICAL, "active", "Active"),
        "verificationStatus": concept(_VERIFIED, "confirmed", "Confirmed"),
        "category": [concept(CONDITION_CATEGORY, filed, filed)],
        "code": concept(ICD10_CM, code, words),
        "onsetDateTime": day,
        "recordedDate": day,
    }


def _procedure(number: int, patient: str, day: str) -> Json:
    code, words = _turn(_DONE, number)
    made = _start("Procedure", "procedure", number, patient, day)
    return made | {
        "status": "completed",
        "code": concept(CPT, code, words),
        "performedPeriod": {"start": day, "end": day.replace(":00Z", ":40Z")},
        "performer": [{"actor": {"reference": "Practitioner/a"}}],
    }


def _medicine(number: int, patient: str, day: str) -> Json:
    code, words = _turn(_MEDICINES, number)
    return _start("MedicationRequest", "medicationrequest", number, patient, day) | {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(RXNORM, code, words),
        "authoredOn": day,
        "requester": {"reference": "Practitioner/a"},
        "dosageInstruction": [
            {
                "text": "One a day",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
        "dispenseRequest": {
            "numberOfRepeatsAllowed": 3,
            "quantity": {"value": 90, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 90, "unit": "days", "system": _UCUM, "code": "d"},
        },
    }


def _immunization(number: int, patient: str, day: str) -> Json:
    code, words = _turn(_VACCINES, number)
    made = _start("Immunization", "immunization", number, patient, day)
    made["patient"] = made.pop("subject")
    return made | {
        "status": "completed",
        "vaccineCode": concept(CVX, code, words),
        "occurrenceDateTime": day[:10],
        "primarySource": True,
        "lotNumber": f"L{number}",
    }


def _order(number: int, patient: str, day: str) -> Json:
    code, words = _turn(_ORDERED, number)
    return _start("ServiceRequest", "servicerequest", number, patient, day) | {
        "status": "active",
        "intent": "order",
        "category": [concept(SNOMED_CT, "363679005", "Imaging")],
        "code": concept(LOINC, code, words),
        "authoredOn": day,
    }


def _coverage(number: int, patient: str, day: str) -> Json:
    made = _start("Coverage", "coverage", number, patient, day)
    del made["encounter"]
    made["beneficiary"] = made.pop("subject")
    period = {"start": f"{day[:4]}-01-01", "end": f"{day[:4]}-12-31"}
    return made | {"status": "active", "type": concept(_COVER, "1", "Medicare"), "period": period}


_MADE: Mapping[str, tuple[int, Callable[[int, str, str], Json]]] = {
    "Encounter": (12, _encounter),
    "Observation": (24, _observation),
    "Condition": (7, _condition),
    "Procedure": (5, _procedure),
    "MedicationRequest": (5, _medicine),
    "Immunization": (4, _immunization),
    "ServiceRequest": (2, _order),
    "Coverage": (1, _coverage),
}
"""How many of sixty events are of each type (as :data:`smartapp.population.synthetic.EVENTS`), and how one is made."""


def chart(events: int = 300, *, last_day: date) -> bytes:
    """One patient's Bundle with so many events of all types, as JSON text; a multiple of 60."""
    made = [
        make(number, "p1", _day(last_day.year, number))
        for share, make in _MADE.values()
        for number in range(share * events // 60)
    ]
    return _bundle(made, last_day)


def labs(events: int = 300, *, last_day: date) -> bytes:
    """The same of laboratory results alone."""
    return _bundle([lab(number, "p1", last_day.year - number % 6, number) for number in range(events)], last_day)


def _day(year: int, number: int) -> str:
    """A time in the six years to this one."""
    day = number * 37
    return f"{year - day % 6}-{day % 12 + 1:02}-{day % 28 + 1:02}T{day % 24:02}:{day % 60:02}:00Z"


def _bundle(resources: list[Json], last_day: date) -> bytes:
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": f"{last_day.year - 60}-03-01"}
    entries = [{"resource": one} for one in (patient, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def lab(number: int, patient: str, year: int, seed: int) -> Json:
    """A laboratory result as servers send it."""
    day = f"{year}-{seed % 12 + 1:02}-{seed % 28 + 1:02}T{seed % 24:02}:{seed % 60:02}:00Z"
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {"versionId": "1", "lastUpdated": day},
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "laboratory"}]}],
        "code": {
            "coding": [{"system": LOINC, "code": _LABS[seed % len(_LABS)], "display": "A test"}],
            "text": "A test",
        },
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/e{number // 10}"},
        "effectiveDateTime": day,
        "issued": day,
        "valueQuantity": _quantity(seed % 120 / 10, "%"),
    }
