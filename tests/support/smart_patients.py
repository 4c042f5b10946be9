"""Two made-up patients of the hostile EHR, with names that stand nowhere else, so that a leak of one is seen."""

from __future__ import annotations

from typing import Any

NAME = "Zebulon Quixwick"
OTHER_NAME = "Ottilie Vandermunt"
BIRTH_DATE = "1960-05-06"
PHI = ("Zebulon", "Quixwick", "Ottilie", "Vandermunt", BIRTH_DATE, "MRN-77120", "E11.9")
"""What of them may stand on a page of their own and nowhere else."""

_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def patient(id_: str, given: str, family: str, **more: Any) -> dict[str, Any]:
    """A Patient with a name, a birth date and a record number."""
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"use": "official", "given": [given], "family": family}],
        "birthDate": BIRTH_DATE,
        "gender": "female",
        "identifier": [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "value": "MRN-77120" if id_ == "p1" else "MRN-90042",
            }
        ],
        **more,
    }


def condition(id_: str = "c1", of: str = "p1", icd: str = "E11.9", **more: Any) -> dict[str, Any]:
    """An active problem, diabetes unless told otherwise."""
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": f"Patient/{of}"},
        "code": {"coding": [{"system": _ICD, "code": icd, "display": "Type 2 diabetes mellitus"}]},
        "clinicalStatus": {"coding": [{"system": _system("condition-clinical"), "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _system("condition-ver-status"), "code": "confirmed"}]},
        "category": [{"coding": [{"system": _system("condition-category"), "code": "problem-list-item"}]}],
        "onsetDateTime": "2020-02-01",
        **more,
    }


def a1c(id_: str = "o1", of: str = "p1", value: Any = 7.1, at: str = "2026-05-02", **more: Any) -> dict[str, Any]:
    """A haemoglobin A1c in percent."""
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": _LOINC, "code": "4548-4", "display": "Hemoglobin A1c"}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        **more,
    }


def owner_of(resource: dict[str, Any]) -> str:
    """The id of the patient a resource names."""
    named = resource.get("subject") or resource.get("patient") or {}
    return str(named.get("reference", "")).rpartition("/")[2]


def _system(name: str) -> str:
    return f"http://terminology.hl7.org/CodeSystem/{name}"


PATIENTS = {
    "p1": patient("p1", "Zebulon", "Quixwick"),
    "p2": patient("p2", "Ottilie", "Vandermunt", birthDate="1958-11-30"),
}
RESOURCES = [condition(), a1c(), condition("c2", "p2", "I10")]
